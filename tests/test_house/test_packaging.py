"""setup.cfg says what the tree says."""

import re
from configparser import ConfigParser

from tests.test_house.sources import ROOT

CONFIG = ConfigParser()
CONFIG.read(ROOT / "setup.cfg")


def lines(section, key):
    return [line for line in CONFIG[section][key].split("\n") if line]


def test_every_hook_is_shipped():
    globs = [value for value in CONFIG["options.data_files"].values() if value.startswith("hooks/")]
    shipped = {pattern.removesuffix("/*") for pattern in globs}
    there = {str(path.parent.relative_to(ROOT)) for path in ROOT.glob("hooks/**/*") if path.is_file()}
    assert there == shipped
    assert {f"share/acme-toolkit/{directory}" for directory in there} <= set(CONFIG["options.data_files"])


def test_every_page_is_shipped():
    patterns = {value for value in CONFIG["options.data_files"].values() if value.startswith("man/")}
    shipped = {path for pattern in patterns for path in ROOT.glob(pattern)}
    assert shipped == {path for path in ROOT.glob("man/*") if path.is_file()}


def test_oldest_releases_are_the_lower_bounds():
    pinned = re.findall(r"^[^#\n].*", (ROOT / "tests/oldest.txt").read_text(), re.MULTILINE)
    assert [line.replace("==", ">=") for line in pinned] == lines("options", "install_requires")


def test_oldest_python_is_the_first_that_is_claimed():
    versions = [re.search(r":: (3\.\d+)$", line) for line in lines("metadata", "classifiers")]
    assert next(found[1] for found in versions if found) == CONFIG["options"]["python_requires"].strip(">=")

"""setup.cfg says what the tree says."""

import re
from configparser import ConfigParser

from tests.test_house.sources import ROOT

CONFIG = ConfigParser()
CONFIG.read(ROOT / "setup.cfg")


def lines(section, key):
    return [line for line in CONFIG[section][key].split("\n") if line]


def shipped():
    """The files that setup.cfg installs beside the library, and the directory each goes to."""
    for target, patterns in CONFIG["options.data_files"].items():
        for pattern in patterns.split():
            for path in ROOT.glob(pattern):
                yield path.relative_to(ROOT), target


def files(pattern):
    return [path.relative_to(ROOT) for path in ROOT.glob(pattern) if path.is_file()]


def test_every_hook_is_shipped_in_its_place():
    wanted = {(path, f"share/acme-toolkit/{path.parent}") for path in files("hooks/**/*")}
    assert wanted == {pair for pair in shipped() if pair[0].parts[0] == "hooks"}


def test_every_page_is_shipped_in_its_place():
    wanted = {(path, f"share/man/man{path.suffix[1:]}") for path in files("man/*")}
    assert wanted == {pair for pair in shipped() if pair[0].parts[0] == "man"}


def test_oldest_releases_are_the_lower_bounds():
    pinned = re.findall(r"^[^#\n].*", (ROOT / "tests/oldest.txt").read_text(), re.MULTILINE)
    assert [line.replace("==", ">=") for line in pinned] == lines("options", "install_requires")


def test_oldest_python_is_the_first_that_is_claimed():
    versions = [re.search(r":: (3\.\d+)$", line) for line in lines("metadata", "classifiers")]
    assert next(found[1] for found in versions if found) == CONFIG["options"]["python_requires"].strip(">=")

"""A command is one entry point, one file of bin/, one module, one page, one bats file, one README row."""

import re
from configparser import ConfigParser
from importlib import import_module

import click
import pytest

from tests.test_house.sources import ROOT


def scripts():
    """setup.cfg's console_scripts, the list that all others follow."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    lines = config["options.entry_points"]["console_scripts"].split("\n")
    return dict(line.split(" = ") for line in lines if line)


COMMANDS = sorted(scripts())


def command(name):
    return import_module(f"toolkit.commands.{module(name)}").main


def module(name):
    return name.removeprefix("acme-").replace("-", "_")


def stems(pattern):
    return sorted(path.name.split(".")[0] for path in ROOT.glob(pattern))


def test_entry_point_follows_from_the_name():
    assert scripts() == {name: f"toolkit.commands.{module(name)}:main" for name in COMMANDS}


def test_modules():
    assert stems("toolkit/commands/[!_]*.py") == sorted(map(module, COMMANDS))


@pytest.mark.parametrize("files", ["bin/acme-*", "man/acme-*.1", "tests/bats/acme-*.bats"])
def test_files(files):
    assert stems(files) == COMMANDS


def test_rows_of_the_readme():
    rows = re.findall(r"^\| *\[?`(acme-[a-z-]+)`", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(rows) == COMMANDS


def test_files_of_bin_hold_no_facts():
    assert len({path.read_bytes() for path in ROOT.glob("bin/*")}) == 1
    assert all(path.stat().st_mode & 0o111 == 0o111 for path in ROOT.glob("bin/*"))


def page(name):
    return (ROOT / "man" / f"{name}.1").read_text()


@pytest.mark.parametrize("name", COMMANDS)
def test_page_says_what_help_says(name):
    assert re.findall(r"^\.Nd (.*)$", page(name), re.MULTILINE) == [command(name).short_help]


@pytest.mark.parametrize("name", COMMANDS)
def test_options_of_the_page_are_those_of_help(name):
    assert documented(page(name)) == options(command(name))


def test_no_page_names_an_option_that_no_command_has():
    known = set().union(*(options(command(name)) for name in COMMANDS))
    for path in ROOT.glob("man/*.[157]"):
        ours = "\n".join(line for line in path.read_text().splitlines() if not line.startswith('.\\"'))
        assert not flags(ours) - known, path.name


def test_references_between_pages_lead_somewhere():
    pages = {path.name for path in ROOT.glob("man/*.[157]")}
    for path in ROOT.glob("man/*.[157]"):
        named = {f"{name}.{part}" for name, part in re.findall(r"\bXr (acme-\S+) (\d)", path.read_text())}
        assert named <= pages, path.name


def options(found):
    """Every option of a click command and of its subcommands, as it is typed."""
    own = {text for parameter in found.get_params(click.Context(found)) for text in typed(parameter)}
    below = getattr(found, "commands", {}).values()
    return own.union(*map(options, below))


def typed(parameter):
    shown = isinstance(parameter, click.Option) and not parameter.hidden
    return [*parameter.opts, *parameter.secondary_opts] if shown else []


def documented(text):
    """The options that have an entry of their own on a page."""
    return flags("\n".join(re.findall(r"^\.It (.*Fl .*)$", text, re.MULTILINE)))


def flags(text):
    """The options that .Fl names: `Fl d` is -d; `Fl -name` and `Fl Fl name` are --name."""
    one_dash = re.findall(r"\bFl (-?[A-Za-z0-9][A-Za-z0-9-]*)", re.sub(r"\bFl Fl ", "Fl -", text))
    return {f"-{flag}" for flag in one_dash}

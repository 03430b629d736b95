"""Deleting, renaming and rolling back: right in the end, and whole at every point at which they can be cut short."""

import contextlib

import pytest

from tests.test_parts.test_lineages import CA
from tests.test_pure.chains import new_key, pem
from toolkit import certs, config, files, keys
from toolkit.config import SETTINGS_SCHEMA, Directories
from toolkit.errors import BadCertificate, FileTrouble, UsageError
from toolkit.store import changes, inventory, ledger, lineages
from toolkit.store.paths import Paths

STEPS = ("create", "make_directory", "make_links", "remove", "remove_directory", "remove_links", "replace")
KINDS = lineages.KINDS


class Cut(BaseException):
    """The process ends here."""


@pytest.fixture
def paths(tmp_path):
    return Paths(Directories(tmp_path / "config", tmp_path / "work"))


def stored(paths, name, generations=2):
    """A lineage with settings, an owed target and some generations; returns their chains, the oldest first."""
    chains = []
    for _ in range(generations):
        key = new_key()
        chains.append(certs.read_chain(pem(CA.leaf(key, [name]), CA.intermediate)))
        lineage = lineages.store(paths, name, chains[-1], key)
    config.write_settings(paths.settings(name), {"schema": SETTINGS_SCHEMA, "names": [name]})
    ledger.write(paths, lineage, {"copy x"})
    return chains


def is_whole(paths, name):
    """Whether what is live under the name is one certificate with its key."""
    lineage = lineages.current(paths, name)
    chain = lineage.chain()
    assert keys.public_name(lineage.key()) == keys.public_name(chain.leaf)
    assert (lineage.live / "cert.pem").read_text() == chain.pem(0, 1)
    assert (lineage.live / "chain.pem").read_text() == chain.pem(1)
    return chain.fingerprint


def traces(paths, name):
    config_dir = paths.directories.config
    places = [paths.archive(name), paths.live(name), paths.settings(name), paths.ledger(name)]
    return [p for p in [*places, *config_dir.glob(f"live/.{name}.[0-9]*")] if p.exists() or p.is_symlink()]


def cut_at(monkeypatch, number):
    """Let the process end before the step of that number which changes a file."""
    left = [number]

    def counted(function):
        def step(*args, **more):
            left[0] -= 1
            if left[0] < 0:
                raise Cut
            return function(*args, **more)

        return step

    for step in (*STEPS, "replace_link"):
        monkeypatch.setattr(files, step, counted(getattr(files, step)))


def test_delete(paths):
    stored(paths, "a.example")
    stored(paths, "ab.example")
    changes.delete(paths, "a.example")
    assert not traces(paths, "a.example")
    is_whole(paths, "ab.example")
    changes.delete(paths, "a.example")


@pytest.mark.parametrize("number", range(20))
def test_delete_that_is_cut_short_goes_on(paths, monkeypatch, number):
    stored(paths, "a.example")
    with monkeypatch.context() as patch:
        cut_at(patch, number)
        with contextlib.suppress(Cut):
            changes.delete(paths, "a.example")
    if paths.live("a.example").is_symlink():
        is_whole(paths, "a.example")
    changes.delete(paths, "a.example")
    assert not traces(paths, "a.example")


def test_delete_leaves_another_programs_directory(paths):
    (paths.directories.config / "live/b.example").mkdir(parents=True)
    with pytest.raises(FileTrouble):
        changes.delete(paths, "b.example")


def test_rename(paths):
    chains = stored(paths, "a.example", 3)
    renamed = changes.rename(paths, "a.example", "b.example")
    assert not traces(paths, "a.example")
    assert is_whole(paths, "b.example") == chains[-1].fingerprint
    assert inventory.generations(paths, "b.example") == [1, 2, 3]
    assert config.read_settings(paths.settings("b.example"))["names"] == ["a.example"]
    assert ledger.owed(paths, renamed) == {"copy x"}
    assert (paths.archive("b.example") / "privkey3.pem").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("number", range(40))
def test_rename_that_is_cut_short_goes_on(paths, monkeypatch, number):
    chains = stored(paths, "a.example")
    with monkeypatch.context() as patch:
        cut_at(patch, number)
        with contextlib.suppress(Cut):
            changes.rename(paths, "a.example", "b.example")
    there = [name for name in ("a.example", "b.example") if paths.live(name).is_symlink()]
    assert there, "the certificate is live under one of the names at every point"
    assert {is_whole(paths, name) for name in there} == {chains[-1].fingerprint}
    if "a.example" in there:
        changes.rename(paths, "a.example", "b.example")
    else:
        changes.delete(paths, "a.example")
    assert is_whole(paths, "b.example") == chains[-1].fingerprint
    assert not traces(paths, "a.example")


def test_rename_to_a_name_that_is_taken(paths):
    stored(paths, "a.example")
    taken = stored(paths, "b.example")
    with pytest.raises(UsageError, match="another certificate"):
        changes.rename(paths, "a.example", "b.example")
    assert is_whole(paths, "b.example") == taken[-1].fingerprint
    is_whole(paths, "a.example")


def test_rename_of_nothing(paths):
    with pytest.raises(UsageError, match="no certificate is live"):
        changes.rename(paths, "a.example", "b.example")


def test_roll_back(paths):
    chains = stored(paths, "a.example", 3)
    assert changes.roll_back(paths, "a.example", None).generation == 2
    assert is_whole(paths, "a.example") == chains[1].fingerprint
    assert changes.roll_back(paths, "a.example", None).generation == 1
    with pytest.raises(UsageError, match="no earlier"):
        changes.roll_back(paths, "a.example", None)
    assert changes.roll_back(paths, "a.example", 3).generation == 3
    with pytest.raises(UsageError, match="no generation 7"):
        changes.roll_back(paths, "a.example", 7)


def test_after_a_roll_back_the_next_generation_has_a_new_number(paths):
    stored(paths, "a.example", 2)
    changes.roll_back(paths, "a.example", None)
    key = new_key()
    chain = certs.read_chain(pem(CA.leaf(key, ["a.example"]), CA.intermediate))
    assert lineages.store(paths, "a.example", chain, key).generation == 3


@pytest.mark.parametrize("kind", ["privkey", "fullchain", "cert"])
def test_roll_back_to_what_is_not_whole(paths, kind):
    chains = stored(paths, "a.example", 2)
    path = paths.archive("a.example") / f"{kind}1.pem"
    path.chmod(0o600)
    path.write_text("" if kind != "cert" else path.read_text())
    if kind == "cert":
        path.unlink()
    with pytest.raises((BadCertificate, FileTrouble, UsageError)):
        changes.roll_back(paths, "a.example", 1)
    assert is_whole(paths, "a.example") == chains[-1].fingerprint


def test_links_that_were_cut_short_are_made_whole(paths):
    stored(paths, "a.example", 3)
    directory = paths.generation("a.example", 1)
    directory.mkdir()
    (directory / "cert.pem").symlink_to("../../archive/a.example/cert1.pem")
    changes.roll_back(paths, "a.example", 1)
    is_whole(paths, "a.example")

"""A lineage shows one generation at every instant."""

import errno
import os

import pytest

from tests.test_pure.chains import Authority, new_key, pem
from toolkit import certs, files
from toolkit.config import Directories
from toolkit.errors import BadName, FileTrouble
from toolkit.store import lineages
from toolkit.store.paths import Paths

CA = Authority()
KINDS = ("cert", "chain", "fullchain", "privkey")


def made(name="a.example"):
    key = new_key()
    return certs.read_chain(pem(CA.leaf(key, [name]), CA.intermediate)), key


FIRST, SECOND, THIRD = made(), made(), made()


@pytest.fixture
def paths(tmp_path):
    return Paths(Directories(tmp_path / "config", tmp_path / "work"))


def shown(paths):
    live = paths.live("a.example")
    return {kind: (live / f"{kind}.pem").read_bytes() for kind in KINDS} if live.exists() else None


def test_generations(paths):
    for number, generation in enumerate((FIRST, SECOND, THIRD), 1):
        assert lineages.store(paths, "a.example", *generation).generation == number
        assert lineages.current(paths, "a.example").chain().fingerprint == generation[0].fingerprint
    names = sorted(p.name for p in paths.live("x").parent.iterdir())
    assert names == [".a.example.2", ".a.example.3", "a.example"]
    assert len(list(paths.archive("a.example").iterdir())) == 12


def test_modes(paths):
    lineages.store(paths, "a.example", *FIRST)
    live = paths.live("a.example")
    assert {k: (live / f"{k}.pem").stat().st_mode & 0o777 for k in KINDS} == {
        "cert": 0o644, "chain": 0o644, "fullchain": 0o644, "privkey": 0o600}  # fmt: skip
    assert paths.archive("a.example").stat().st_mode & 0o777 == 0o700


def test_same_certificate_makes_no_new_generation(paths):
    lineages.store(paths, "a.example", *FIRST)
    assert lineages.store(paths, "a.example", *FIRST).generation == 1
    assert len(list(paths.archive("a.example").iterdir())) == 4


STEPS = ("open", "fsync", "mkdir", "symlink", "rename", "unlink")


@pytest.mark.parametrize("kill", [False, True], ids=["full", "killed"])
def test_one_generation_after_a_failure_at_every_step(paths, monkeypatch, kill):
    """Every call that changes the disk fails in its turn: live/ shows the old four files or the new ones."""
    lineages.store(paths, "a.example", *FIRST)
    before = shown(paths)
    outcomes = set()
    for turn in range(60):
        generation, left = made(), [turn]

        def failing(real, left=left):
            def call(*args, **more):
                left[0] -= 1
                if left[0] == -1 or (kill and left[0] < 0):
                    raise KeyboardInterrupt if kill else OSError(errno.ENOSPC, "No space left on device")
                return real(*args, **more)

            return call

        with monkeypatch.context() as patch:
            for step in STEPS:
                patch.setattr(os, step, failing(getattr(os, step)))
            try:
                lineages.store(paths, "a.example", *generation)
                ended = "done"
            except (FileTrouble, KeyboardInterrupt):
                ended = "failed"
        after = shown(paths)
        new = {"fullchain": generation[0].pem().encode(), "cert": generation[0].pem(0, 1).encode()}
        changed = new.items() <= after.items()
        assert changed or after == before
        assert (
            lineages.current(paths, "a.example").chain().leaf.public_key()
            == lineages.current(paths, "a.example").key().public_key()
        )
        outcomes.add((ended, changed))
        before = after
        if left[0] >= 0:
            break
    assert ("failed", False) in outcomes
    assert ended == "done"
    assert lineages.store(paths, "a.example", *THIRD).chain().fingerprint == THIRD[0].fingerprint


def test_full_disk_fills_no_further(paths, monkeypatch):
    lineages.store(paths, "a.example", *FIRST)
    before = sorted(os.listdir(paths.archive("a.example"))), sorted(os.listdir(paths.live("x").parent))

    def full(*_):
        raise FileTrouble("no room")

    monkeypatch.setattr(files, "make_links", full)
    for _ in range(3):
        with pytest.raises(FileTrouble):
            lineages.store(paths, "a.example", *SECOND)
    assert before == (sorted(os.listdir(paths.archive("a.example"))), sorted(os.listdir(paths.live("x").parent)))


@pytest.mark.parametrize("foreign", ["directory", "file", "link"])
def test_what_another_program_made_is_refused(paths, foreign):
    live = paths.live("a.example")
    live.parent.mkdir(parents=True)
    if foreign == "directory":
        live.mkdir()
    elif foreign == "file":
        live.write_text("x")
    else:
        live.symlink_to("/etc")
    with pytest.raises(FileTrouble, match="another program"):
        lineages.store(paths, "a.example", *FIRST)
    assert not paths.archive("a.example").exists()


@pytest.mark.parametrize("name", ["..", "a/b", "", ".x", "-x"])
def test_no_path_from_a_bad_name(paths, name):
    for path in (paths.live, paths.archive, paths.settings, paths.lineage_lock):
        with pytest.raises(BadName):
            path(name)

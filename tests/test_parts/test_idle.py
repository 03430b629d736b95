"""A lineage that was found idle is idle until its time, or until anything of it changes."""

import datetime
import os

import pytest

from tests.test_parts.test_changes import stored
from tests.test_pure.chains import NOW
from toolkit.config import Directories
from toolkit.store import changes
from toolkit.store.attempts import Attempts, write
from toolkit.store.idle import Idle
from toolkit.store.paths import Paths

HOUR = datetime.timedelta(hours=1)
NAME = "a.example"


@pytest.fixture
def paths(tmp_path):
    found = Paths(Directories(tmp_path / "config", tmp_path / "work"))
    stored(found, NAME)
    write(found, NAME, Attempts())
    idle = Idle(found)
    idle.note(NAME, NOW, NOW + HOUR)
    idle.write(everything=True)
    return found


def until(paths, now=NOW):
    return Idle(paths).until(NAME, now)


@pytest.mark.parametrize(("minutes", "idle"), [(0, True), (59, True), (60, False), (100_000, False), (-1, False)])
def test_time(paths, minutes, idle):
    assert bool(until(paths, NOW + datetime.timedelta(minutes=minutes))) is idle


def touched(path):
    text = path.read_text()
    path.write_text(text + " ")


@pytest.mark.parametrize("which", ["settings", "attempts", "ledger"])
@pytest.mark.parametrize("change", [touched, lambda path: path.unlink(), lambda path: os.utime(path, (1, 1))])
def test_any_change_ends_it(paths, which, change):
    assert until(paths) == NOW + HOUR
    change(getattr(paths, which)(NAME))
    assert until(paths) is None


def test_another_generation_ends_it(paths):
    changes.roll_back(paths, NAME, None)
    assert until(paths) is None


def test_notes_of_others_stay_unless_all_were_looked_at(paths):
    idle = Idle(paths)
    idle.write(everything=False)
    assert until(paths)
    Idle(paths).write(everything=True)
    assert until(paths) is None


def test_note_that_still_holds_is_kept(paths):
    idle = Idle(paths)
    idle.until(NAME, NOW)
    before = paths.idle().stat().st_mtime_ns
    idle.write(everything=True)
    assert until(paths)
    assert paths.idle().stat().st_mtime_ns == before, "nothing new is not written"


@pytest.mark.parametrize(
    "text", ["", "[]", "7", "\xff", '{"a.example": 7}', '{"a.example": [1, 2, 3]}', '{"a.example": ["x", "y", []]}']
)
def test_file_that_is_none_of_ours(paths, text):
    paths.idle().write_text(text)
    assert until(paths) is None

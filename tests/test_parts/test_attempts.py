"""Failures are remembered, and tried again after pauses that grow."""

import datetime

import pytest

from tests.test_pure.chains import NOW
from toolkit import ari
from toolkit.config import Directories
from toolkit.errors import TryLater
from toolkit.store import attempts
from toolkit.store.attempts import Attempts
from toolkit.store.paths import Paths

MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def paths(tmp_path):
    return Paths(Directories(tmp_path / "config", tmp_path / "work"))


def test_pauses_grow_up_to_a_day():
    known, pauses = Attempts(), []
    for _ in range(6):
        known = known.failed(TryLater("x"), "s", NOW)
        pauses.append((known.not_before - NOW) / MINUTE)
    assert pauses == [1, 10, 100, 1440, 1440, 1440]
    assert known.failures == 6


def test_many_failures_do_not_overflow():
    known = Attempts(10**6, "x", NOW, "s").failed(TryLater("x"), "s", NOW)
    assert known.not_before == NOW + 1440 * MINUTE


@pytest.mark.parametrize(
    ("later", "minutes"),
    [
        ("2030-06-01T02:00:00Z", 120),
        ("2030-06-01T00:00:10Z", 1),
        ("2031-01-01T00:00:00Z", 14 * 1440),
        ("soon", 1),
        (None, 1),
    ],
)
def test_the_ca_may_ask_for_more_patience(later, minutes):
    known = Attempts().failed(TryLater("x", retry_after=later), "s", NOW)
    assert (known.not_before - NOW) / MINUTE == minutes


def test_other_settings_begin_anew():
    known = Attempts().failed(TryLater("x"), "s", NOW).failed(TryLater("x"), "s", NOW)
    assert known.waits("s", NOW)
    assert not known.waits("t", NOW)
    assert known.failed(TryLater("x"), "t", NOW).failures == 1


def test_a_clock_that_was_wrong_is_not_heeded():
    known = Attempts().failed(TryLater("x"), "s", NOW + datetime.timedelta(days=4000))
    assert not known.waits("s", NOW)


def test_kept(paths):
    window = ari.Window(NOW, NOW + MINUTE)
    state = ari.State(NOW, NOW + MINUTE, window, NOW)
    known = Attempts().failed(TryLater("ü\n"), "s", NOW).suggests("ab", state)
    attempts.write(paths, "a.example", known)
    assert attempts.read(paths, "a.example") == known
    assert known.suggestion("ab") == state
    assert known.suggestion("cd") is None
    assert paths.attempts("a.example").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("text", ["", "{}", "[]", "7", '{"failures":"x"}', "\xff"])
def test_file_that_is_none_of_ours(paths, text):
    path = paths.attempts("a.example")
    path.parent.mkdir(parents=True)
    path.write_text(text)
    assert attempts.read(paths, "a.example") == Attempts()


def test_digest_tells_settings_apart():
    assert attempts.digest({"a": 1, "b": 2}) == attempts.digest({"b": 2, "a": 1})
    assert attempts.digest({"a": 1}) != attempts.digest({"a": 2})

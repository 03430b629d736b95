"""Finding Pebble: PATH, the cache, or Debian; never twice, and with a word when it cannot be had."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.ca import apt, fetch

if TYPE_CHECKING:
    from pathlib import Path


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{text}' >&2\n")
    path.chmod(0o755)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No Pebble on PATH, an empty cache."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path


@pytest.mark.parametrize(
    ("told", "version"), [("Pebble version: 2.11.3", (2, 11, 3)), ("flag provided but not defined", (2, 4))]
)
def test_path_comes_first(alone: Path, told: str, version: tuple[int, ...]) -> None:
    program(alone / "bin/pebble", told)
    program(alone / "bin/pebble-challtestsrv", "")
    found = fetch.find()
    assert found.pebble == alone / "bin/pebble"
    assert found.version == version


def test_without_apt_it_says_how_to_get_pebble(alone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(fetch.PebbleMissing):
        fetch.find()
    assert capsys.readouterr().err.count("\n") == 1


def test_many_at_once_fetch_once(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched = []

    def unpack(package: str, suite: str | None, work: Path) -> tuple[Path, str]:
        fetched.append(suite)
        for name in ("pebble", "pebble-challtestsrv"):
            program(work / "tree/usr/bin" / name, "Usage of it")
        return work / "tree", "2.10.0+ds1-2"

    monkeypatch.setattr(apt, "available", lambda: True)
    monkeypatch.setattr(apt, "unpack", unpack)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: fetch.find(), range(8)))
    assert fetched == ["sid"]
    assert [pebble.version for pebble in found] == [(2, 10, 0)]
    left = {path.name for path in fetch.cache().parent.iterdir()}
    assert left == {"pebble", "pebble.lock"}


def test_what_does_not_run_here_is_not_kept(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def unpack(package: str, suite: str | None, work: Path) -> tuple[Path, str]:
        asked.append(suite)
        for name in ("pebble", "pebble-challtestsrv"):
            program(work / "tree/usr/bin" / name, "GLIBC_9.9 not found" if suite else "Usage of it")
        return work / "tree", "2.4.0"

    monkeypatch.setattr(apt, "available", lambda: True)
    monkeypatch.setattr(apt, "unpack", unpack)
    assert fetch.find().version == (2, 4, 0)
    assert asked == ["sid", None]

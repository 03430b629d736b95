"""Files: whole or not at all, with the right mode from the first byte."""

import os
import stat

import pytest

from toolkit import files
from toolkit.errors import FileTrouble


@pytest.fixture(params=[0o000, 0o022, 0o077], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("write", [files.create, files.replace])
@pytest.mark.parametrize("wanted", [0o600, 0o644, 0o400])
@pytest.mark.usefixtures("umask")
def test_mode_whatever_the_umask(tmp_path, write, wanted):
    write(tmp_path / "a", b"data", wanted)
    assert (mode(tmp_path / "a"), (tmp_path / "a").read_bytes()) == (wanted, b"data")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


@pytest.mark.usefixtures("umask")
def test_modes_of_directories(tmp_path):
    files.make_directory(tmp_path / "a/b/c")
    files.make_directory(tmp_path / "a/b/c")
    assert [mode(tmp_path / p) for p in ("a", "a/b", "a/b/c")] == [0o700] * 3


def test_directory_that_exists_keeps_its_mode(tmp_path):
    (tmp_path / "a").mkdir(mode=0o755)
    files.make_directory(tmp_path / "a/b")
    assert mode(tmp_path / "a") == 0o755


def test_create_takes_no_path_that_is_taken(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "b").symlink_to("nowhere")
    for name in ("a", "b"):
        with pytest.raises(FileTrouble):
            files.create(tmp_path / name, b"new", 0o600)
    assert (tmp_path / "a").read_text() == "old"
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize("write", [files.create, files.replace])
@pytest.mark.parametrize("call", ["fsync", "fchmod"])
def test_failed_write_leaves_nothing_behind(tmp_path, monkeypatch, write, call):
    old = tmp_path / "old"
    if write is files.replace:
        old.write_text("old")

    def full(*_args, **_more):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, call, full)
    with pytest.raises(FileTrouble, match="no space left") as caught:
        write(old, b"new", 0o600)
    monkeypatch.undo()
    assert "room" in caught.value.hint
    assert [p.read_text() for p in tmp_path.iterdir()] == (["old"] if write is files.replace else [])


def test_replace_does_not_write_through_a_link(tmp_path):
    (tmp_path / "target").write_text("old")
    (tmp_path / "a").symlink_to("target")
    files.replace(tmp_path / "a", b"new", 0o600)
    assert (tmp_path / "target").read_text() == "old"


def test_a_directory_in_the_way(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(FileTrouble):
        files.replace(tmp_path / "a", b"", 0o600)
    with pytest.raises(FileTrouble):
        files.replace_link(tmp_path / "a", "b")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_read_is_bounded(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 11)
    assert files.read(tmp_path / "a", 11) == b"x" * 11
    with pytest.raises(FileTrouble, match="longer"):
        files.read(tmp_path / "a", 10)
    for bad in (tmp_path, tmp_path / "no"):
        with pytest.raises(FileTrouble):
            files.read(bad)


def test_remove_links_keeps_what_is_no_link(tmp_path):
    directory = tmp_path / "d"
    files.make_links(directory, {"a": "x", "b": "y"})
    (directory / "c").write_text("mine")
    files.remove_links(directory)
    assert [p.name for p in directory.iterdir()] == ["c"]

"""Files below a directory that others may write to."""

import os
import stat

import pytest

from toolkit import below
from toolkit.errors import FileTrouble

PARTS = [".well-known", "acme-challenge", "token"]
PATH = "/".join(PARTS)


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_readable_by_the_web_server(tmp_path, umask):
    before = os.umask(umask)
    made = below.write(tmp_path, PARTS, b"x")
    os.umask(before)
    modes = [stat.S_IMODE((tmp_path / p).stat().st_mode) for p in (*made, PATH)]
    assert made == [".well-known", ".well-known/acme-challenge"]
    assert modes == [0o755, 0o755, 0o644]
    below.remove(tmp_path, PARTS, made)
    assert not list(tmp_path.iterdir())
    below.remove(tmp_path, PARTS, made)


def test_stale_file_is_replaced_and_only_what_was_made_goes(tmp_path):
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).write_text("stale")
    assert below.write(tmp_path, PARTS, b"new") == []
    assert (tmp_path / PATH).read_text() == "new"
    below.remove(tmp_path, PARTS, [])
    assert (tmp_path / PATH).parent.is_dir()


def test_directory_that_others_use_stays(tmp_path):
    made = below.write(tmp_path, PARTS, b"x")
    (tmp_path / ".well-known/other").write_text("x")
    below.remove(tmp_path, PARTS, made)
    assert [p.name for p in (tmp_path / ".well-known").iterdir()] == ["other"]


@pytest.mark.parametrize("link", [".well-known", ".well-known/acme-challenge"])
def test_link_on_the_way_down_is_refused(tmp_path, link):
    victim, root = tmp_path / "victim", tmp_path / "root"
    (victim / "acme-challenge").mkdir(parents=True)
    (victim / "token").write_text("keep")
    (victim / "acme-challenge/token").write_text("keep")
    (root / link).parent.mkdir(parents=True)
    (root / link).symlink_to(victim)
    with pytest.raises(FileTrouble):
        below.write(root, PARTS, b"x")
    with pytest.raises(FileTrouble):
        below.remove(root, PARTS, [".well-known", ".well-known/acme-challenge"])
    assert (victim / "token").read_text() == (victim / "acme-challenge/token").read_text() == "keep"


def test_link_in_place_of_the_file_is_replaced_not_followed(tmp_path):
    victim = tmp_path / "victim"
    victim.write_text("keep")
    (tmp_path / PATH).parent.mkdir(parents=True)
    (tmp_path / PATH).symlink_to(victim)
    below.write(tmp_path, PARTS, b"x")
    assert victim.read_text() == "keep"
    assert not (tmp_path / PATH).is_symlink()


@pytest.mark.parametrize("root", ["missing", "file"])
def test_no_root(tmp_path, root):
    (tmp_path / "file").write_text("")
    with pytest.raises(FileTrouble):
        below.write(tmp_path / root, PARTS, b"x")

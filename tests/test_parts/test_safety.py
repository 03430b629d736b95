"""Root does not run what others may change."""

import os

import pytest

from toolkit.errors import HookFailed
from toolkit.hooks import safety

US = (0, os.geteuid())


@pytest.fixture
def hook(tmp_path):
    tmp_path.chmod(0o755)
    path = tmp_path / "hooks" / "auth"
    path.parent.mkdir(mode=0o755)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def below(path, found):
    return [(p.name, why) for p, why in found if p in (path, path.parent)]


def test_nothing_to_complain_of(hook):
    assert not below(hook, safety.weaknesses(hook, US))


@pytest.mark.parametrize(("mode", "says"), [(0o757, "everybody"), (0o777, "everybody")])
def test_others_may_write(hook, mode, says):
    hook.chmod(mode)
    assert says in below(hook, safety.weaknesses(hook, US))[0][1]


def test_directory_above_it(hook):
    hook.parent.chmod(0o777)
    assert below(hook, safety.weaknesses(hook, US)) == [("hooks", "can be written to by everybody")]


def test_sticky_directory_above_it(hook):
    hook.parent.chmod(0o1777)
    assert not below(hook, safety.weaknesses(hook, US))


def test_both_ways_of_a_link(hook, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(hook)
    hook.parent.chmod(0o777)
    assert (hook.parent, "can be written to by everybody") in list(safety.weaknesses(link, US))


def test_missing_file_is_for_others_to_report(tmp_path):
    assert not below(tmp_path / "x" / "y", safety.weaknesses(tmp_path / "x" / "y", US))


def test_somebody_elses(hook):
    assert f"belongs to user {os.geteuid()}" in [why for _, why in safety.weaknesses(hook, (4711,))]


@pytest.mark.skipif("os.geteuid() != 0")
def test_group_may_write(hook):
    hook.chmod(0o775)
    assert not below(hook, safety.weaknesses(hook))
    os.chown(hook, 0, 4711)
    assert below(hook, safety.weaknesses(hook)) == [("auth", "can be written to by group 4711")]


@pytest.mark.skipif("os.geteuid() != 0")
def test_refused(hook):
    safety.check([hook])
    hook.chmod(0o777)
    with pytest.raises(HookFailed) as caught:
        safety.check([hook])
    assert "everybody" in caught.value.message
    assert str(hook) in caught.value.hint


def test_for_others_than_root_it_is_their_own_affair(hook, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    hook.chmod(0o777)
    safety.check([hook])

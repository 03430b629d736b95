"""Files below a document root."""

from pathlib import Path

import pytest

from tests.test_parts.events import event
from toolkit.errors import ChallengeFailed, FileTrouble, UsageError
from toolkit.solvers.webroot import Webroot, parse_roots


def test_file_appears_and_goes(tmp_path):
    solver, one = Webroot({"": tmp_path}), event()
    record = solver.present([one])
    assert (tmp_path / one.proof["http_path"].lstrip("/")).read_text() == one.validation
    solver.cleanup([one], record)
    assert not list(tmp_path.iterdir())
    solver.cleanup([one], {})


@pytest.mark.parametrize("made", [None, 7, "x", ["..", "../..", "/", 7], {}])
def test_forged_record_removes_nothing_else(tmp_path, made):
    (tmp_path / "root/keep").mkdir(parents=True)
    solver = Webroot({"": tmp_path / "root"})
    solver.present([event()])
    solver.cleanup([event()], {"made": made})
    assert (tmp_path / "root/keep").is_dir()


def test_roots_by_name():
    assert parse_roots(("/a", "b.example=/b", "/x=y")[:2]) == {"": Path("/a"), "b.example": Path("/b")}
    assert parse_roots(("/x=y",)) == {"": Path("/x=y")}
    for bad in (("/a", "/b"), ("b=/a", "b=/b")):
        with pytest.raises(UsageError):
            parse_roots(bad)
    with pytest.raises(UsageError):
        Webroot({})
    with pytest.raises(ChallengeFailed, match="no webroot"):
        Webroot({"b.example": Path("/b")}).present([event()])


def test_missing_root(tmp_path):
    with pytest.raises(FileTrouble):
        Webroot({"": tmp_path / "no"}).present([event()])

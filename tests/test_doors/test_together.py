"""Several looks at a time."""

import threading

import pytest

from toolkit.probe.together import together
from toolkit.waiting import Stop


def test_failure_of_one_is_that_of_all():
    with pytest.raises(ZeroDivisionError):
        together(lambda number: 1 // number, [1, 0, 2], Stop())
    assert together(str, [], Stop()) == []


@pytest.mark.parametrize("most", [0, 1, 5])
def test_as_many_at_a_time_as_the_system_lets(monkeypatch, most):
    start = threading.Thread.start
    turns = iter(range(100))

    def refuse(thread):
        if next(turns) >= most:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    assert together(str, range(20), Stop()) == [str(number) for number in range(20)]


def test_never_more_than_a_bounded_number():
    assert len(set(together(lambda _: threading.get_ident(), range(500), Stop()))) <= 32

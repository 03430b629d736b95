"""Several looks at a time."""

import pytest

from toolkit.probe.together import together
from toolkit.waiting import Stop


def test_failure_of_one_is_that_of_all():
    with pytest.raises(ZeroDivisionError):
        together(lambda number: 1 // number, [1, 0, 2], Stop())
    assert together(str, [], Stop()) == []

"""When a certificate is due."""

import datetime

import pytest

from toolkit import due

START = datetime.datetime(2030, 1, 1, tzinfo=datetime.UTC)


@pytest.mark.parametrize(("days", "after"), [(90, 60), (398, 398 * 2 / 3), (10, 20 / 3), (9, 4.5), (6, 3), (0, 0)])
def test_due(days, after):
    found = due.moment(START, START + datetime.timedelta(days=days))
    assert abs(found - START - datetime.timedelta(days=after)) < datetime.timedelta(seconds=1)

"""Retry-After in both of its forms, in every time zone."""

import time

import pytest

from toolkit.ca import times

NOW = 1893456000.0  # 2030-01-01T00:00:00Z


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0), ("7", 7), (" 7 ", 7), ("3600", 3600), ("9" * 400, 366 * 86400), ("99999999", 366 * 86400),
        ("Tue, 01 Jan 2030 00:00:05 GMT", 5), ("Tuesday, 01-Jan-30 00:00:05 GMT", 5), ("Tue Jan  1 00:00:05 2030", 5),
        ("Mon, 31 Dec 2029 23:59:00 GMT", 0), ("Fri, 31 Dec 9999 23:59:59 GMT", 366 * 86400),
        (None, None), ("", None), ("-1", None), ("1.5", None), ("soon", None), ("\u0665", None), ("1e3", None),
        ("Tue, 99 Foo 2030 00:00:05 GMT", None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Tokyo"])
def test_retry_after(value, seconds, zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        assert times.retry_after(value, NOW) == seconds
        assert times.moment(5, NOW) == "2030-01-01T00:00:05Z"
    finally:
        monkeypatch.undo()
        time.tzset()

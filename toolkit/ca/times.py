"""Retry-After: seconds or an HTTP date (RFC 9110 §10.2.3), the date always read as UTC."""

from __future__ import annotations

import calendar
import datetime
import email.utils

_LONGEST = 366 * 86400


def retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait from `now` (Unix time), between 0 and a year; None when absent or nonsense."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(min(int(text[:12]), _LONGEST))
    parsed = email.utils.parsedate(text) if text else None
    if parsed is None:
        return None
    try:
        return min(max(0.0, calendar.timegm(parsed) - now), _LONGEST)
    except (ValueError, OverflowError):
        return None


def moment(seconds: float, now: float) -> str:
    """The moment that many seconds from `now` (Unix time) as RFC 3339 in UTC."""
    found = datetime.datetime.fromtimestamp(now + seconds, datetime.UTC)
    return found.strftime("%Y-%m-%dT%H:%M:%SZ")

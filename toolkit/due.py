"""When a certificate is due for renewal, by its own dates."""

from __future__ import annotations

import datetime

_SHORT_LIVED = datetime.timedelta(days=10)


def moment(not_before: datetime.datetime, not_after: datetime.datetime) -> datetime.datetime:
    """After two thirds of the lifetime; after half of one that is shorter than ten days."""
    lifetime = not_after - not_before
    return not_before + (lifetime / 2 if lifetime < _SHORT_LIVED else lifetime * 2 / 3)

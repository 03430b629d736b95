"""What ends a hook: one line for whoever has to repair it, and an exit status."""

from __future__ import annotations

_FAILED, _TRY_LATER = 1, 75


class Failure(Exception):
    """The text says what happened, to which thing, and what to do about it."""

    def __init__(self, text: str, status: int = _FAILED) -> None:
        super().__init__(text)
        self.status = status


class Later(Failure):
    """The same call may succeed when the other side has recovered."""

    def __init__(self, text: str) -> None:
        super().__init__(text, _TRY_LATER)

"""What can go wrong, and the exit status by which the hook says so."""

from __future__ import annotations


class HookError(Exception):
    """It did not work, and will not by itself; the text ends with what to do."""

    status = 1


class TryLater(HookError):
    """It did not work now."""

    status = 75


class Refused(HookError):
    """Cloudflare answered, and said no."""

    def __init__(self, status: int, errors: list[tuple[int, str]]) -> None:
        self.codes = {code for code, _ in errors}
        told = "; ".join(f"{printable(text)} (code {code})" for code, text in errors)
        super().__init__(told or f"HTTP status {status}")


def printable(text: str) -> str:
    """What a server wrote, as one line for a terminal."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:300])

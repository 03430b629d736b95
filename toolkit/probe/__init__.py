"""Looks from outside: what a web server answers, which certificate a service shows, what DNS says.

Looks only: nothing is sent but the question, and whatever comes back is bounded and not believed.
"""

from __future__ import annotations

from toolkit.errors import UsageError, printable

# Seconds one look may take.
TIMEOUT = 5.0


class CannotLook(Exception):
    """The look itself failed, which says nothing about the thing looked at."""


def host_and_port(text: str) -> tuple[str, int]:
    """HOST:PORT or [IPV6]:PORT as a pair. Raises UsageError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UsageError(f"not HOST:PORT: {printable(text, 200)}")
    return host, int(port)

"""Loopback ports that parallel test processes do not take from each other.

Asking the kernel for a free port and closing it again is not enough here: the ports at which a CA
validates stay unbound until a test starts its responder, perhaps seconds later. So ports come in blocks,
and a block belongs to whoever has bound the abstract Unix socket named after it. The kernel frees that
name when its last holder is gone, however it died, and keeps such names per network namespace, just as ports.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path

BLOCK = 8
_LOWEST = 16000
_RANGE_FILE = Path("/proc/sys/net/ipv4/ip_local_port_range")


class Block:
    """Eight neighbouring ports of 127.0.0.1, ours until `release` (or until no process holds `fd`)."""

    def __init__(self, first: int, claim: socket.socket) -> None:
        self.ports = tuple(range(first, first + BLOCK))
        self._claim = claim

    @property
    def fd(self) -> int:
        """The descriptor to hand to a child that is to hold the block longer than we do."""
        return self._claim.fileno()

    def release(self) -> None:
        self._claim.close()

    def __enter__(self) -> Block:
        return self

    def __exit__(self, *exc: object) -> None:
        self.release()


def reserve() -> Block:
    """Claim a block of free ports; OSError when none was found in a few hundred tries."""
    first, last = _range()
    for _ in range(400):
        start = random.randrange(first, last, BLOCK)
        claim = _claim(start)
        if claim is None:
            continue
        if all(is_free(port) for port in range(start, start + BLOCK)):
            return Block(start, claim)
        claim.close()
    raise OSError("no free block of ports on the loopback address")


def is_free(port: int) -> bool:
    """Whether nothing is bound to this TCP and UDP port of 127.0.0.1."""
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind == socket.SOCK_STREAM:
                # A connection of an earlier test in TIME_WAIT does not make a port taken.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                if kind == socket.SOCK_STREAM:
                    probe.listen(1)
            except OSError:
                return False
    return True


def _range() -> tuple[int, int]:
    """Below the range from which the kernel picks ports for outgoing connections, where that leaves room."""
    try:
        lowest_ephemeral = int(_RANGE_FILE.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        lowest_ephemeral = 32768
    if lowest_ephemeral - _LOWEST < 100 * BLOCK:
        return _LOWEST, 60000
    return _LOWEST, lowest_ephemeral - BLOCK


def _claim(start: int) -> socket.socket | None:
    claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        claim.bind(f"\0acme-toolkit-tests/ports/{start}")
    except OSError:
        claim.close()
        return None
    return claim

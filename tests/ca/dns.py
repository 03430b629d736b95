"""The names a test CA sees: what its challtestsrv is told over HTTP, and a look at what it answers."""

from __future__ import annotations

import json
import os
import socket
import struct
from typing import Any

from tests.ca.web import ask

_TXT, _INTERNET = 16, 1


class Records:
    """Sets and clears DNS records of one challtestsrv. Names may be given without the final dot.

    Every name without records of its own resolves to 127.0.0.1.
    """

    challtestsrv: str
    """URL of its management interface."""
    patience: float = 5
    """Seconds for one answer."""

    def set_txt(self, name: str, value: str) -> None:
        """Add `value` to the TXT records of `name`: several values stand side by side."""
        self._tell("set-txt", host=_absolute(name), value=value)

    def clear_txt(self, name: str) -> None:
        self._tell("clear-txt", host=_absolute(name))

    def add_a(self, name: str, addrs: list[str]) -> None:
        self._tell("add-a", host=_absolute(name), addresses=addrs)

    def clear_a(self, name: str) -> None:
        self._tell("clear-a", host=_absolute(name))

    def add_aaaa(self, name: str, addrs: list[str]) -> None:
        self._tell("add-aaaa", host=_absolute(name), addresses=addrs)

    def clear_aaaa(self, name: str) -> None:
        self._tell("clear-aaaa", host=_absolute(name))

    def set_cname(self, name: str, target: str) -> None:
        self._tell("set-cname", host=_absolute(name), target=_absolute(target))

    def clear_cname(self, name: str) -> None:
        self._tell("clear-cname", host=_absolute(name))

    def servfail(self, name: str) -> None:
        """Answer SERVFAIL to every question about `name`."""
        self._tell("set-servfail", host=_absolute(name))

    def clear_servfail(self, name: str) -> None:
        self._tell("clear-servfail", host=_absolute(name))

    def dns_queries(self, name: str) -> list[dict[str, Any]]:
        """The questions asked about `name`, each {"Question": {"Name", "Qtype", "Qclass"}}."""
        history = self._tell("dns-request-history", host=name.rstrip("."))
        return json.loads(history) or []

    def _tell(self, command: str, **arguments: object) -> bytes:
        body = json.dumps(arguments).encode()
        status, answer = ask("POST", f"{self.challtestsrv}/{command}", body, timeout=self.patience)
        if status != 200:
            raise RuntimeError(f"challtestsrv: {command}: status {status}: {answer!r}")
        return answer


def has_txt(server: str, name: str, value: str, timeout: float = 1) -> bool:
    """Whether the server at "host:port" answers `value` both by UDP and by TCP; OSError for no answer."""
    host, _, port = server.rpartition(":")
    address, query = (host, int(port)), _question(name)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        datagrams.settimeout(timeout)
        datagrams.connect(address)
        datagrams.send(query)
        if value.encode() not in datagrams.recv(4096):
            return False
    with socket.create_connection(address, timeout) as stream:
        stream.sendall(struct.pack("!H", len(query)) + query)
        return value.encode() in stream.recv(4096)


def _question(name: str) -> bytes:
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.strip(".").split("."))
    header = os.urandom(2) + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0)
    return header + labels + b"\0" + struct.pack("!HH", _TXT, _INTERNET)


def _absolute(name: str) -> str:
    return name if name.endswith(".") else f"{name}."

"""The TXT values that a name server has for a name, asked in DNS's own way (RFC 1035 §4)."""

from __future__ import annotations

import os
import socket
import struct

_TXT = 16
_TRUNCATED, _CODE = 0x0200, 0x000F
_QUESTION = struct.Struct("!HHHHHH")
_RECORD = struct.Struct("!HHIH")


def txt(name: str, address: str, port: int, timeout: float) -> set[str]:
    """Its values; OSError where there is no answer, ValueError where it is none or an error."""
    labels = name.rstrip(".").encode("ascii").split(b".")
    head = os.urandom(2) + struct.pack("!HHHHH", 0, 1, 0, 0, 0)
    query = head + b"".join(bytes([len(label)]) + label for label in labels) + b"\0" + struct.pack("!HH", _TXT, 1)
    answer = _datagram(query, address, port, timeout)
    if len(answer) >= _QUESTION.size and _QUESTION.unpack_from(answer)[1] & _TRUNCATED:
        answer = _stream(query, address, port, timeout)
    try:
        return _values(answer, query)
    except (struct.error, IndexError):
        raise ValueError("a cut answer") from None


def _datagram(query: bytes, address: str, port: int, timeout: float) -> bytes:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.settimeout(timeout)
        sender.connect((address, port))  # only what comes from there is seen
        sender.send(query)
        return sender.recv(65535)


def _stream(query: bytes, address: str, port: int, timeout: float) -> bytes:
    with socket.create_connection((address, port), timeout) as stream, stream.makefile("rb") as answer:
        stream.sendall(struct.pack("!H", len(query)) + query)
        return answer.read(struct.unpack("!H", answer.read(2))[0])


def _values(answer: bytes, query: bytes) -> set[str]:
    number, flags, questions, answers = _QUESTION.unpack_from(answer)[:4]
    if number != _QUESTION.unpack_from(query)[0] or flags & _CODE not in (0, 3):  # NOERROR, NXDOMAIN
        raise ValueError("an error, or the answer to another question")
    place = _QUESTION.size
    for _ in range(questions):
        place = _after_name(answer, place) + 4
    found = set()
    for _ in range(answers):
        place = _after_name(answer, place)
        kind, _class, _ttl, length = _RECORD.unpack_from(answer, place)
        place += _RECORD.size
        if kind == _TXT:
            found.add(_joined(answer[place : place + length]))
        place += length
    return found


def _after_name(answer: bytes, place: int) -> int:
    while length := answer[place]:
        if length >= 0xC0:  # the rest of the name stands elsewhere
            return place + 2
        place += length + 1
    return place + 1


def _joined(data: bytes) -> str:
    """The strings of one TXT record, as one."""
    parts = []
    while data:
        parts.append(data[1 : data[0] + 1])
        data = data[data[0] + 1 :]
    return b"".join(parts).decode("ascii", "replace")

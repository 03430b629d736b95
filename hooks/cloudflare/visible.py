"""Look whether a TXT value can be seen: at the zone's own name servers, or by DNS over HTTPS where those are out of
reach. The name servers are asked by TCP, which many values fit into and which nobody can forge from afar."""

from __future__ import annotations

import http.client
import json
import re
import secrets
import socket
import struct
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence

import api

DOH = "https://cloudflare-dns.com/dns-query"
_TXT, _INTERNET = 16, 1
_ANSWER = 3.0  # s
_PAUSE = 1.0  # s between two looks
_LONGEST = 65536


def wait(name: str, value: str, servers: Sequence[str], doh: str, seconds: float) -> bool | None:
    """Whether the value was seen within that time, at all servers that answer. None when nobody answers."""
    deadline = time.monotonic() + seconds
    while True:
        answers = _look(name, servers, doh)
        if answers and all(value in texts for texts in answers):
            return True
        if time.monotonic() + _PAUSE > deadline:
            return False if answers else None
        time.sleep(_PAUSE)


def _look(name: str, servers: Sequence[str], doh: str) -> list[set[str]]:
    """What each name server says that can be reached; where none can be, what the resolver says."""
    answers = [_tried(_authoritative, server, name) for server in servers]
    if not any(texts is not None for texts in answers):
        answers = [_tried(_resolver, doh, name)]
    return [texts for texts in answers if texts is not None]


def _tried(ask: Callable[[str, str], set[str]], where: str, name: str) -> set[str] | None:
    try:
        return ask(where, name)
    except (OSError, ValueError, IndexError, struct.error, http.client.HTTPException):
        return None


def _authoritative(server: str, name: str) -> set[str]:
    """The TXT values at a name server: "HOST", "HOST:PORT", IPv6 in brackets. OSError and others for no good answer."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9A-Za-z._-]+))(?::(\d{1,5}))?", server)
    if not found:
        raise ValueError("no name server")
    number = secrets.token_bytes(2)
    labels = b"".join(bytes([len(label)]) + label.encode("ascii") for label in name.split("."))
    query = number + struct.pack("!5H", 0, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", _TXT, _INTERNET)
    with socket.create_connection((found[1] or found[2], int(found[3] or 53)), _ANSWER) as stream:
        stream.sendall(struct.pack("!H", len(query)) + query)
        with stream.makefile("rb") as answers:
            answer = answers.read(struct.unpack("!H", answers.read(2))[0])
    if answer[:2] != number:
        raise ValueError("the answer to another question")
    return _texts(answer)


def _texts(answer: bytes) -> set[str]:
    """The TXT values of a DNS message (RFC 1035 §4.1)."""
    questions, records = struct.unpack_from("!2H", answer, 4)
    position, found = 12, set()
    for _ in range(questions):
        position = _after_name(answer, position) + 4
    for _ in range(records):
        position = _after_name(answer, position)
        kind, _, _, length = struct.unpack_from("!2HIH", answer, position)
        data = answer[position + 10 : position + 10 + length]
        position += 10 + length
        if kind == _TXT:
            found.add(_joined(data))
    return found


def _after_name(answer: bytes, position: int) -> int:
    while length := answer[position]:
        if length >= 0xC0:  # the rest stands elsewhere
            return position + 2
        position += 1 + length
    return position + 1


def _joined(data: bytes) -> str:
    text, position = b"", 0
    while position < len(data):
        text += data[position + 1 : position + 1 + data[position]]
        position += 1 + data[position]
    return text.decode("ascii", "replace")


def _resolver(url: str, name: str) -> set[str]:
    """What a resolver says, in the JSON that Cloudflare's and others speak beside RFC 8484."""
    query = urllib.parse.urlencode({"name": name, "type": "TXT"})
    request = urllib.request.Request(f"{url}?{query}", headers={"Accept": "application/dns-json"})  # noqa: S310
    with api.opener(url).open(request, timeout=_ANSWER) as answer:
        document = json.loads(answer.read(_LONGEST))
    listed = document.get("Answer", []) if isinstance(document, dict) else []
    data = [one.get("data") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    return {"".join(re.findall(r'"([^"]*)"', text)) for text in data if isinstance(text, str)}

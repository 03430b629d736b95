"""Answers no client should choke on, by name. Some stand in place of an honest answer, some spoil one."""

from __future__ import annotations

import email.utils
import gzip
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

URN = "urn:ietf:params:acme:error:"
HUGE = 300_000_000
_PROBLEM = ("Content-Type", "application/problem+json")
_HTML = ("Content-Type", "text/html; charset=utf-8")


@dataclass(frozen=True)
class Answer:
    """Status, headers and body; `stream` comes after the body, piece by piece, and `length` counts it."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    stream: Callable[[], Iterator[bytes]] | None = None
    length: int | None = None

    def but(self, body: bytes) -> Answer:
        return replace(self, body=body)


def problem(status: int, kind: str, detail: str, *headers: tuple[str, str], **more: object) -> Answer:
    """A problem document; `kind` is the last part of an ACME error type."""
    document = {"type": URN + kind, "detail": detail, "status": status} | more
    return Answer(status, (_PROBLEM, *headers), json.dumps(document).encode())


def _retry(seconds: int) -> Answer:
    return problem(429, "rateLimited", "too many orders", ("Retry-After", str(seconds)))


def _retry_date(seconds: int) -> Answer:
    when = email.utils.formatdate(time.time() + seconds, usegmt=True)
    return problem(429, "rateLimited", "too many orders", ("Retry-After", when))


def _problem_without(member: str) -> Answer:
    document = {"type": URN + "malformed", "detail": "something", "status": 400}
    del document[member]
    return Answer(400, (_PROBLEM,), json.dumps(document).encode())


def _escapes() -> Answer:
    detail = "red \x1b[31m title \x1b]0;owned\x07 line\r\nforged: line %n%s \x00 \u202egnp.exe <script>x</script>"
    return problem(403, "unauthorized", detail, subproblems=[{"type": "\x1b[2J", "detail": detail}])


def _subproblems() -> Answer:
    parts = [
        {"type": URN + kind, "detail": f"no {name}", "identifier": {"type": "dns", "value": name}}
        for kind, name in (("rejectedIdentifier", "a.invalid"), ("caa", "b.invalid"))
    ]
    return problem(403, "rejectedIdentifier", "two names are refused", subproblems=parts)


def _user_action() -> Answer:
    link = ("Link", '<https://terms.invalid/v2>; rel="terms-of-service"')
    return problem(403, "userActionRequired", "the terms changed", link, instance="https://terms.invalid/agree")


def _huge() -> Answer:
    piece = b"A" * 100_000

    def rest() -> Iterator[bytes]:
        for _ in range(HUGE // len(piece)):
            yield piece
        yield b'"}'

    start = b'{"padding": "'
    length = len(start) + HUGE // len(piece) * len(piece) + 2
    return Answer(200, (("Content-Type", "application/json"),), start, rest, length)


def _bomb() -> Answer:
    packed = gzip.compress(b'{"padding": "' + b"A" * 100_000_000 + b'"}', 1)
    return Answer(200, (("Content-Type", "application/json"), ("Content-Encoding", "gzip")), packed)


def _redirect(where: str, status: int = 302) -> Answer:
    return Answer(status, (("Location", where),))


REFUSALS: dict[str, Callable[[], Answer]] = {
    "html": lambda: Answer(200, (_HTML,), b"<!doctype html><title>Welcome</title>"),
    "html500": lambda: Answer(500, (_HTML,), b"<!doctype html><title>Server Error</title>"),
    "html503": lambda: Answer(503, (_HTML, ("Retry-After", "1")), b"<!doctype html><title>Maintenance</title>"),
    "empty": lambda: Answer(200, (("Content-Type", "application/json"),)),
    "empty500": lambda: Answer(500),
    "problem500": lambda: problem(500, "serverInternal", "an internal error"),
    "limited": lambda: _retry(3600),
    "limited_date": lambda: _retry_date(3600),
    "limited_soon": lambda: _retry(1),
    "limited_soon_date": lambda: _retry_date(2),
    "escapes": _escapes,
    "long": lambda: problem(403, "unauthorized", "x" * 1_000_000),
    "untyped": lambda: _problem_without("type"),
    "undetailed": lambda: _problem_without("detail"),
    "unknown_type": lambda: problem(403, "neverHeardOf", "whatever this is"),
    "subproblems": _subproblems,
    "no_account": lambda: problem(400, "accountDoesNotExist", "who are you"),
    "user_action": _user_action,
    "huge": _huge,
    "bomb": _bomb,
    "utf16": lambda: Answer(200, (("Content-Type", "application/json"),), "{}".encode("utf-16")),
    "list": lambda: Answer(200, (("Content-Type", "application/json"),), b"[]"),
    "redirect_loop": lambda: _redirect(""),
    "redirect_other": lambda: _redirect("other"),
    "redirect_http": lambda: _redirect("http"),
    "redirect_post": lambda: _redirect("other", 307),
}
"""Made without doing what the request asks for. The flow fills in where redirects lead."""


def _beside(member: bytes) -> Callable[[Answer], Answer]:
    """The honest JSON object with one more member in front."""
    return lambda honest: honest.but(honest.body.replace(b"{", b"{" + member + b", ", 1))


def _twice(honest: Answer) -> Answer:
    """Every member twice: null first, the honest value last."""
    members: dict[str, Any] = json.loads(honest.body)
    pairs = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in members.items()]
    first = [f"{json.dumps(name)}: null" for name in members]
    return honest.but(("{" + ", ".join(first + pairs) + "}").encode())


def _headers(honest: Answer, name: str, value: str | None) -> Answer:
    kept = tuple(pair for pair in honest.headers if pair[0] != name)
    return replace(honest, headers=kept if value is None else (*kept, (name, value)))


SPOILERS: dict[str, Callable[[Answer], Answer]] = {
    "deep": _beside(b'"deep": ' + b"[" * 100_000 + b"]" * 100_000),
    "nan": _beside(b'"number": NaN'),
    "infinity": _beside(b'"number": -Infinity'),
    "digits": _beside(b'"number": ' + b"9" * 5000),
    "surrogate": _beside(b'"text": "\\ud800"'),
    "duplicate": _twice,
    "truncated": lambda honest: honest.but(honest.body[: len(honest.body) // 2]),
    "trailing": lambda honest: honest.but(honest.body + b"{}"),
    "plain": lambda honest: _headers(honest, "Content-Type", "text/plain"),
    "no_location": lambda honest: _headers(honest, "Location", None),
    "no_nonce": lambda honest: _headers(honest, "Replay-Nonce", None),
    "evil_nonce": lambda honest: _headers(honest, "Replay-Nonce", '"; rm -rf /'),
}
"""The request is done, and its answer spoiled."""

ODD = {*REFUSALS, *SPOILERS}

"""One call of the hook, from its variables to its exit status (acme-hooks(7), README.md)."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import time
from collections.abc import Mapping

import server
from server import HookError, TryLater

_LONGEST_RECORD = 1 << 20  # bytes


def run(action: str) -> int:
    """Do it; what went wrong is one line on standard error."""
    try:
        _act(action, os.environ)
    except HookError as error:
        sys.stderr.write(f"httpreq: error: {error}\n")
        return error.status
    return 0


def _act(action: str, env: Mapping[str, str]) -> None:
    if env.get("ACME_CHALLENGE_TYPE", "dns-01") != "dns-01" or env.get("CERTBOT_TOKEN"):
        raise HookError("this hook solves dns-01 only: under certbot, --preferred-challenges dns")
    mode = server.setting(env, "HTTPREQ_MODE")
    if mode not in ("", "RAW"):
        raise HookError("HTTPREQ_MODE is RAW or not set")
    seconds = _seconds(env, "HTTPREQ_HTTP_TIMEOUT", "30")
    body = _raw(env) if mode else _default(env)
    _alarm(seconds)
    server.post(env, action, body, seconds)
    signal.alarm(0)
    # The toolkit looks at DNS for itself. certbot does not, and calls us for the last time before the CA looks.
    if action == "present" and "ACME_CHALLENGE_TYPE" not in env and env.get("CERTBOT_REMAINING_CHALLENGES", "0") == "0":
        time.sleep(_seconds(env, "HTTPREQ_WAIT", "30"))


def _default(env: Mapping[str, str]) -> dict[str, str]:
    """The record's name, with a dot at its end, and its value."""
    domain, value = env.get("CERTBOT_DOMAIN", ""), env.get("CERTBOT_VALIDATION", "")
    name = env.get("ACME_RECORD_NAME") or f"_acme-challenge.{domain.removeprefix('*.')}"
    name = name.lower().removesuffix(".")
    if len(name) > 253 or not re.fullmatch(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+", name):
        raise HookError("CERTBOT_DOMAIN is not set, or is no name")
    if not re.fullmatch(r"[A-Za-z0-9_.=-]{1,255}", value):
        raise HookError("CERTBOT_VALIDATION is not set, or is no value of a dns-01 challenge")
    return {"fqdn": f"{name}.", "value": value}


def _raw(env: Mapping[str, str]) -> dict[str, str]:
    """What the record is made of. Only the toolkit tells that, in its record on standard input."""
    if "ACME_CHALLENGE_TYPE" not in env:
        raise HookError("HTTPREQ_MODE=RAW needs token and key authorization, which certbot does not tell")
    try:
        record = json.loads(sys.stdin.buffer.read(_LONGEST_RECORD))
        found = {"domain": record["identifier"], "token": record["token"], "keyAuth": record["key_authorization"]}
    except (ValueError, LookupError, TypeError, RecursionError):
        raise HookError("there is no record of the challenge on standard input") from None
    if not all(isinstance(text, str) and text for text in found.values()):
        raise HookError("there is no sound record of the challenge on standard input")
    return found


def _seconds(env: Mapping[str, str], name: str, default: str) -> int:
    text = env.get(name) or default
    if not re.fullmatch(r"\d{1,4}", text):
        raise HookError(f"{name} is no number of seconds")
    return int(text)


def _alarm(seconds: int) -> None:
    """Bound the call as a whole: a server may send a byte now and then for ever."""

    def stop(*_: object) -> None:
        raise TryLater(f"no answer within {seconds} s; try again later")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)

"""One call of the hook, from its variables to its exit status (acme-hooks(7))."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from collections.abc import Mapping

import credentials
import records
import visible
from api import URL, Api, sound
from errors import HookError, Refused, TryLater, printable

_LONGEST_RUN = 240  # s; the toolkit ends a hook after 300


def run(what: str) -> int:
    """Do it; what went wrong is one line on standard error."""
    env = os.environ
    hide: list[str] = []
    try:
        _alarm(_LONGEST_RUN)
        headers = credentials.headers(env)
        hide += headers.values()
        _act(what, env, Api(env.get("CLOUDFLARE_API") or URL, headers))
    except HookError as error:
        text = str(error)
        for secret in hide:
            text = text.replace(secret.removeprefix("Bearer "), "***")
        sys.stderr.write(f"cloudflare: error: {text}\n")
        return error.status
    return 0


def _act(what: str, env: Mapping[str, str], api: Api) -> None:
    name, value = _proof(env)
    given = env.get("CLOUDFLARE_ZONE_ID") or env.get("CF_Zone_ID")
    zone = records.given_zone(given) if given else records.find_zone(api, name)
    if what == "cleanup":
        records.remove(api, zone, name, value)
        return
    records.add(api, zone, name, value)
    # The toolkit looks for itself. certbot does not, and calls us for the last time before the CA looks.
    if "ACME_CHALLENGE_TYPE" not in env and env.get("CERTBOT_REMAINING_CHALLENGES", "0") == "0":
        _wait(api, zone, name, value, env)


def _proof(env: Mapping[str, str]) -> tuple[str, str]:
    """The record's name and value; HookError unless both can stand in a zone."""
    if env.get("ACME_CHALLENGE_TYPE", "dns-01") != "dns-01" or env.get("CERTBOT_TOKEN"):
        raise HookError("this hook solves dns-01 only: under certbot, --preferred-challenges dns")
    domain, value = env.get("CERTBOT_DOMAIN", ""), env.get("CERTBOT_VALIDATION", "")
    name = env.get("ACME_RECORD_NAME") or f"_acme-challenge.{domain.removeprefix('*.')}"
    name = name.lower().removesuffix(".")
    if len(name) > 253 or not re.fullmatch(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+", name):
        raise HookError(f"{printable(name)!r} is no name of a record: set CERTBOT_DOMAIN")
    if not re.fullmatch(r"[A-Za-z0-9_.=-]{1,255}", value):
        raise HookError("CERTBOT_VALIDATION is not set, or is no value of a dns-01 challenge")
    return name, value


def _wait(api: Api, zone: records.Zone, name: str, value: str, env: Mapping[str, str]) -> None:
    """Until the value can be seen, CLOUDFLARE_WAIT seconds at most."""
    given = env.get("CLOUDFLARE_WAIT") or "60"
    if not re.fullmatch(r"\d{1,4}", given):
        raise HookError("CLOUDFLARE_WAIT is no number of seconds")
    _alarm(int(given) + _LONGEST_RUN)
    servers = tuple((env.get("CLOUDFLARE_NAMESERVERS") or "").split()) or zone.name_servers
    if not servers:
        with contextlib.suppress(Refused):  # a token that may only edit records; the resolver tells
            servers = records.zone_of_id(api, zone).name_servers
    doh = sound(env.get("CLOUDFLARE_DOH") or visible.DOH, "CLOUDFLARE_DOH")
    seen = visible.wait(name, value, servers, doh, int(given))
    if seen is False:
        raise TryLater(f"the value at {name} cannot be seen after {given} s: raise CLOUDFLARE_WAIT, or try again later")
    if seen is None:
        sys.stderr.write(f"cloudflare: warning: no name server tells whether the value at {name} can be seen\n")


def _alarm(seconds: int) -> None:
    """Bound the run as a whole: a server may send a byte now and then for ever."""

    def stop(*_: object) -> None:
        raise TryLater(f"not done after {seconds} s; try again later")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)

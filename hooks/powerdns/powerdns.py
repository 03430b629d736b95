"""Adds or removes one TXT value through the HTTP API of PowerDNS Authoritative."""

from __future__ import annotations

import os
import random
import sys
import time
from typing import Any

import lock
import merge
import settings
import visible
import zones
from api import Api
from failure import Failure, Later

_TRIES = 5


def main(event: str) -> int:
    """Do what the event asks for; the exit status."""
    try:
        wanted = settings.read(os.environ)
        api = Api(wanted.url, wanted.key, wanted.server_id, wanted.timeout)
        with lock.held(wanted.state):
            name, zone = zones.locate(api, wanted.record, wanted.zone)
            if write(api, zone, name, wanted, event):
                spread(api, zone)
        if event == "auth" and wanted.others and wanted.wait:
            visible.wait(api, wanted)
    except Failure as failure:
        sys.stderr.write(f"powerdns: {failure}\n")
        return failure.status
    except KeyboardInterrupt:
        return 130
    return 0


def write(api: Api, zone: dict[str, Any], name: str, wanted: settings.Settings, event: str) -> bool:
    """Add exactly this value, or remove exactly this value; whether there was something to do.

    What is read back must show it: somebody else, whom our lock does not keep, may have written in between.
    """
    for attempt in range(_TRIES):
        there = zones.rrset(api, zone, name, "TXT", disabled=True)
        if event == "auth":
            done, change = merge.holds(there, wanted.value), merge.added(there, wanted.value, wanted.ttl)
        else:
            done, change = not merge.mentions(there, wanted.value), merge.removed(there, wanted.value)
        if done:
            return attempt > 0
        if attempt:
            time.sleep(random.uniform(0.1, 0.5))  # noqa: S311 - so that two of us do not stay in step
        if attempt < _TRIES - 1:
            api.request("PATCH", zones.path(zone), {"rrsets": [change]})
    verb = "add" if event == "auth" else "remove"
    raise Later(f"{api.url} does not {verb} TXT {zones.plain(name)}, or somebody undoes it; who else writes there?")


def spread(api: Api, zone: dict[str, Any]) -> None:
    """What a change needs besides itself: the order of names in a signed zone, and that secondaries hear of it."""
    about = api.request("GET", f"{zones.path(zone)}?rrsets=false") or {}
    name = zones.plain(zone["name"])
    if about.get("dnssec") and not about.get("api_rectify"):
        api.request("PUT", f"{zones.path(zone)}/rectify")
    if str(zone.get("kind", "")).lower() not in zones.PRIMARY:
        return
    if not about.get("soa_edit_api"):
        warn(f"the serial of {name} does not change, so secondaries see nothing; set its SOA-EDIT-API to DEFAULT")
    try:
        api.request("PUT", f"{zones.path(zone)}/notify")
    except Failure as failure:
        warn(f"the secondaries of {name} are not notified, they come by themselves later: {failure}")


def warn(text: str) -> None:
    """Say what does not keep the hook from its work."""
    sys.stderr.write(f"powerdns: warning: {text}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

"""Where the TXT record of a name really goes: _acme-challenge may be a CNAME into another zone."""

from __future__ import annotations

from collections.abc import Iterable

from toolkit import proofs
from toolkit.errors import ChallengeFailed, printable
from toolkit.issuance.check import Check
from toolkit.issuance.local import Local
from toolkit.probe import CannotLook, zone
from toolkit.probe.together import together


def targets(local: Local, check: Check, about: str, names: Iterable[str]) -> dict[str, str]:
    """For each name that is delegated so, the name its record is to be written at.

    Nothing is asked with --check skip; where DNS does not answer, nothing is taken to be delegated. Raises
    ChallengeFailed for a loop, and for a target that is no name a hook could be given.
    """
    if check.mode == "skip":
        return {}

    def follow(name: str) -> tuple[str, str]:
        record = f"_acme-challenge.{name}"
        try:
            found = zone.follow(record, check.resolver)
        except CannotLook as error:
            local.say(f"{about}: cannot look whether {record} is a CNAME: {error}")
            return name, record
        if not proofs.is_record_name(found):
            raise ChallengeFailed(f"{record} is a CNAME to {printable(found, 300)!r}, where no hook is to write")
        return name, found

    found = together(follow, list(dict.fromkeys(names)), local.stop)
    return {name: target for name, target in found if target != f"_acme-challenge.{name}"}

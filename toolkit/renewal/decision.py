"""Whether a lineage is to be renewed now, and why. Computes; what is to be known is handed over."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from toolkit import ari, certs, due
from toolkit.errors import BadDocument, ToolkitError, UsageError, printable
from toolkit.store.attempts import Attempts, digest
from toolkit.store.inventory import Standing


@dataclass(frozen=True)
class Decision:
    """What is to be done with a lineage: `act` now, and why; or not before `at`."""

    name: str
    act: bool
    why: str
    at: datetime.datetime | None = None
    settings: dict[str, Any] | None = None
    # Only targets are owed, and no new certificate is wanted.
    deploy_only: bool = False
    # It cannot be renewed at all.
    trouble: ToolkitError | None = None

    def as_json(self) -> dict[str, Any]:
        """As acme-renew prints it with --plan."""
        return {
            "name": self.name,
            "renew": self.act and not self.deploy_only,
            "deploy": self.deploy_only,
            "why": self.why,
            "at": certs.timestamp(self.at) if self.at else None,
            "error": self.trouble.message if self.trouble else None,
        }


def decide(standing: Standing, attempts: Attempts, now: datetime.datetime, *, force: bool = False) -> Decision:
    """The decision on a lineage as it stands; `force` is for the certificate and for the pauses after failures."""
    name, settings = standing.name, standing.settings
    if settings is None:
        missing = UsageError(f"no renewal settings for {name}", "run acme-run for it, which writes them")
        return Decision(name, False, "", trouble=standing.trouble or missing)
    wanted = settings.get("names")
    if not isinstance(wanted, list) or not wanted or not all(isinstance(n, str) for n in wanted):
        return Decision(name, False, "", trouble=BadDocument(f"the renewal settings of {name} have no names"))
    try:
        act, why, at = _wanted(standing, wanted, settings, attempts, now)
    except ToolkitError as error:
        return Decision(name, False, "", trouble=error)
    if force:
        act, why = True, why if act else "asked for"
    if act and not force and attempts.waits(digest(settings), now):
        times = "once" if attempts.failures == 1 else f"{attempts.failures} times"
        return Decision(name, False, f"failed {times}: {attempts.error}", attempts.not_before, settings)
    if not act and standing.owed:
        owed = ", ".join(sorted(standing.owed))
        return Decision(name, True, f"owed: {printable(owed, 300)}", at, settings, deploy_only=True)
    return Decision(name, act, why, at, settings)


def _wanted(
    standing: Standing, wanted: list[str], settings: dict[str, Any], attempts: Attempts, now: datetime.datetime
) -> tuple[bool, str, datetime.datetime | None]:
    if standing.chain is None:
        if standing.lineage is not None or standing.trouble is None or not isinstance(standing.trouble, UsageError):
            raise standing.trouble or BadDocument(f"{standing.name} cannot be read")
        return True, "there is no certificate yet", None
    leaf = standing.chain.leaf
    end = leaf.not_valid_after_utc
    if set(wanted) != set(standing.chain.names):
        return True, "other names are wanted", None
    if end <= now:
        return True, f"expired {certs.timestamp(end)}", end
    own, asked = _own_moment(settings, leaf.not_valid_before_utc, end)
    at = ari.renew_at(attempts.suggestion(standing.chain.fingerprint), own, end)
    # Who asks for an early renewal gets it, and gets it earlier still where the CA knows why.
    at = min(at, own) if asked else at
    suggested = at != own
    if at > now:
        return False, "not due, says the CA," if suggested else "not due", at
    return True, "the CA suggests it" if suggested else f"expires {certs.timestamp(end)}", at


def _own_moment(
    settings: dict[str, Any], not_before: datetime.datetime, not_after: datetime.datetime
) -> tuple[datetime.datetime, bool]:
    """When it is due by its dates, or by `renew_before_days` of the settings; and whether those have asked for it."""
    days = settings.get("renew_before_days")
    if days is None:
        return due.moment(not_before, not_after), False
    if isinstance(days, bool) or not isinstance(days, int | float) or not 0 < days < 10_000:
        raise BadDocument(f"renew_before_days is no number of days: {printable(days, 50)}", "mend the renewal settings")
    return not_after - datetime.timedelta(days=days), True

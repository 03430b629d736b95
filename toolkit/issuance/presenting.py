"""Presenting proofs and taking them away: every call noted in the journal before it is made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from toolkit import names as naming
from toolkit import proofs, states
from toolkit.document import Document, title
from toolkit.errors import BadDocument, ChallengeFailed, Declined, HookFailed, ToolkitError, printable
from toolkit.events import Event
from toolkit.issuance import delegation
from toolkit.issuance.check import Check
from toolkit.issuance.local import Local
from toolkit.solvers import Solver
from toolkit.store.journal import Entry, Journal

Json = dict[str, Any]


@dataclass(frozen=True)
class Plan:
    """How to prove control: which solver, which challenge types in which order of preference, which look."""

    solver: Solver
    preferred: tuple[str, ...]
    check: Check
    warn: Callable[[str, ToolkitError], None]
    # Tells of a cleanup that failed, which does not end the document's way but is a failure of the command.
    fail: Callable[[str, ToolkitError], None]
    journal: Journal
    # The settings from which the solver can be built again.
    authenticator: Json = field(default_factory=dict)

    def close(self) -> None:
        """Let go of what the solver holds; what it left behind is anybody's to clean up from now on."""
        try:
            self.solver.close()
        finally:
            self.journal.close()


def pending(document: Document) -> list[Json]:
    """The authorizations that are still to be proven."""
    states.require_order(document)
    return [a for a in document.get("authorizations", []) if states.authorization_status(a) == "pending"]


def rounds(authorizations: Sequence[Json], solver: Solver) -> list[list[Json]]:
    """Which authorizations the solver can hold the proofs of at a time.

    Where it holds one value of a record, a name and its wildcard come in different rounds.
    """
    if solver.alone:
        return [[authorization] for authorization in authorizations]
    if not solver.one_value:
        return [list(authorizations)] if authorizations else []
    found: list[list[Json]] = []
    for authorization in authorizations:
        name = _name(authorization)
        free = next((part for part in found if name not in map(_name, part)), None)
        if free is None:
            found.append([authorization])
        else:
            free.append(authorization)
    return found


def present(local: Local, document: Document, plan: Plan, authorizations: Sequence[Json]) -> None:
    """Present a proof for each of them, by the first type that the solver does not decline."""
    everybody = tuple(_name(a) for a in pending(document))
    offers = [_candidates(document, authorization, plan) for authorization in authorizations]
    dns = [_name(a) for a, offer in zip(authorizations, offers, strict=True) if offer[0].get("type") == "dns-01"]
    targets = delegation.targets(local, plan.check, title(document), dns)
    document["authenticator"] = plan.solver.name

    def event(number: int, challenge: Json) -> Event:
        authorization, remaining = authorizations[number], len(authorizations) - number - 1
        made = _event(document, authorization, challenge, everybody, remaining)
        return replace(made, target=targets.get(made.identifier, "")) if made.type == "dns-01" else made

    if plan.solver.chained and authorizations:
        _call(local, document, plan, [event(number, offer[0]) for number, offer in enumerate(offers)])
        return
    for number, offer in enumerate(offers):
        _first_taken(local, document, plan, [event(number, challenge) for challenge in offer])


def cleanup(document: Document, plan: Plan) -> None:
    """Undo what was presented, the last first; what fails stays in `presented` with its error."""
    left = []
    for records in _calls(document, plan):
        try:
            _check_solver(records[0], plan.solver)
            events = [event_of(document, record) for record in records]
            plan.solver.cleanup(events, records[0])
            plan.journal.finished(plan.solver.name, events)
        except ToolkitError as error:
            plan.fail(title(document), error)
            left += [{**record, "error": error.document()} for record in reversed(records)]
    document["presented"] = left[::-1]
    if not left:
        del document["presented"]


def hand_on(document: Document, plan: Plan) -> None:
    """Leave the cleanup of all that was presented to a later command."""
    for records in _calls(document, plan):
        events = [event_of(document, record) for record in records]
        plan.journal.hand_on(plan.solver.name, events, document["order"].get("expires"))


def event_of(document: Document, record: Json) -> Event:
    """The event a record of `presented` stands for, by the authorization it belongs to. Raises BadDocument."""
    for authorization in document.get("authorizations", []):
        if _name(authorization) == record.get("identifier"):
            for challenge in authorization["challenges"]:
                if challenge.get("token") == record.get("token") and challenge.get("type") == record.get("type"):
                    everybody = tuple(str(r.get("identifier")) for r in document.get("presented", []))
                    made = _event(document, authorization, challenge, everybody, 0)
                    return replace(made, target=_target(record)) if made.type == "dns-01" else made
    raise BadDocument("presented names a challenge that no authorization of the document has")


def record_of(document: Document, authorization: Json) -> Json | None:
    """What was presented for the authorization, if anything was."""
    tokens = {c.get("token") for c in authorization["challenges"]}
    name = _name(authorization)
    found = (r for r in document.get("presented", []) if r.get("identifier") == name and r.get("token") in tokens)
    return next(found, None)


def _calls(document: Document, plan: Plan) -> Iterator[list[Json]]:
    """The records of `presented` by the calls they came from, the last first."""
    records = list(document.get("presented", []))[::-1]
    if plan.solver.chained:
        mine = [record for record in records if record.get("solver") == plan.solver.name]
        records = [record for record in records if record.get("solver") != plan.solver.name]
        if mine:
            yield mine[::-1]
    yield from ([record] for record in records)


def _first_taken(local: Local, document: Document, plan: Plan, events: Sequence[Event]) -> None:
    for event in events:
        try:
            _call(local, document, plan, [event])
            return
        except Declined as declined:
            local.say(f"{title(document)}: {event.type} of {event.identifier}: {declined.message}")
    kinds = ", ".join(event.type for event in events)
    raise HookFailed(f"{plan.solver.name} declines every challenge for {events[0].identifier}: {kinds}")


def _call(local: Local, document: Document, plan: Plan, events: Sequence[Event]) -> None:
    local.stop.check()
    records = [_record(plan.solver, event) for event in events]
    entry: Entry | None = None
    if plan.solver.lasting:
        entry = plan.journal.begin(plan.authenticator, plan.solver.name, events)
    _remember(document, records)
    try:
        made = plan.solver.present(events)
    except Declined:
        _forget(document, records)
        plan.journal.finished(plan.solver.name, events)
        raise
    for record in records:
        record.update(made)
    if entry:
        plan.journal.presented(entry, made)
    for event in events:
        local.say(f"{title(document)}: presented {event.type} of {event.identifier} by {plan.solver.name}")


def _record(solver: Solver, event: Event) -> Json:
    found = {"solver": solver.name, "type": event.type, "identifier": event.identifier, "token": event.token}
    return {**found, "target": event.target} if event.target else found


def _remember(document: Document, records: Sequence[Json]) -> None:
    _forget(document, records)
    document.setdefault("presented", []).extend(records)


def _forget(document: Document, records: Sequence[Json]) -> None:
    same = ("type", "identifier", "token")
    known = [tuple(record[key] for key in same) for record in records]
    presented = document.get("presented", [])
    presented[:] = [r for r in presented if tuple(r.get(key) for key in same) not in known]


def _candidates(document: Document, authorization: Json, plan: Plan) -> list[Json]:
    """The challenges the solver may be asked for, the preferred first."""
    _check_wanted(document, authorization)
    offered = {c.get("type"): c for c in authorization["challenges"]}
    found = [dict(offered[k]) for k in plan.preferred if k in plan.solver.types and k in offered]
    if found:
        return found
    name = ("*." if authorization.get("wildcard") else "") + _name(authorization)
    kinds = ", ".join(sorted(str(kind) for kind in offered))
    raise ChallengeFailed(
        f"{plan.solver.name} cannot solve a challenge for {name}; the CA offers {kinds}",
        "a wildcard needs dns-01, by a hook" if authorization.get("wildcard") else "choose another authenticator",
    )


def _target(record: Json) -> str:
    """Where a document says that CNAMEs led to, if that can be the name of a record; hooks write there."""
    target = record.get("target")
    return target if isinstance(target, str) and proofs.is_record_name(target) else ""


def _check_solver(record: Json, solver: Solver) -> None:
    if record.get("solver") != solver.name:
        other, name = printable(record.get("solver"), 100), printable(record.get("identifier"), 260)
        raise BadDocument(
            f"{name} was presented by {other}, not by {solver.name}", "clean up with the same authenticator"
        )


def _check_wanted(document: Document, authorization: Json) -> None:
    """Raise BadDocument for an authorization of another name than those wanted, which alone were checked."""
    name = _name(authorization)
    if name not in map(naming.base, document["names"]):
        raise BadDocument(
            f"an authorization is for {printable(name, 260)!r}, which the document does not want",
            "feed a document to hooks only if its source is trusted",
        )


def _name(authorization: Json) -> str:
    return str(authorization["identifier"]["value"])


def _event(
    document: Document, authorization: Json, challenge: Json, everybody: tuple[str, ...], remaining: int
) -> Event:
    name = _name(authorization)
    _check_wanted(document, authorization)
    return Event(
        type=str(challenge["type"]),
        identifier=name,
        wildcard=bool(authorization.get("wildcard")),
        token=challenge["token"],
        proof=proofs.presentable(challenge, name),
        all_identifiers=everybody,
        remaining=remaining,
        cert_name=document["cert_name"],
        names=tuple(document["names"]),
    )

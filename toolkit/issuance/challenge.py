"""Proving control: present all, look, answer all, wait for the order, and clean up whatever happened."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit import proofs, states
from toolkit.ca import orders
from toolkit.document import Document, title
from toolkit.errors import BadDocument, ChallengeFailed, ToolkitError, printable
from toolkit.issuance import order as ordering
from toolkit.issuance.check import Check, check
from toolkit.issuance.context import Context
from toolkit.solvers import Event, Solver

STAGES = ("present", "check", "answer", "cleanup")


@dataclass(frozen=True)
class Plan:
    """How to prove control: which solver, which challenge types in which order of preference, which look."""

    solver: Solver
    preferred: tuple[str, ...]
    check: Check
    warn: Callable[[str, ToolkitError], None]
    # Tells of a cleanup that failed, which does not end the document's way but is a failure of the command.
    fail: Callable[[str, ToolkitError], None]


def prove(
    context: Context, document: Document, plan: Plan, stages: Sequence[str], enter: Callable[[str], None]
) -> None:
    """Run the stages on the document; `enter` is told which one begins.

    Once something was presented, it is cleaned up on the way out of an error in any case, and without an
    error if `cleanup` is among the stages. A cleanup that fails is noted in the document's `presented`.
    """
    if "answer" in stages and _settled(context, document):
        if "cleanup" in stages:
            enter("cleanup")
            cleanup(document, plan)
        return
    try:
        if "present" in stages:
            enter("present")
            _present(context, document, plan)
        if "check" in stages:
            enter("check")
            check(context, _started(document, plan), plan.check, lambda error: plan.warn(title(document), error))
        if "answer" in stages:
            enter("answer")
            _answer(context, document, plan)
    except ToolkitError:
        # What other processes presented is theirs to clean up, unless this one was told to.
        if "present" in stages or "cleanup" in stages:
            cleanup(document, plan)
        raise
    if "cleanup" in stages:
        enter("cleanup")
        cleanup(document, plan)


def cleanup(document: Document, plan: Plan) -> None:
    """Undo what was presented, the last first; what fails stays in `presented` with its error."""
    left = []
    for record in reversed(document.get("presented", [])):
        try:
            _check_solver(record, plan.solver)
            plan.solver.cleanup(_event_of(document, record), record)
        except ToolkitError as error:
            plan.fail(title(document), error)
            left.append({**record, "error": error.document()})
    document["presented"] = left[::-1]
    if not left:
        del document["presented"]


def _check_solver(record: dict[str, Any], solver: Solver) -> None:
    if record.get("solver") != solver.name:
        other, name = printable(record.get("solver"), 100), printable(record.get("identifier"), 260)
        raise BadDocument(
            f"{name} was presented by {other}, not by {solver.name}", "clean up with the same authenticator"
        )


def _settled(context: Context, document: Document) -> bool:
    """Whether nothing is left to prove, by what the CA says of the order now. Raises when nothing can be."""
    session = context.session_for(document)
    deadline = context.deadline()
    states.require_order(document)
    ordering.refresh(session, document, deadline, datetime.datetime.now(datetime.UTC))
    status = states.order_status(document["order"])
    if status == "invalid" or status == "deactivated":
        raise ordering.over(session, document, deadline)
    return status != "pending"


def _present(context: Context, document: Document, plan: Plan) -> None:
    states.require_order(document)
    pending = [a for a in document.get("authorizations", []) if states.authorization_status(a) == "pending"]
    chosen = [(a, _choose(a, plan)) for a in pending]
    everybody = tuple(a["identifier"]["value"] for a in pending)
    document["authenticator"] = plan.solver.name
    for number, (authorization, challenge) in enumerate(chosen, 1):
        context.stop.check()
        event = _event(authorization, challenge, everybody, len(chosen) - number)
        record: dict[str, Any] = {
            "solver": plan.solver.name,
            "type": event.type,
            "identifier": event.identifier,
            "token": event.token,
        }
        _remember(document, record)
        record.update(plan.solver.present(event))
        context.say(f"{title(document)}: presented {event.type} of {event.identifier} by {plan.solver.name}")


def _answer(context: Context, document: Document, plan: Plan) -> None:
    session = context.session_for(document)
    deadline = context.deadline()
    challenges = []
    for authorization in document.get("authorizations", []):
        if states.authorization_status(authorization) == "pending":
            record = _record_of(document, authorization)
            challenges += [
                c
                for c in authorization["challenges"]
                if record
                and c.get("token") == record.get("token")
                and c.get("type") == record.get("type")
                and c.get("status") == "pending"
            ]
            if record is None:
                name = authorization["identifier"]["value"]
                raise ChallengeFailed(f"nothing was presented for {name}", "run acme-challenge present first")
    orders.answer(session, challenges, deadline)
    document["order"] = orders.wait_while(session, document["order"], "pending", deadline)
    if states.is_over(states.order_status(document["order"]), states.ORDER):
        raise ordering.over(session, document, deadline)
    # RFC 8555 §7.1.6: an order leaves pending when all its authorizations, and so what we answered, are valid.
    for thing in [*document["authorizations"], *challenges]:
        thing["status"] = "valid"
    context.say(f"{title(document)}: the CA is convinced, the order is {document['order']['status']}")


def _choose(authorization: dict[str, Any], plan: Plan) -> dict[str, Any]:
    offered = {c.get("type"): c for c in authorization["challenges"]}
    for kind in plan.preferred:
        if kind in plan.solver.types and kind in offered:
            return dict(offered[kind])
    name = ("*." if authorization.get("wildcard") else "") + str(authorization["identifier"]["value"])
    kinds = ", ".join(sorted(str(kind) for kind in offered))
    raise ChallengeFailed(
        f"{plan.solver.name} cannot solve a challenge for {name}; the CA offers {kinds}",
        "a wildcard needs dns-01, by a hook" if authorization.get("wildcard") else "choose another authenticator",
    )


def _started(document: Document, plan: Plan) -> list[Event]:
    if not plan.solver.worth_checking:
        return []
    return [_event_of(document, record) for record in document.get("presented", [])]


def _remember(document: Document, record: dict[str, Any]) -> None:
    presented = document.setdefault("presented", [])
    same = ("type", "identifier", "token")
    presented[:] = [r for r in presented if any(r.get(key) != record[key] for key in same)] + [record]


def _record_of(document: Document, authorization: dict[str, Any]) -> dict[str, Any] | None:
    tokens = {c.get("token") for c in authorization["challenges"]}
    value = authorization["identifier"]["value"]
    found = (r for r in document.get("presented", []) if r.get("identifier") == value and r.get("token") in tokens)
    return next(found, None)


def _event_of(document: Document, record: dict[str, Any]) -> Event:
    """The event a record of `presented` stands for, by the authorization it belongs to. Raises BadDocument."""
    for authorization in document.get("authorizations", []):
        if authorization["identifier"]["value"] == record.get("identifier"):
            for challenge in authorization["challenges"]:
                if challenge.get("token") == record.get("token") and challenge.get("type") == record.get("type"):
                    everybody = tuple(str(r.get("identifier")) for r in document.get("presented", []))
                    return _event(authorization, challenge, everybody, 0)
    raise BadDocument("presented names a challenge that no authorization of the document has")


def _event(
    authorization: dict[str, Any], challenge: dict[str, Any], everybody: tuple[str, ...], remaining: int
) -> Event:
    name = authorization["identifier"]["value"]
    proof = proofs.presentable(challenge, name)
    wildcard = bool(authorization.get("wildcard"))
    return Event(str(challenge["type"]), name, wildcard, challenge["token"], proof, everybody, remaining)

"""Proving control: present all, look, answer all, wait for the order, and clean up whatever happened."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from toolkit import states
from toolkit.ca import orders
from toolkit.document import Document, title
from toolkit.errors import ChallengeFailed, Refused, ToolkitError, UsageError
from toolkit.issuance import order as ordering
from toolkit.issuance import presenting
from toolkit.issuance.check import check
from toolkit.issuance.context import Context
from toolkit.issuance.presenting import Plan, event_of, record_of

STAGES = ("present", "check", "answer", "cleanup")

Enter = Callable[[str], None]


def prove(context: Context, document: Document, plan: Plan, stages: Sequence[str], enter: Enter) -> None:
    """Run the stages on the document; `enter` is told which one begins.

    All authorizations at once, or in rounds where the solver cannot hold them all. Once something was presented,
    it is cleaned up on the way out of an error in any case, and without an error if `cleanup` is among the
    stages. A cleanup that fails is noted in the document's `presented`.
    """
    if "answer" in stages and _settled(context, document):
        if "cleanup" in stages:
            enter("cleanup")
            presenting.cleanup(document, plan)
        return
    if "present" not in stages:
        _round(context, document, plan, stages, enter, presenting.pending(document) if "answer" in stages else [])
        return
    parts = presenting.rounds(presenting.pending(document), plan.solver)
    if len(parts) > 1 and tuple(stages) != STAGES:
        raise UsageError(
            f"{plan.solver.name} holds the proof of one name at a time, and {title(document)} needs {len(parts)}",
            "let one acme-challenge run all four stages",
        )
    for authorizations in parts or [[]]:
        with plan.solver.turn():
            _round(context, document, plan, stages, enter, authorizations)


def _round(
    context: Context,
    document: Document,
    plan: Plan,
    stages: Sequence[str],
    enter: Enter,
    authorizations: Sequence[dict[str, Any]],
) -> None:
    try:
        if "present" in stages:
            enter("present")
            presenting.present(context, document, plan, authorizations)
        if "check" in stages:
            enter("check")
            seen = [event_of(document, r) for r in document.get("presented", []) if plan.solver.worth_checking]
            check(context, seen, plan.check, lambda error: plan.warn(title(document), error))
        if "answer" in stages:
            enter("answer")
            _answer(context, document, authorizations)
    except Exception as error:  # also a defect of ours, or a CA that sends nonsense
        _tell_refused(document, plan, error)
        # What other processes presented is theirs to clean up, unless this one was told to.
        if "present" in stages or "cleanup" in stages:
            presenting.cleanup(document, plan)
        raise
    if "cleanup" in stages:
        enter("cleanup")
        presenting.cleanup(document, plan)
    elif "present" in stages:
        presenting.hand_on(document, plan)


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


def _answer(context: Context, document: Document, authorizations: Sequence[dict[str, Any]]) -> None:
    session = context.session_for(document)
    deadline = context.deadline()
    challenges = [_presented_challenge(document, authorization) for authorization in authorizations]
    orders.answer(session, [c for c in challenges if c.get("status") == "pending"], deadline)
    if len(authorizations) < len(presenting.pending(document)):
        failed = orders.wait_for_authorizations(session, authorizations, deadline)
    else:
        document["order"] = orders.wait_while(session, document["order"], "pending", deadline)
        failed = states.is_over(states.order_status(document["order"]), states.ORDER)
    if failed:
        document["order"] = orders.read_order(session, document["order"]["url"], deadline)
        raise ordering.over(session, document, deadline)
    # RFC 8555 §7.1.6: an order leaves pending when all its authorizations, and so what we answered, are valid.
    for thing in [*authorizations, *challenges]:
        thing["status"] = "valid"
    for authorization in authorizations:
        (record_of(document, authorization) or {})["valid"] = True
    context.say(f"{title(document)}: the CA is convinced of {len(authorizations)}: {document['order']['status']}")


def _presented_challenge(document: Document, authorization: dict[str, Any]) -> dict[str, Any]:
    """The authorization's challenge of which a proof was presented. Raises ChallengeFailed."""
    record = record_of(document, authorization)
    if record:
        for challenge in authorization["challenges"]:
            if challenge.get("token") == record.get("token") and challenge.get("type") == record.get("type"):
                found: dict[str, Any] = challenge
                return found
    name = authorization["identifier"]["value"]
    raise ChallengeFailed(f"nothing was presented for {name}", "run acme-challenge present first")


def _tell_refused(document: Document, plan: Plan, error: Exception) -> None:
    """Let the solver hear which of its proofs the CA did not accept."""
    problems = error.problem.get("subproblems") if isinstance(error, Refused) else None
    for problem in problems if isinstance(problems, list) else []:
        identifier = problem.get("identifier") if isinstance(problem, dict) else None
        value = identifier.get("value") if isinstance(identifier, dict) else None
        for record in document.get("presented", []):
            if record.get("identifier") == value and record.get("solver") == plan.solver.name:
                try:
                    plan.solver.refused(event_of(document, record), problem)
                except ToolkitError as trouble:
                    plan.warn(title(document), trouble)

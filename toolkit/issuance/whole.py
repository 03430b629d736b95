"""The whole flow on one document, within one process."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toolkit import due, keys
from toolkit.document import Document, title
from toolkit.errors import BadDocument, Refused, ToolkitError
from toolkit.issuance import challenge, finalize, install, order
from toolkit.issuance.context import Context
from toolkit.issuance.csr import KeyWish
from toolkit.issuance.frame import Frame
from toolkit.issuance.install import Targets
from toolkit.issuance.presenting import Plan
from toolkit.store import lineages
from toolkit.store.lineages import Lineage


@dataclass(frozen=True)
class Wishes:
    """What the command line asked for, a member a stage."""

    order: order.Wanted
    plan: Plan
    key: KeyWish
    targets: Targets
    settings: dict[str, Any]
    frame: Frame
    force: bool = False


def issue(context: Context, document: Document, wishes: Wishes, enter: Callable[[str], None]) -> None:
    """Order, prove, finalize, install; nothing of it when the lineage has what is wanted and is not due."""
    current = None if wishes.force else _current(context, document)
    if current:
        enter("install")
        install.catch_up(context, document, current, wishes.targets)
        install.tell_unchanged(context, document, current, wishes.targets)
        return
    context.keep_certbot_out()
    wishes.frame.open()
    try:
        _issue(context, document, wishes, enter)
    except ToolkitError as error:
        wishes.frame.tried(document["names"], renewed=False)
        _tell_refused(wishes.plan, error)
        raise
    wishes.frame.tried(document["names"], renewed=True)


def _issue(context: Context, document: Document, wishes: Wishes, enter: Callable[[str], None]) -> None:
    order.open_order(context, document, wishes.order)
    challenge.prove(context, document, wishes.plan, challenge.STAGES, enter)
    enter("finalize")
    _ask_for_csr(document, wishes.plan)
    finalize.finalize(context, document, wishes.key)
    enter("install")
    install.install(context, document, wishes.targets, wishes.settings)


def _ask_for_csr(document: Document, plan: Plan) -> None:
    """Take the signing request that the authenticator brings, if it does and the document has none."""
    if "csr" in document:
        return
    brought = plan.solver.csr(document["cert_name"], document["names"])
    if brought:
        pem, names = keys.read_csr(brought.encode(), plan.solver.name)
        if set(names) != set(document["names"]):
            raise BadDocument(f"the signing request of {plan.solver.name} is for {' '.join(names)}")
        document["csr"] = pem


def _tell_refused(plan: Plan, error: ToolkitError) -> None:
    if isinstance(error, Refused) and error.answer:
        try:
            plan.solver.request_failed(error.answer, error.problem)
        except ToolkitError as trouble:
            plan.warn(plan.solver.name, trouble)


def _current(context: Context, document: Document) -> Lineage | None:
    """The lineage, if it has what is wanted and is not due."""
    present = lineages.current(context.paths, document["cert_name"])
    if present is None:
        return None
    chain = present.chain()
    if set(chain.names) != set(document["names"]):
        return None
    renewal = due.moment(chain.leaf.not_valid_before_utc, chain.leaf.not_valid_after_utc)
    if renewal <= datetime.datetime.now(datetime.UTC):
        return None
    document["lineage"] = str(present.live)
    context.say(f"{title(document)}: not due before {renewal:%Y-%m-%d %H:%M} UTC; --force-renewal renews it now")
    return present

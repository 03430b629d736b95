"""The whole flow on one document, within one process."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from toolkit import due
from toolkit.document import Document, title
from toolkit.errors import ToolkitError
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
        return
    wishes.frame.open()
    try:
        _issue(context, document, wishes, enter)
    except ToolkitError:
        wishes.frame.tried(document["names"], renewed=False)
        raise
    wishes.frame.tried(document["names"], renewed=True)


def _issue(context: Context, document: Document, wishes: Wishes, enter: Callable[[str], None]) -> None:
    order.open_order(context, document, wishes.order)
    challenge.prove(context, document, wishes.plan, challenge.STAGES, enter)
    enter("finalize")
    finalize.finalize(context, document, wishes.key)
    enter("install")
    install.install(context, document, wishes.targets, wishes.settings)


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

"""acme-renew on the command line: which lineages, what is printed, and the run over them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from toolkit.cli.input import Item
from toolkit.cli.output import Output

if TYPE_CHECKING:
    from toolkit.cli.setup import Run
    from toolkit.renewal.decision import Decision
    from toolkit.renewal.renewing import Round


def renew(run: Run) -> None:
    """Renew what is due of the lineages that were named, or of all; or only tell of it."""
    given = run.given
    if given["jitter"] and not (given["plan"] or given["due"]):
        run.process.stop.wait(random.SystemRandom().uniform(0, given["jitter"]))
    current = _round(run)
    try:
        if not (given["plan"] or given["due"]):
            run.sweep(run.journal)
        decisions = list(current.decisions(given["names"], thorough=given["plan"]))
        for decision in decisions:
            if decision.trouble:
                run.process.failed(decision.trouble, decision.name)
        todo = [decision for decision in decisions if decision.act]
        if given["plan"]:
            _print(run, decisions)
        elif given["due"]:
            run.print_all([current.document(decision) for decision in todo if not decision.deploy_only])
        else:
            _tell(run, decisions)
            items = (Item(decision.name, current.document(decision)) for decision in todo)
            run.stage("order", items, current.renew, last=True)
    finally:
        run.close(current.frame.close, current.close, run.journal.close)


def _round(run: Run) -> Round:
    from toolkit.issuance.check import Check
    from toolkit.renewal.renewing import Round

    given = run.given
    return Round(
        run.context(),
        run.around(),
        run.journal,
        Check(given["check"], given["check_timeout"], given["resolver"]),
        run.frame(),
        warn=lambda about, error: run.messages.warning(error, about),
        fail=lambda about, error: run.process.failed(error, about),
        force=given["force_renewal"],
        hooks_dir=given["hooks_dir"],
        directory_hooks=not given["no_directory_hooks"],
    )


def _print(run: Run, decisions: list[Decision]) -> None:
    output = Output(None, silent_on_terminal=False)
    width = max((len(decision.name) for decision in decisions), default=0)
    for decision in decisions:
        found: dict[str, Any] = decision.as_json()
        if run.given["format"] == "json":
            output.write(found)
        else:
            what = "renew" if found["renew"] else "deploy" if found["deploy"] else "leave"
            when = f" before {found['at']}" if what == "leave" and found["at"] else ""
            output.write_line(f"{decision.name:{width}}  {what:6}  {found['error'] or found['why']}{when}")


def _tell(run: Run, decisions: list[Decision]) -> None:
    for decision in decisions:
        if not decision.act and not decision.trouble:
            until = f" before {decision.at:%Y-%m-%d %H:%M} UTC" if decision.at else ""
            run.messages.say(f"{decision.name}: {decision.why}{until}")

"""A test of a hook without a CA: whether it does what the flow relies on, step by step.

`course` has the steps, the same for all kinds of proof. `records` and `pages` look, `attempt` calls the hook as the
flow would, `challenges` makes what it is called with, and `certificate` is for deploy hooks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolkit.errors import printable


@dataclass(frozen=True)
class Step:
    """What should be, and what is wrong with it; nothing is where `problem` is empty."""

    what: str
    problem: str = ""
    # What else there is to know.
    notes: tuple[str, ...] = ()
    # How long it took to become so.
    seconds: float | None = None

    @property
    def ok(self) -> bool:
        return not self.problem

    def as_json(self, number: int) -> dict[str, Any]:
        """The step as an object of --format json."""
        found: dict[str, Any] = {"step": number, "ok": self.ok, "what": self.what}
        if self.problem:
            found["problem"] = self.problem
        if self.notes:
            found["notes"] = list(self.notes)
        return found if self.seconds is None else {**found, "seconds": round(self.seconds, 1)}


def tap(found: dict[str, Any]) -> str:
    """What as_json gave as lines of the Test Anything Protocol, version 13; a # would begin a directive."""
    what = printable(found["what"], 500).replace("#", "\\#")
    after = f" ({found['seconds']:.1f} s)" if "seconds" in found else ""
    told = [found["problem"]] if "problem" in found else []
    lines = [f"{'ok' if found['ok'] else 'not ok'} {found['step']} - {what}{after}"]
    return "\n".join([*lines, *(f"# {printable(text)}" for text in (*told, *found.get("notes", ())))])

"""acme-hook lint: the files of hooks, looked at without running them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toolkit.errors import HookFailed
from toolkit.hooks.lint.linter import NOT_RUN, Finding, Linter

if TYPE_CHECKING:
    from toolkit.issuance.hook import Workshop


def lint(shop: Workshop) -> None:
    """Print what is found in the hooks named, or in all of the search path; raises HookFailed for an error."""
    linter = Linter(shop.search, shop.runner, shop.around.stop)
    hooks = list(shop.words) or linter.everything()
    counted: Counter[str] = Counter()
    for spec in hooks:
        found = linter.look(spec)
        # What cannot work as it stands is not run.
        if shop.options["probe"] and not any(finding.severity == "error" for finding in found):
            found = [one for one in found if one.text != NOT_RUN] + linter.probe(spec)
        counted.update(finding.severity for finding in found)
        shop.show(({"hook": spec, **vars(finding)} for finding in found), _line)
    summary = f"{_number(len(hooks), 'hook')}: " + ", ".join(
        _number(counted[severity], severity) for severity in ("error", "warning", "note")
    )
    if counted["error"]:
        raise HookFailed(summary, "an error keeps a hook from working; a warning may, one day")
    shop.say(summary)


def _line(found: Mapping[str, Any]) -> str:
    return str(Finding(**{key: value for key, value in found.items() if key != "hook"}))


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"

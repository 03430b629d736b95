"""What the commands that show things work with, and how they print them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from toolkit.cli.output import Output

if TYPE_CHECKING:
    from toolkit.cli.setup import Run
    from toolkit.issuance.certificates import Desk
    from toolkit.issuance.hook import Workshop


def workshop(run: Run) -> Workshop:
    """What acme-hook works with."""
    from toolkit.hooks import locate
    from toolkit.issuance import authenticators
    from toolkit.issuance.hook import Workshop

    given, around = run.given, run.around()
    return Workshop(
        given["words"],
        given,
        locate.search_path(run.paths, given["hooks_dir"], run.environment),
        authenticators.runner(given, around),
        around,
        run.journal,
        lambda objects, line: _show(run, objects, line),
        run.messages.tell,
        run.messages.warning,
    )


def desk(run: Run) -> Desk:
    """What acme-cert works with."""
    from toolkit.issuance.certificates import Desk

    return Desk(
        run.local(),
        run.given["names"],
        run.given,
        lambda objects, line: _show(run, objects, line),
        run.process.failed,
    )


def _show(run: Run, objects: Iterable[dict[str, Any]], line: Callable[[dict[str, Any]], str]) -> None:
    """Print objects as --format says: as JSON, one a line, or as the lines made of them."""
    output = Output(None, silent_on_terminal=False)
    for found in objects:
        if run.given["format"] == "json":
            output.write(found)
        else:
            output.write_line(line(found))

"""The one table, as plain text or as Markdown: the same columns, the same figures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.bench.row import Group, Row

_MEGA = 1024 * 1024
_HEADS = ("", "done", "wall s", "x", "worst s", "per s", "CPU s", "x", "requests", "x", "peak MB", "x")


def plain(groups: Iterable[Group]) -> str:
    """Aligned text; a case is a heading and indented rows."""
    lines: list[Sequence[str]] = [_HEADS]
    for group in groups:
        lines.append((group.title,))
        lines.extend(("  " + cells[0], *cells[1:]) for cells in _rows(group))
    widths = [max(len(cells[at]) for cells in lines if len(cells) > 1) for at in range(len(_HEADS))]
    return "\n".join(_aligned(cells, widths) for cells in lines)


def markdown(groups: Iterable[Group]) -> str:
    """The same for a README; a case is a bold row."""
    lines = [_bar(_HEADS), _bar(["---"] + ["---:"] * (len(_HEADS) - 1))]
    for group in groups:
        lines.append(_bar([f"**{group.title}**"] + [""] * (len(_HEADS) - 1)))
        lines.extend(_bar(cells) for cells in _rows(group))
    return "\n".join(lines)


def _rows(group: Group) -> list[list[str]]:
    base = group.rows[0]
    return [_cells(row, base) for row in group.rows]


def _cells(row: Row, base: Row) -> list[str]:
    done = f"{row.done}/{row.done + row.failed}" if row.done + row.failed else ""
    return [
        row.who,
        done,
        _seconds(row.wall),
        _ratio(row.wall, base.wall),
        _seconds(row.worst),
        f"{1 / row.wall:.1f}" if row.wall else "",
        _seconds(row.cpu),
        _ratio(row.cpu, base.cpu),
        f"{row.requests:.1f}".removesuffix(".0") if row.requests else "",
        _ratio(row.requests, base.requests),
        f"{row.memory / _MEGA:.1f}" if row.memory else "",
        _ratio(row.memory, base.memory),
    ]


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _ratio(value: float | None, base: float | None) -> str:
    return f"{value / base:.2f}" if value and base else ""


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The first column to the left, figures to the right; a heading alone runs over all."""
    if len(cells) == 1:
        return cells[0]
    figures = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return "  ".join((cells[0].ljust(widths[0]), *figures)).rstrip()


def _bar(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

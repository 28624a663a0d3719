"""The state machine of a ruleset as SVG, each connection coloured by how much of it was covered.

States stand side by side by their number, final ones last.  The moves from one to another are one
arc, forward above the states and back below them; the longer the way, the higher the arc, so that
none hides behind a state.  Moves that stay in a state (messages, customer service) are a count in
its box.
"""

from collections.abc import Iterable, Set
from html import escape

from ..domain.table import FINAL_STATUSES, TABLE, Row
from ..domain.vocabulary import Ruleset, Status
from .coverage import describe_row

__all__ = ["render_state_diagram"]

_WIDTH = 132  # of a state's box; this and the others in units of the viewBox
_HEIGHT = 58
_STEP = 160  # from one box to the next
_RISE = 34  # of an arc, for each step
_ASIDE = 24  # of an arc's end from the middle of its box
_MARGIN = 24


def render_state_diagram(
    ruleset: Ruleset, covered: Set[str], entered: Set[str], lang: str = "zh"
) -> str:
    """Return an `svg` element that needs nothing from outside.

    `covered` holds names of rows, `entered` numbers of states.
    """
    rows = [row for row in TABLE if ruleset in row.rulesets]
    states = sorted(
        {row.target for row in rows}, key=lambda status: (status in FINAL_STATUSES, status)
    )
    centres = {status: _MARGIN + _WIDTH // 2 + place * _STEP for place, status in enumerate(states)}
    arcs: dict[tuple[Status, Status], list[Row]] = {}
    for row in rows:
        if row.source is not None and row.source is not row.target:
            arcs.setdefault((row.source, row.target), []).append(row)
    reaches = [(states.index(target) - states.index(source)) * _RISE for source, target in arcs]
    top = max(reaches) + _MARGIN
    width, height = len(states) * _STEP + _MARGIN, top + _HEIGHT - min(0, *reaches) + _MARGIN
    return "".join(
        (
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                f'role="img" aria-label="{ruleset.value}">'
            ),
            *(
                _arc(centres[source], centres[target], top, between, covered, lang)
                for (source, target), between in arcs.items()
            ),
            *(
                _box(
                    status,
                    (centres[status], top),
                    str(status.value) in entered,
                    _staying(rows, status, covered, lang),
                    lang,
                )
                for status in states
            ),
            "</svg>",
        )
    )


def _arc(start: int, end: int, top: int, rows: list[Row], covered: Set[str], lang: str) -> str:
    """Return an arc with arrowhead and count: above the states to the right, below them back."""
    kind, count = _rate(rows, covered)
    forward = end > start
    side, way = (top, 1) if forward else (top + _HEIGHT, -1)
    x1, x2 = start + way * _ASIDE, end - way * _ASIDE
    rise = abs(end - start) // _STEP * _RISE
    return (
        f'<g class="{kind}">{_title(rows, covered, lang)}'
        f'<path d="M{x1} {side}A{abs(x2 - x1) // 2} {rise} 0 0 1 {x2} {side}"/>'
        f'<path class="tip" d="M{x2} {side}l-5 {-9 * way}h10z"/>'
        f'<text x="{(x1 + x2) // 2}" y="{side - way * rise + 5}">{count}</text></g>'
    )


def _box(
    status: Status, at: tuple[int, int], entered: bool, staying: tuple[str, str], lang: str
) -> str:
    """Return a state, coloured if it was `entered`; `staying` is title and count of moves in it."""
    (centre, top), (title, count) = at, staying
    words = status.name.lower().replace("_", " ") if lang == "en" else status.zh
    return (
        f'<g class="state {"all" if entered else "none"}">{title}'
        f'<rect x="{centre - _WIDTH // 2}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>'
        + "".join(
            f'<text x="{centre}" y="{top + 17 * line}">{escape(text)}</text>'
            for line, text in enumerate((str(status.value), words, count), 1)
        )
        + "</g>"
    )


def _staying(rows: Iterable[Row], status: Status, covered: Set[str], lang: str) -> tuple[str, str]:
    own = [row for row in rows if row.source is status and row.target is status]
    return (_title(own, covered, lang), f"↻ {_rate(own, covered)[1]}") if own else ("", "")


def _rate(rows: Iterable[Row], covered: Set[str]) -> tuple[str, str]:
    """Return the class of the covered part of rows (`all`, `some`, `none`), and `3/5`."""
    names = [row.name for row in rows]
    taken = sum(name in covered for name in names)
    kind = "all" if taken == len(names) else "some"
    return kind if taken or not names else "none", f"{taken}/{len(names)}"


def _title(rows: Iterable[Row], covered: Set[str], lang: str) -> str:
    lines = "\n".join(
        f"{'✓' if row.name in covered else '✗'} {row.name}  {describe_row(row, lang)}"
        for row in rows
    )
    return f"<title>{escape(lines)}</title>"

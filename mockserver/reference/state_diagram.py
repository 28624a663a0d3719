"""The state machine of a ruleset as SVG, each connection coloured by how much of it was taken.

States stand side by side by their number, final ones last.  The moves from one to another are one
arc, forward above the states and back below them; the longer the way, the higher the arc, so that
none hides behind a state.  A line on the arc for each of its rows says who does what, and under
which condition.  Moves that stay in a state (modifying, customer service) are a count in its box.
Messages, which change nothing, are not drawn.
"""

from collections.abc import Iterable, Iterator, Set
from html import escape

from ..domain.moves import LeaveMessage
from ..domain.row_texts import describe_act, describe_conditions, describe_row
from ..domain.table import FINAL_STATUSES, TABLE, Row
from ..domain.vocabulary import Ruleset, Status

__all__ = ["render_state_diagram"]

_WIDTH = 132  # of a state's box; this and the others in units of the viewBox
_HEIGHT = 58
_STEP = 250  # from one box to the next
_RISE = 62  # of an arc, for each step
_LINE = 13  # from one row's line on an arc to the next
_ASIDE = 24  # of an arc's end from the middle of its box
_MARGIN = 24


def render_state_diagram(
    ruleset: Ruleset,
    covered: Set[str],
    entered: Set[str],
    lang: str = "zh",
    *,
    present: Status | None = None,
) -> str:
    """Return an `svg` element that needs nothing from outside.

    `covered` holds names of rows, `entered` numbers of states.  The state `present` has the class
    `present` beside its own, for a style sheet that marks where one exchange stands.
    """
    rows = [row for row in TABLE if ruleset in row.rulesets and row.move is not LeaveMessage]
    states = sorted(
        {row.target for row in rows}, key=lambda status: (status in FINAL_STATUSES, status)
    )
    centres = {status: _MARGIN + _WIDTH // 2 + place * _STEP for place, status in enumerate(states)}
    arcs: dict[tuple[Status, Status], list[Row]] = {}
    for row in rows:
        if row.source is not None and row.source is not row.target:
            arcs.setdefault((row.source, row.target), []).append(row)
    reaches = [(states.index(target) - states.index(source)) * _RISE for source, target in arcs]
    room = _MARGIN + max(map(len, arcs.values())) * _LINE  # for the lines of the outermost arc
    top = max(reaches) + _MARGIN
    width, height = len(states) * _STEP + _MARGIN, top + _HEIGHT - min(0, *reaches) + room
    return "".join(
        (
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
                f'width="{width}" role="img" aria-label="{ruleset.value}">'
            ),
            *(
                _arc(centres[source], centres[target], top, between, covered, lang)
                for (source, target), between in arcs.items()
            ),
            *(
                _box(
                    status,
                    (centres[status], top),
                    _state_class(status, entered, present),
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
    middle = (x1 + x2) // 2
    return (
        f'<g class="{kind}">{_title(rows, covered, lang)}'
        f'<path d="M{x1} {side}A{abs(x2 - x1) // 2} {rise} 0 0 1 {x2} {side}"/>'
        f'<path class="tip" d="M{x2} {side}l-5 {-9 * way}h10z"/>'
        f'<text x="{middle}" y="{side - way * rise + 5}">{count}</text>'
        f"{''.join(_lines(rows, covered, lang, (middle, side - way * rise + 5)))}</g>"
    )


def _lines(rows: Iterable[Row], covered: Set[str], lang: str, at: tuple[int, int]) -> Iterator[str]:
    """Yield a line of text for each row below the count: who does what, under which condition."""
    x, y = at
    for place, row in enumerate(rows, 1):
        mark = "✓" if row.name in covered else "✗"
        conditions = describe_conditions(row, lang)
        words = f"{mark} {describe_act(row, lang)}{f' [{conditions}]' if conditions else ''}"
        yield f'<text class="row" x="{x}" y="{y + place * _LINE}">{escape(words)}</text>'


def _box(
    status: Status, at: tuple[int, int], kind: str, staying: tuple[str, str], lang: str
) -> str:
    """Return a state of class `kind`; `staying` is title and count of moves in it."""
    (centre, top), (title, count) = at, staying
    words = status.name.lower().replace("_", " ") if lang == "en" else status.zh
    return (
        f'<g class="state {kind}">{title}'
        f'<rect x="{centre - _WIDTH // 2}" y="{top}" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>'
        + "".join(
            f'<text x="{centre}" y="{top + 17 * line}">{escape(text)}</text>'
            for line, text in enumerate((str(status.value), words, count), 1)
        )
        + "</g>"
    )


def _state_class(status: Status, entered: Set[str], present: Status | None) -> str:
    kind = "all" if str(status.value) in entered else "none"
    return f"{kind} present" if status is present else kind


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

"""Draws the state machine of a flow as SVG, each connection coloured by how much of it was met.

States stand side by side by their number, ends last; the moves from one to another are one arc, forward
above them, back below, the further the higher, so that no arc hides behind a state.  What stays in a state
(messages, customer service) is a count in its box.  Pure.
"""

from collections.abc import Iterable, Set
from html import escape

from ..domain.table import FINAL_STATUSES, TABLE, Row
from ..domain.vocabulary import Ruleset, Status
from .coverage import row_words

__all__ = ["state_diagram_svg"]

_WIDTH, _HEIGHT, _STEP, _RISE, _ASIDE, _MARGIN = 132, 58, 160, 34, 24, 24


def state_diagram_svg(ruleset: Ruleset, met: Set[str], entered: Set[str], lang: str = "zh") -> str:
    """An `svg` element that needs nothing from outside; `met` names rows, `entered` numbers states."""
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
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{ruleset.value}">',
            *(
                _arc(centres[source], centres[target], top, between, met, lang)
                for (source, target), between in arcs.items()
            ),
            *(
                _box(
                    status,
                    (centres[status], top),
                    str(status.value) in entered,
                    _staying(rows, status, met, lang),
                    lang,
                )
                for status in states
            ),
            "</svg>",
        )
    )


def _arc(start: int, end: int, top: int, rows: list[Row], met: Set[str], lang: str) -> str:
    """An arc with its arrowhead and count: above the states from left to right, below them back."""
    kind, count = _met(rows, met)
    forward = end > start
    side, way = (top, 1) if forward else (top + _HEIGHT, -1)
    x1, x2 = start + way * _ASIDE, end - way * _ASIDE
    rise = abs(end - start) // _STEP * _RISE
    return (
        f'<g class="{kind}">{_title(rows, met, lang)}'
        f'<path d="M{x1} {side}A{abs(x2 - x1) // 2} {rise} 0 0 1 {x2} {side}"/>'
        f'<path class="tip" d="M{x2} {side}l-5 {-9 * way}h10z"/>'
        f'<text x="{(x1 + x2) // 2}" y="{side - way * rise + 5}">{count}</text></g>'
    )


def _box(
    status: Status, at: tuple[int, int], entered: bool, staying: tuple[str, str], lang: str
) -> str:
    """A state, coloured by whether it was entered; `staying` is the title and count of what stays in it."""
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


def _staying(rows: Iterable[Row], status: Status, met: Set[str], lang: str) -> tuple[str, str]:
    own = [row for row in rows if row.source is status and row.target is status]
    return (_title(own, met, lang), f"↻ {_met(own, met)[1]}") if own else ("", "")


def _met(rows: Iterable[Row], met: Set[str]) -> tuple[str, str]:
    """The class of what was met of rows (`all`, `some`, `none`), and how many of how many."""
    names = [row.name for row in rows]
    taken = sum(name in met for name in names)
    return "all" if taken == len(names) else "some" if taken else "none", f"{taken}/{len(names)}"


def _title(rows: Iterable[Row], met: Set[str], lang: str) -> str:
    said = "\n".join(
        f"{'✓' if row.name in met else '✗'} {row.name}  {row_words(row, lang)}" for row in rows
    )
    return f"<title>{escape(said)}</title>"

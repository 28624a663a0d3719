"""Tables on a terminal: columns line up also where Chinese stands in them."""

from collections.abc import Iterable, Iterator, Sequence

from .console import escape, paint
from .text_width import pad, text_width

__all__ = ["Cell", "format_table"]

Cell = str | tuple[str, str]  # a text, or a text and its colour
_GAP = "  "


def format_table(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """Return the lines of a table: headings, then rows, every column as wide as its widest cell.

    What others may have written in a cell is escaped.  Without headings there are rows alone.
    """
    lines = [tuple(map(_read_cell, row)) for row in rows]
    texts = [tuple(text for text, _ in line) for line in lines]
    rows_to_measure = [tuple(headings), *texts] if headings else texts
    widths = [max(map(text_width, column)) for column in zip(*rows_to_measure, strict=True)]
    if headings:
        yield paint(_join_cells([(heading, "") for heading in headings], widths), "bright_black")
    for line in lines:
        yield _join_cells(line, widths)


def _read_cell(cell: Cell) -> tuple[str, str]:
    """Return the escaped text of a cell, and its colour or ""."""
    text, colour = (cell, "") if isinstance(cell, str) else cell
    return escape(text), colour


def _join_cells(cells: Sequence[tuple[str, str]], widths: Sequence[int]) -> str:
    """Return a line: each cell painted after it was measured, no blanks at the end."""
    last = max((place for place, (text, _) in enumerate(cells) if text), default=-1)
    pieces: list[str] = []
    for place, ((text, colour), width) in enumerate(zip(cells, widths, strict=True)):
        if place > last:
            break
        blanks = pad(text, width)[len(text) :] if place < last else ""
        pieces.append((paint(text, colour) if colour else text) + blanks)
    return _GAP.join(pieces)

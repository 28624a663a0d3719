"""Widths on a terminal: a Chinese character takes two columns, a combining mark none."""

from unicodedata import combining, east_asian_width

__all__ = ["pad", "text_width", "wrap"]


def text_width(text: str) -> int:
    """Return how many columns `text` takes; it holds no control codes."""
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def pad(text: str, width: int) -> str:
    """Return `text` with spaces behind it up to `width` columns."""
    return text + " " * (width - text_width(text))


def wrap(text: str, width: int) -> list[str]:
    """Return `text` in lines of at most `width` columns, at least one line.

    A line ends at a space, or before or behind a wide character; a longer word stays whole, so
    that it can be copied.
    """
    lines = [""]
    for piece in _split(text):
        if lines[-1] and text_width(lines[-1] + piece.rstrip()) > width:
            lines[-1] = lines[-1].rstrip()
            lines.append("")
        lines[-1] += piece
    return [line.rstrip() for line in lines]


_CLOSING = "，。；：！？、）》”’"  # never at the beginning of a line


def _split(text: str) -> list[str]:
    """Return the pieces that a line may not break inside: words with their space, characters."""
    pieces: list[str] = []
    fresh = True
    for character in text:
        wide = _character_width(character) == 2
        if pieces and (character == " " or character in _CLOSING or not (fresh or wide)):
            pieces[-1] += character
        else:
            pieces.append(character)
        fresh = wide or character == " "
    return pieces

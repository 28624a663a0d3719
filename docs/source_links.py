"""Links to the places under docs/spec that a text names."""

import re


def link_sources(text: str) -> str:
    """Return the text with every place under docs/spec as a link."""
    return re.sub(r"docs/spec/([\w./-]+)(#[\w.-]*\w)?", _format_link, text)


def _format_link(match: re.Match[str]) -> str:
    anchor = match[2] or ""
    return f"[{match[1]}{anchor}](../spec/{match[1]}{anchor})"

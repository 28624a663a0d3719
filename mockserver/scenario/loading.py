"""Loads a scenario file: reads it, checks it, and reports all mistakes of both in one go.

What is read of a file with mistakes is played on paper as far as it goes (`reader.Draft`), so a
step that can never work is reported beside a misspelt one.
"""

from collections.abc import Mapping
from typing import Any

from .model import Scenario
from .reader import read_draft
from .static_check import check_scenario, find_contradictions
from .yaml_text import InvalidFile

__all__ = ["load_scenario"]


def load_scenario(text: str, path: str, options: Mapping[str, Any] | None = None) -> Scenario:
    """Return the scenario of a file's text, which can be run.

    `path` is its name in messages, `options` replace values of its `set`.

    Raises:
        InvalidFile: has every mistake with its place.
    """
    draft = read_draft(text, path, options)
    if draft.mistakes:
        places = {(mistake.line, mistake.column) for mistake in draft.mistakes}
        contradictions = [
            mistake
            for mistake in find_contradictions(draft.scenario)
            if (mistake.line, mistake.column) not in places
        ]
        raise InvalidFile([*draft.mistakes, *contradictions])
    mistakes = check_scenario(draft.scenario)
    if mistakes:
        raise InvalidFile(list(mistakes))
    return draft.scenario

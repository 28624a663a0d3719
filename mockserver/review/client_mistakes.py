"""The common mistakes of ISV clients, and which of them something points to.

The list is what the lint, the state machine, the doctor and the shipped scenarios know.  A failure
is *attributed* to one mistake: by the lint rule that was broken, by the check of the machine and
what it was playing, by the code of a refused call, by the scenario that failed.  A mistake more is
one literal in `writing_mistakes`, `reading_mistakes` or `calling_mistakes`; its two pages under
docs/mistakes are generated from it.
"""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from .calling_mistakes import CALLING_MISTAKES
from .client_mistake import ClientMistake
from .reading_mistakes import READING_MISTAKES
from .writing_mistakes import WRITING_MISTAKES

__all__ = [
    "CLIENT_MISTAKES",
    "find_mistake_of_check",
    "find_mistake_of_code",
    "find_mistake_of_finding",
    "find_mistake_of_scenario",
]

CLIENT_MISTAKES: Mapping[str, ClientMistake] = MappingProxyType(
    {mistake.id: mistake for mistake in (*WRITING_MISTAKES, *READING_MISTAKES, *CALLING_MISTAKES)}
)
# What an exchange that is left lying comes of, by what the machine was playing.
_CAUSES = MappingProxyType(
    {
        "stock": "failure_ignored",
        "replies": "gave_up",
        "trouble": "gave_up",
        "lists": "rows_missed",
        "texts": "unknown_status_text",
    }
)
_WAITING_CHECKS = ("left_lying", "converged", "unhandled")


def find_mistake_of_finding(rule_id: str) -> ClientMistake | None:
    """Return the mistake that a lint rule belongs to, None if it is none of the common ones."""
    return _first(mistake for mistake in CLIENT_MISTAKES.values() if rule_id in mistake.findings)


def find_mistake_of_code(code: int) -> ClientMistake | None:
    """Return the mistake behind a refused call with this platform code."""
    return _first(mistake for mistake in CLIENT_MISTAKES.values() if code in mistake.codes)


def find_mistake_of_scenario(name: str) -> ClientMistake:
    """Return the mistake that a failing scenario such as `stock/last-unit` points to.

    A scenario that is none's says that something was not worked on: `left_lying`.
    """
    owner = _first(mistake for mistake in CLIENT_MISTAKES.values() if name in mistake.scenarios)
    return owner or CLIENT_MISTAKES["left_lying"]


def find_mistake_of_check(check: str, play: str = "") -> ClientMistake:
    """Return the mistake that a check of the machine points to while it plays `play`.

    Exchanges that wait are attributed by the play: with planned loss of replies the client has
    given up, with moving lists it has missed a row.
    """
    if check in _WAITING_CHECKS and play in _CAUSES:
        return CLIENT_MISTAKES[_CAUSES[play]]
    owner = _first(mistake for mistake in CLIENT_MISTAKES.values() if check in mistake.checks)
    return owner or CLIENT_MISTAKES["unread_content"]


def _first(mistakes: Iterator[ClientMistake]) -> ClientMistake | None:
    return next(mistakes, None)

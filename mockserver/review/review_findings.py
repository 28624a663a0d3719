"""What the audit and the client report look at and what they find: calls of the journal decoded, findings as values."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ..api.declaration import Method
from ..api.methods import METHODS
from ..protocol.binding import SYSTEM_PARAMETERS
from ..world.journal import Entry, clipped, show_seconds
from .lint_rules import LINT_RULES, LintRule

__all__ = ["Finding", "JournalCall", "make_finding", "read_calls", "shorten", "worst_first"]

_LISTED = 20  # request ids of one finding
_SHOWN_AT_MOST = 60  # characters of what a caller has written


class JournalCall(Struct, frozen=True):
    """A call with its parameters decoded; empty where they were too long to keep."""

    entry: Entry
    params: Mapping[str, str]

    @property
    def method(self) -> Method | None:
        """The method called, if it is declared."""
        return METHODS.get(self.entry.method)

    @property
    def started(self) -> float:
        """When the call came, in real seconds since 1970."""
        return self.entry.real - self.entry.micros / 1e6

    @property
    def unheard(self) -> bool:
        """Whether the client cannot know how the call ended: a planned fault took its reply, and sent no other."""
        return self.entry.lost and self.entry.fault != "duplicate_delivery"

    @property
    def reply(self) -> Any:
        """The masked reply, decoded: only where a check needs it."""
        return msgspec.json.decode(self.entry.reply)

    def asked(self, but: Collection[str] = ()) -> frozenset[tuple[str, str]]:
        """What was asked: the parameters that are not the gateway's own, `but` these."""
        return frozenset(
            (name, value)
            for name, value in self.params.items()
            if name not in SYSTEM_PARAMETERS and name not in but
        )


def read_calls(entries: Iterable[Entry]) -> tuple[JournalCall, ...]:
    """The calls decoded, in their order; one that a planned fault delivered twice was made once."""
    return tuple(
        [
            JournalCall(
                entry, {} if clipped(params := msgspec.json.decode(entry.params)) else params
            )
            for entry in entries
            if not entry.redelivered
        ]
    )


class Finding(Struct, frozen=True):
    """One thing that a client did: which conduct it is, a sentence in both languages, the calls that show it."""

    conduct: LintRule
    zh: str
    en: str
    entries: tuple[Entry, ...]

    def shown(self) -> dict[str, Any]:
        """The finding as the control API gives it; of many calls the first few."""
        return {
            "id": self.conduct.id,
            "severity": self.conduct.severity.word,
            "title": self.conduct.title,
            "zh": self.zh,
            "en": self.en,
            "evidence": str(self.conduct.evidence),
            "count": len(self.entries),
            "dispute_id": self.entries[0].dispute_id
            if len({entry.dispute_id for entry in self.entries}) == 1
            else "",
            "at": show_seconds(self.entries[0].at),
            "request_ids": [entry.request_id for entry in self.entries[:_LISTED]],
        }


def make_finding(id: str, calls: Sequence[JournalCall], zh: str, en: str) -> Finding:
    """A finding of the conduct with this id, shown by these calls."""
    return Finding(LINT_RULES[id], zh, en, tuple([call.entry for call in calls]))


def shorten(text: str) -> str:
    """What a caller has written, short enough for a sentence."""
    return text if len(text) <= _SHOWN_AT_MOST else text[: _SHOWN_AT_MOST - 1] + "…"


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors, then warnings, then hints; each kind by its first call."""
    return tuple(
        sorted(findings, key=lambda found: (found.conduct.severity, found.entries[0].real))
    )

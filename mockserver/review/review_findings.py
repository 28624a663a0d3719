"""What the audit and the lint read and what they report: decoded calls of the journal, findings."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from ..api.declaration import Method
from ..api.methods import METHODS
from ..protocol.binding import SYSTEM_PARAMETERS
from ..world.journal import Entry, format_seconds, is_clipped
from .lint_rules import LINT_RULES, LintRule

__all__ = [
    "JournalCall",
    "ReviewFinding",
    "decode_call",
    "decode_calls",
    "make_review_finding",
    "shorten_text",
    "sort_by_severity",
]

_MAX_LISTED_CALLS = 20  # request ids of one finding
_MAX_TEXT_CHARACTERS = 60  # of what a caller has written


class JournalCall(Struct, frozen=True):
    """One call of the journal; `params` are empty where they were too long to be kept."""

    entry: Entry
    params: Mapping[str, str]

    @property
    def method(self) -> Method | None:
        """Return the method called, None if it is not declared."""
        return METHODS.get(self.entry.method)

    @property
    def started(self) -> float:
        """Return when the call came, in real seconds since 1970."""
        return self.entry.real - self.entry.micros / 1e6

    @property
    def unanswered(self) -> bool:
        """Return whether a planned fault took the reply and sent no other.

        Then the client cannot know how the call ended.
        """
        return self.entry.lost and self.entry.fault != "duplicate_delivery"

    @property
    def reply(self) -> Any:
        """Return the masked reply, decoded anew each time: only where a check needs it."""
        return msgspec.json.decode(self.entry.reply)

    def business_params(self, excluded: Collection[str] = ()) -> frozenset[tuple[str, str]]:
        """Return the parameters that are not the gateway's own, without the excluded ones."""
        return frozenset(
            (name, value)
            for name, value in self.params.items()
            if name not in SYSTEM_PARAMETERS and name not in excluded
        )


def decode_calls(entries: Iterable[Entry]) -> tuple[JournalCall, ...]:
    """Return the calls in their order; one that a planned fault delivered twice counts once."""
    return tuple([decode_call(entry) for entry in entries if not entry.redelivered])


def decode_call(entry: Entry) -> JournalCall:
    """Return one call, also the second delivery of one, whose reply is what the client got."""
    params = msgspec.json.decode(entry.params)
    return JournalCall(entry, {} if is_clipped(params) else params)


class ReviewFinding(Struct, frozen=True):
    """One thing that a client did wrong: the rule, a sentence (zh, en), the calls that show it."""

    rule: LintRule
    zh: str
    en: str
    entries: tuple[Entry, ...]

    def serialize(self) -> dict[str, Any]:
        """Return the finding as the control API gives it; of many calls the first few."""
        first = self.entries[0]
        one_exchange = len({entry.dispute_id for entry in self.entries}) == 1
        return {
            "id": self.rule.id,
            "severity": self.rule.severity.word,
            "title": self.rule.title,
            "zh": self.zh,
            "en": self.en,
            "evidence": str(self.rule.evidence),
            "page": self.rule.page,
            "count": len(self.entries),
            "dispute_id": first.dispute_id if one_exchange else "",
            "at": format_seconds(first.at),
            "request_ids": [entry.request_id for entry in self.entries[:_MAX_LISTED_CALLS]],
        }


def make_review_finding(
    rule_id: str, calls: Sequence[JournalCall], zh: str, en: str
) -> ReviewFinding:
    """Return a finding of the rule, shown by these calls."""
    return ReviewFinding(LINT_RULES[rule_id], zh, en, tuple([call.entry for call in calls]))


def shorten_text(text: str) -> str:
    """Return what a caller has written, short enough for a sentence."""
    if len(text) <= _MAX_TEXT_CHARACTERS:
        return text
    return text[: _MAX_TEXT_CHARACTERS - 1] + "…"


def sort_by_severity(findings: Iterable[ReviewFinding]) -> tuple[ReviewFinding, ...]:
    """Return errors, then warnings, then hints; within a severity by the time of the first call."""
    return tuple(
        sorted(findings, key=lambda finding: (finding.rule.severity, finding.entries[0].real))
    )

"""Coverage of the state machine by a suite: counts of many sandboxes, compared with the table.

A row is covered when it is taken, by whoever, in a sandbox that a client called: a client sees the
moves of buyer, customer service and time as outcomes.  A sandbox that no client called counts for
nothing.  All that can be covered is every row of the rulesets that were used; of refusals, every
state in which a method's move has no row.  Messages change no status and have a row for each party
and state, so they are counted apart (`message_rows`) and are no part of the percentage.  This
module knows the documents of `S/coverage` and the table, and no sandbox.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from unicodedata import east_asian_width

import msgspec
from msgspec import Struct

from ..api.exchange_methods import EXCHANGE_METHODS
from ..domain.moves import LeaveMessage, Move
from ..domain.row_texts import describe_row
from ..domain.table import TABLE, Row
from ..domain.vocabulary import Actor, Ruleset, Status

__all__ = [
    "CODE_LISTS",
    "KINDS",
    "METHOD_MOVES",
    "CoverageCount",
    "count_coverage",
    "format_json",
    "format_text",
    "list_missing_rows",
    "merge_coverage",
    "row_percent",
]

Document = Mapping[str, Any]
CODE_LISTS = {
    "errors": "平台错误码",
    "sub_codes": "平台子错误码",
    "msg_codes": "业务错误码",
    "messages": "留言者",
}
_ROWS: Mapping[str, Row] = {row.name: row for row in TABLE}
METHOD_MOVES: tuple[type[Move], ...] = tuple(
    dict.fromkeys(method.move for method in EXCHANGE_METHODS if method.move)
)


def merge_coverage(*documents: Document) -> dict[str, Any]:
    """Return the sum of the coverage documents of sandboxes that a client called.

    The order and grouping of documents do not matter.

    Raises:
        ValueError: an argument is no coverage document.
    """
    merged: dict[str, Any] = {"calls": 0, "rulesets": {}}
    for document in documents:
        if not isinstance(document, Mapping) or type(document.get("calls")) is not int:
            raise ValueError("不是 GET S/coverage 的文档 (not a document of GET S/coverage)")
        if document["calls"]:
            merged = _sum(merged, document)
    return merged


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return {
            key: _sum(one.get(key, _zero(other.get(key))), other.get(key, _zero(one.get(key))))
            for key in {**one, **other}
        }
    if type(one) is int and type(other) is int:
        return one + other
    raise ValueError("覆盖文档的形状不合 (coverage documents of different shapes)")


def _zero(value: object) -> object:
    return {} if isinstance(value, Mapping) else 0


class CoverageCount(Struct, frozen=True):
    """What of one kind can be covered under a ruleset, in the table's order, and what was."""

    ruleset: Ruleset
    kind: str
    reachable: tuple[str, ...]
    covered: frozenset[str]

    @property
    def missing(self) -> tuple[str, ...]:
        """What was not covered."""
        return tuple(name for name in self.reachable if name not in self.covered)

    @property
    def percent(self) -> float:
        """How much was covered, from 0 to 100, rounded down to a tenth."""
        return _percent(len(self.covered), len(self.reachable))


def _rows(ruleset: Ruleset) -> tuple[str, ...]:
    rows = (row for row in TABLE if ruleset in row.rulesets)
    return tuple(row.name for row in rows if row.move is not LeaveMessage)


def _message_rows(ruleset: Ruleset) -> tuple[str, ...]:
    rows = (row for row in TABLE if ruleset in row.rulesets)
    return tuple(row.name for row in rows if row.move is LeaveMessage)


def _states(ruleset: Ruleset) -> tuple[str, ...]:
    reached = {row.target for row in TABLE if ruleset in row.rulesets}
    return tuple(str(status.value) for status in Status if status in reached)


def _refusals(ruleset: Ruleset) -> tuple[str, ...]:
    legal = {
        (row.source, row.move)
        for row in TABLE
        if ruleset in row.rulesets and row.by is Actor.SELLER
    }
    return tuple(
        f"{status.value}-{move.name()}"
        for status in Status
        for move in METHOD_MOVES
        if (status, move) not in legal
    )


def _deadlines(ruleset: Ruleset) -> tuple[str, ...]:
    return tuple(row.name for row in TABLE if ruleset in row.rulesets and row.deadline_rule)


KINDS: Mapping[str, tuple[str, Callable[[Ruleset], tuple[str, ...]]]] = {
    "rows": ("规则行", _rows),
    "states": ("状态", _states),
    "refused": ("被拒操作", _refusals),
    "deadlines": ("时限", _deadlines),
    "message_rows": ("留言行", _message_rows),
}


def count_coverage(document: Document, rulesets: Collection[str] = ()) -> tuple[CoverageCount, ...]:
    """Return the counts of every kind, by ruleset.

    Counted are the rulesets that the merged `document` used, or `rulesets`; `classic` if none.
    """
    counts = document.get("rulesets", {})
    used = [ruleset for ruleset in Ruleset if ruleset in (rulesets or counts)] or [Ruleset.CLASSIC]
    return tuple(
        _count_kind(ruleset, kind, counts.get(ruleset, {})) for ruleset in used for kind in KINDS
    )


def _count_kind(
    ruleset: Ruleset, kind: str, counts: Mapping[str, Mapping[str, int]]
) -> CoverageCount:
    names = KINDS[kind][1](ruleset)
    section = counts.get("rows" if kind == "message_rows" else kind, {})
    covered = {name.partition(":")[0] if kind == "refused" else name for name in section}
    return CoverageCount(ruleset, kind, names, frozenset(covered.intersection(names)))


def _row_counts(document: Document, rulesets: Collection[str]) -> list[CoverageCount]:
    return [count for count in count_coverage(document, rulesets) if count.kind == "rows"]


def row_percent(document: Document, rulesets: Collection[str] = ()) -> float:
    """Return how many of the rows were covered, from 0 to 100, rounded down: 100.0 is all."""
    counts = _row_counts(document, rulesets)
    covered = sum(len(count.covered) for count in counts)
    return _percent(covered, sum(len(count.reachable) for count in counts))


def _percent(covered: int, total: int) -> float:
    return covered * 1000 // total / 10


def list_missing_rows(document: Document, rulesets: Collection[str] = ()) -> tuple[str, ...]:
    """Return the rows that were not covered, as `classic 1-agree-2`."""
    return tuple(
        f"{count.ruleset} {name}"
        for count in _row_counts(document, rulesets)
        for name in count.missing
    )


def format_text(document: Document, lang: str = "zh", rulesets: Collection[str] = ()) -> str:
    """Return a table for the terminal, with the rows that were not covered."""
    en = lang == "en"
    head = (
        ("exchange coverage", "met", "all", "%") if en else ("换货状态机覆盖", "遇到", "全部", "%")
    )
    lines = [_format_line(*head)]
    for count in count_coverage(document, rulesets):
        ruleset = count.ruleset.value if en else count.ruleset.zh
        kind = count.kind if en else KINDS[count.kind][0]
        numbers = (str(len(count.covered)), str(len(count.reachable)), f"{count.percent:.1f}")
        lines.append(_format_line(f"{ruleset} {kind}", *numbers))
    for name, zh in CODE_LISTS.items():
        codes = [f"{code} ×{number}" for code, number in sorted(document.get(name, {}).items())]
        lines.append(f"{name if en else zh}: " + (", ".join(codes) or "-"))
    missing = [
        (count.ruleset, name) for count in _row_counts(document, rulesets) for name in count.missing
    ]
    if missing:
        lines.append("rows not met:" if en else "没有遇到的规则行：")
    for missing_ruleset, name in missing:
        label = _pad(f"{missing_ruleset} {name}", 52)
        lines.append(f"  {label}{describe_row(_ROWS[name], lang)}")
    return "\n".join(lines) + "\n"


def _format_line(name: str, *numbers: str) -> str:
    return _pad(name, 36) + "".join(" " * (6 - _width(number)) + number for number in numbers)


def _width(text: str) -> int:
    """Return the columns that a text takes in a terminal."""
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _pad(text: str, width: int) -> str:
    return text + " " * max(width - _width(text), 1)


def format_json(document: Document, rulesets: Collection[str] = ()) -> str:
    """Return counts and merged documents as JSON text, the same for the same counts."""
    by_ruleset: dict[str, dict[str, Any]] = {}
    for count in count_coverage(document, rulesets):
        by_ruleset.setdefault(count.ruleset.value, {})[count.kind] = {
            "met": len(count.covered),
            "all": len(count.reachable),
            "percent": count.percent,
            "missing": count.missing,
        }
    report = {
        "percent": row_percent(document, rulesets),
        "rulesets": by_ruleset,
        "counts": document,
    }
    content = msgspec.json.encode(report, order="deterministic")
    return msgspec.json.format(content, indent=2).decode() + "\n"

"""What a suite has met of the state machine: counts of many sandboxes merged, measured against the table, told.

A row is met when it is taken, by whoever, in a sandbox that a client called: a client meets the moves of
buyer, customer service and time as outcomes.  A sandbox that no client called counts for nothing.  The whole
is every row of the flows that were used, messages included; of refusals, every state in which a
method's move has no row.  Knows the documents of `S/coverage` and the table, and no sandbox.
"""

from collections.abc import Callable, Collection, Mapping
from typing import Any
from unicodedata import east_asian_width

import msgspec
from msgspec import Struct

from ..api.exchange_methods import EXCHANGE_METHODS
from ..domain.moves import Move
from ..domain.table import TABLE, Row
from ..domain.vocabulary import Actor, Ruleset, Status

__all__ = [
    "KINDS",
    "LISTS",
    "METHOD_MOVES",
    "Measure",
    "measure",
    "merge",
    "missing_rows",
    "percent",
    "report_json",
    "report_text",
    "row_words",
]

Document = Mapping[str, Any]
LISTS = {
    "errors": "平台错误码",
    "sub_codes": "平台子错误码",
    "msg_codes": "业务错误码",
    "messages": "留言者",
}
_ROWS: Mapping[str, Row] = {row.name: row for row in TABLE}
METHOD_MOVES: tuple[type[Move], ...] = tuple(
    dict.fromkeys(method.move for method in EXCHANGE_METHODS if method.move)
)


def merge(*documents: Document) -> dict[str, Any]:
    """The sum of what sandboxes have met, those left out that no client called.

    In any order and grouping the same.

    Raises:
        ValueError: something is no coverage document.
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


class Measure(Struct, frozen=True):
    """Of one ruleset, one kind: what there is to meet in the table's order, and what was met."""

    ruleset: Ruleset
    kind: str
    whole: tuple[str, ...]
    met: frozenset[str]

    @property
    def missing(self) -> tuple[str, ...]:
        """What was not met."""
        return tuple(name for name in self.whole if name not in self.met)

    @property
    def percent(self) -> float:
        """See `percent`."""
        return _percent(len(self.met), len(self.whole))


def _rows(ruleset: Ruleset) -> tuple[str, ...]:
    return tuple(row.name for row in TABLE if ruleset in row.rulesets)


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
}


def measure(document: Document, rulesets: Collection[str] = ()) -> tuple[Measure, ...]:
    """Every kind of every ruleset that the merged `document` used, or of `rulesets`; of `classic` where none was used."""
    counts = document.get("rulesets", {})
    used = [ruleset for ruleset in Ruleset if ruleset in (rulesets or counts)] or [Ruleset.CLASSIC]
    return tuple(
        _measured(ruleset, kind, counts.get(ruleset, {})) for ruleset in used for kind in KINDS
    )


def _measured(ruleset: Ruleset, kind: str, counts: Mapping[str, Mapping[str, int]]) -> Measure:
    whole = KINDS[kind][1](ruleset)
    found = {name.partition(":")[0] if kind == "refused" else name for name in counts.get(kind, {})}
    return Measure(ruleset, kind, whole, frozenset(found.intersection(whole)))


def percent(document: Document, rulesets: Collection[str] = ()) -> float:
    """How much of the rows was met, from 0 to 100, rounded down: 100.0 is all of them."""
    rows = [each for each in measure(document, rulesets) if each.kind == "rows"]
    return _percent(sum(len(each.met) for each in rows), sum(len(each.whole) for each in rows))


def _percent(met: int, whole: int) -> float:
    return met * 1000 // whole / 10


def missing_rows(document: Document, rulesets: Collection[str] = ()) -> tuple[str, ...]:
    """The rows not met, as `classic 1-agree-2`."""
    rows = [each for each in measure(document, rulesets) if each.kind == "rows"]
    return tuple(f"{each.ruleset} {name}" for each in rows for name in each.missing)


def report_text(document: Document, lang: str = "zh", rulesets: Collection[str] = ()) -> str:
    """A table for the terminal, with the rows that were not met."""
    measures, en = measure(document, rulesets), lang == "en"
    head = (
        ("exchange coverage", "met", "all", "%") if en else ("换货状态机覆盖", "遇到", "全部", "%")
    )
    lines = [_line(*head)]
    for each in measures:
        ruleset = each.ruleset.value if en else each.ruleset.zh
        kind = each.kind if en else KINDS[each.kind][0]
        lines.append(
            _line(
                f"{ruleset} {kind}", str(len(each.met)), str(len(each.whole)), f"{each.percent:.1f}"
            )
        )
    for name, zh in LISTS.items():
        found = sorted(document.get(name, {}).items())
        lines.append(
            f"{name if en else zh}: "
            + (", ".join(f"{key} ×{number}" for key, number in found) or "-")
        )
    missing = [
        (each.ruleset, name) for each in measures if each.kind == "rows" for name in each.missing
    ]
    if missing:
        lines.append("rows not met:" if en else "没有遇到的规则行：")
        lines += [
            f"  {_padded(f'{ruleset} {name}', 52)}{row_words(_ROWS[name], lang)}"
            for ruleset, name in missing
        ]
    return "\n".join(lines) + "\n"


def row_words(row: Row, lang: str) -> str:
    """Who does what, from which state to which."""
    if lang == "en":
        return (
            f"{row.by}: {row.move.en}, {row.source.value if row.source else 0} → {row.target.value}"
        )
    deed = row.move.zh if row.move.zh.startswith(row.by.zh) else row.by.zh + row.move.zh
    return f"{deed}：{f'「{row.source.zh}」' if row.source else ''}→「{row.target.zh}」"


def _line(name: str, *numbers: str) -> str:
    return _padded(name, 36) + "".join(" " * (6 - _width(each)) + each for each in numbers)


def _width(text: str) -> int:
    return sum(2 if east_asian_width(sign) in "WF" else 1 for sign in text)


def _padded(text: str, width: int) -> str:
    return text + " " * max(width - _width(text), 1)


def report_json(document: Document, rulesets: Collection[str] = ()) -> str:
    """The measures and the merged counts as JSON, the same for the same counts."""
    flows: dict[str, dict[str, Any]] = {}
    for each in measure(document, rulesets):
        flows.setdefault(each.ruleset.value, {})[each.kind] = {
            "met": len(each.met),
            "all": len(each.whole),
            "percent": each.percent,
            "missing": each.missing,
        }
    whole = {"percent": percent(document, rulesets), "rulesets": flows, "counts": document}
    return (
        msgspec.json.format(msgspec.json.encode(whole, order="deterministic"), indent=2).decode()
        + "\n"
    )

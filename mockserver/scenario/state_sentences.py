"""The static check's sentences about the states that an exchange may be in."""

from datetime import datetime

from msgspec.structs import replace

from ..domain.durations import format_duration
from ..domain.exchange import Exchange
from ..domain.play import deadline, is_enabled, rows_from
from ..domain.rules import RuleValues
from ..domain.table_index import TableIndex
from ..domain.vocabulary import CsStatus, Status
from ..protocol.shapes import format_time
from .model import MoveStep, Step
from .yaml_text import FileMistake

__all__ = [
    "States",
    "describe_deadline",
    "describe_en",
    "describe_zh",
    "explain_impossible",
    "with_unreached",
]

States = tuple[Exchange, ...]  # what one exchange may be


def with_unreached(mistake: FileMistake, rest: tuple[Step, ...]) -> FileMistake:
    """Return the mistake with how many steps behind it are never reached."""
    if not rest:
        return mistake
    return replace(
        mistake,
        zh=f"{mistake.zh}；其后 {len(rest)} 步(第 {rest[0].line} 行起)不会执行",
        en=f"{mistake.en}; the {len(rest)} steps from line {rest[0].line} are never reached",
    )


def describe_zh(states: States) -> str:
    """Return in Chinese at which statuses an exchange may be."""
    texts = [
        f"{exchange.status.value} {exchange.status.zh}"
        f"{_describe_cs(exchange, exchange.cs_status.zh)}"
        for exchange in states
    ]
    return "此时换货单为 " + " 或 ".join(dict.fromkeys(texts))


def describe_en(states: States) -> str:
    """Return in English at which statuses an exchange may be."""
    texts = [
        f"{exchange.status.value}"
        f"{_describe_cs(exchange, f'customer service {exchange.cs_status.en}')}"
        for exchange in states
    ]
    return "the exchange is at " + " or ".join(dict.fromkeys(texts))


def _describe_cs(exchange: Exchange, text: str) -> str:
    return "" if exchange.cs_status is CsStatus.NOT_NEEDED else f"({text})"


def describe_deadline(states: States, rules: RuleValues, now: datetime, table: TableIndex) -> str:
    """Return in Chinese when the deadline is; empty if it is not certain or there is none."""
    due = deadline(states[0], rules, table) if len(states) == 1 else None
    if due is None:
        return ""
    return f"，时限 {format_time(due)}(还有 {format_duration(due - now)})"


def explain_impossible(
    step: MoveStep, before: States, rules: RuleValues, table: TableIndex
) -> tuple[str, str]:
    """Return why a move is impossible and where it is possible, in Chinese and English."""
    ruleset = before[0].ruleset
    legal = [
        str(status.value)
        for status in Status
        if any(
            row.move is step.move and row.by is step.actor and is_enabled(row, rules)
            for row in rows_from(ruleset, status, table)
        )
    ]
    since = f"({format_time(before[0].entered)} 起)" if len(before) == 1 else ""
    name = step.move.name()
    zh = f"{step.actor.zh}此时不能 {name}：{describe_zh(before)}{since}；"
    en = f"{step.actor} cannot {name} now: {describe_en(before)}; "
    return (
        f"{zh}只能在状态 {'、'.join(legal) or '无'}",
        f"{en}possible at {', '.join(legal) or 'none'}",
    )

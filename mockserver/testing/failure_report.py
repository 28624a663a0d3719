"""What a failed test's report says of its sandbox: clock, seed, exchanges with timelines, the last calls."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..client.control_client import ControlRefused
from ..client.sandbox import Sandbox
from ..client.transport import Unreachable

__all__ = ["format_failure"]

_CALLS, _EXCHANGES, _FACTS, _FINDINGS = 10, 5, 8, 2


def format_failure(sandbox: Sandbox, test: str) -> str:
    """The text of the report's section; a server that is gone is told too."""
    try:
        return "\n".join(_lines(sandbox, test))
    except (Unreachable, ControlRefused) as gone:
        return f"独立环境 {sandbox.id} 已不可用 (the sandbox is gone): {gone}"


def _lines(sandbox: Sandbox, test: str) -> Iterator[str]:
    clock = sandbox.clock
    yield f"独立环境 (sandbox) {sandbox.id}  时间 (now) {clock.now:%Y-%m-%d %H:%M:%S}  种子 (seed) {sandbox.seed}"
    yield f"重跑 (run again): python -m pytest {_quoted(test)}"
    exchanges = sandbox.exchanges
    for exchange in exchanges[:_EXCHANGES]:
        yield from _exchange(exchange.document)
    if len(exchanges) > _EXCHANGES:
        yield f"… 共 {len(exchanges)} 张换货单 ({len(exchanges)} exchanges)"
    calls = sandbox.requests(limit=_CALLS)
    if calls:
        yield f"最近的调用 (last calls, newest first, {len(calls)}):"
    for entry in calls:
        yield _call(entry)
        yield from (
            f"        {each['zh']} ({each['en']})"
            for each in entry["diagnosis"]["findings"][:_FINDINGS]
        )


def _quoted(test: str) -> str:
    return f'"{test}"' if any(each in test for each in " []'$") else test


def _exchange(shown: Mapping[str, Any]) -> Iterator[str]:
    due = f"  时限 (deadline) {shown['deadline']}" if shown["deadline"] else ""
    yield f"换货单 (exchange) {shown['dispute_id']}  {shown['status']} {shown['status_text']}{due}"
    for event in shown["timeline"][-_FACTS:]:
        yield f"    {event['at']}  {event['by']:<6} {event['move']:<18} {event['from'] or '-'} → {event['to']}"
    possible = "; ".join(
        f"{actor}: {', '.join(moves)}" for actor, moves in shown["possible"].items()
    )
    if possible:
        yield f"    可以 (possible): {possible}"


def _call(entry: Mapping[str, Any]) -> str:
    outcome = entry["outcome"]
    why = (
        ""
        if outcome == "ok"
        else f" {entry['code'] or entry['msg_code']} {entry['diagnosis']['zh']} ({entry['diagnosis']['en']})"
    )
    return f"    {entry['at']}  {entry['method']} dispute_id={entry['dispute_id'] or '-'} {outcome}{why}"

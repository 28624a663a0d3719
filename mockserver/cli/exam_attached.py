"""The exam of a client that already runs and works in a sandbox of a running server.

Nothing of it can be held or started anew, and what the sandbox holds is left as it is.  So the exam
opens exchanges at the statuses that the client handles, lets the reply to one of its writes be
lost, waits for what the client does, and judges its calls by the report of the sandbox.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from time import sleep
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..domain.vocabulary import Actor, Status
from ..world.real_clock import monotonic_seconds
from .console import Link
from .exam_parts import Habits
from .exam_report import ExamItem

__all__ = ["examine_running_client"]

_POLL_SECONDS = 0.05
_OPENED_AT_ONCE = 3


class _Failure(Struct, frozen=True):
    """What the client has left undone, in two languages, and its last calls."""

    zh: str
    en: str
    calls: tuple[str, ...]


def examine_running_client(link: Link, handles: Sequence[int], within: timedelta) -> list[ExamItem]:
    """Return the items; each wait for the client lasts `within` at most.

    Raises:
        ControlRefused, Unreachable: the sandbox is gone, or refuses an opening.
    """
    items = [_examine_status(link, status, within) for status in handles]
    if Status.WAIT_SELLER_AGREE in handles:
        items.append(_examine_lost_reply(link, within))
    habits = Habits()
    habits.add(link.ask("GET", "report"), f"sandbox {link.sandbox}")
    return [*items, *habits.describe()]


def _examine_status(link: Link, status: int, within: timedelta) -> ExamItem:
    """Open exchanges at a status; the client has to move each of them on."""
    began = monotonic_seconds()
    ids = [_open(link, status) for _ in range(_OPENED_AT_ONCE)]
    item = ExamItem(kind="scenario", id=f"attached/status-{status}", level=1, outcome="passed")
    failure = _await_moves(link, ids, status, within)
    return _finish(item, began, failure, mistake="left_lying")


def _examine_lost_reply(link: Link, within: timedelta) -> ExamItem:
    """Lose the reply to the client's next agreement; it has to look and must not repeat."""
    began = monotonic_seconds()
    status = Status.WAIT_SELLER_AGREE.value
    fault = link.ask("POST", "faults", {"fault": "reply_lost", "method": "tmall.exchange.agree"})
    item = ExamItem(kind="scenario", id="attached/reply-lost", level=3, outcome="passed")
    failure = _await_moves(link, [_open(link, status)], status, within)
    link.ask("DELETE", f"faults/{fault['id']}")
    return _finish(item, began, failure, mistake="gave_up")


def _await_moves(link: Link, ids: Sequence[str], status: int, within: timedelta) -> _Failure | None:
    """Return what is wrong if the client has not moved all exchanges on in time."""
    waiting = _wait_until_moved(link, ids, status, within)
    if not waiting:
        return None
    return _Failure(*_describe_waiting(waiting, status, within), tuple(_list_calls(link)))


def _finish(item: ExamItem, began: float, failure: _Failure | None, mistake: str) -> ExamItem:
    """Return the item with its seconds and, if the client failed, what it did and the mistake."""
    seconds = monotonic_seconds() - began
    if failure is None:
        return replace(item, seconds=seconds)
    return replace(
        item,
        outcome="failed",
        zh=failure.zh,
        en=failure.en,
        evidence=failure.calls,
        mistake=mistake,
        seconds=seconds,
    )


def _open(link: Link, status: int) -> str:
    return str(link.ask("POST", "exchanges", {"status": status})["dispute_id"])


def _wait_until_moved(link: Link, ids: Sequence[str], status: int, within: timedelta) -> list[str]:
    """Return the exchanges that the client has not moved on from the status in time."""
    end = monotonic_seconds() + within.total_seconds()
    while True:
        waiting = [number for number in ids if not _was_moved(link, number, status)]
        if not waiting or monotonic_seconds() >= end:
            return waiting
        sleep(_POLL_SECONDS)


def _was_moved(link: Link, number: str, status: int) -> bool:
    """Return True if the seller has moved the exchange from the status to another."""
    timeline: Sequence[Mapping[str, Any]] = link.ask("GET", f"exchanges/{number}")["timeline"]
    return any(
        event["by"] == Actor.SELLER.value and event["from"] == status and event["to"] != status
        for event in timeline
    )


def _describe_waiting(ids: Sequence[str], status: int, within: timedelta) -> tuple[str, str]:
    names = ", ".join(ids)
    seconds = f"{within.total_seconds():g}"
    return (
        f"换货单 {names} 停在状态 {status}，{seconds} 秒内没有办理",
        f"exchanges {names} still wait at status {status} after {seconds} s",
    )


def _list_calls(link: Link) -> list[str]:
    """Return a line for each of the last calls, oldest first."""
    calls = link.ask("GET", "requests", limit=8)["items"]
    return [
        f"{call['method'] or '-'} {call['dispute_id']} {call['outcome']}".rstrip()
        for call in reversed(calls)
    ]

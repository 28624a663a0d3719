"""The page of the message channel: what is queued, sent and confirmed, and sending it again."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any

from ..domain.topics import TOPICS
from ..service.serializers import serialize_notification
from ..world.channel import Channel
from ..world.faults.message_fault_kinds import MESSAGE_FAULTS
from ..world.notifications import DeliveryState, Notification
from .page import Page
from .visit import Answer, View, Visit, read_page_number

__all__ = ["PAGES"]

_PAGE_SIZE = 50
_FILTERS: Mapping[str, Callable[[Notification], str]] = {
    "group": lambda message: message.group,
    "topic": lambda message: message.topic,
    "state": lambda message: message.state.value,
    "dispute_id": lambda message: str(message.dispute_id or ""),
}


def _list(visit: Visit) -> Answer:
    with visit.world.unit_of_work() as work:
        channel = work.channel
        total, rows, page_no = _find(visit, channel)
        return View(
            "messages",
            {
                "rows": [_describe(channel, item) for item in rows],
                "total": total,
                "waiting": channel.waiting_count,
                "page_no": page_no,
                "pages": max(1, -(-total // _PAGE_SIZE)),
                "groups": channel.group_names,
                "topics": list(TOPICS),
                "states": list(DeliveryState),
                "state_names": dict(_name_states(visit)),
                "faults": MESSAGE_FAULTS,
                "tmc": visit.context.tmc_port(),
            },
        )


def _find(visit: Visit, channel: Channel) -> tuple[int, list[Notification], int]:
    """Return how many messages match the query, a page of them, newest first, and its number.

    A channel keeps up to 100,000: without a filter none of them is looked at but those of the page.
    """
    wish = {name: visit.text(name) for name in _FILTERS if visit.text(name)}
    newest_first = reversed(channel.notifications())
    total = channel.count
    if wish:
        getters = [(_FILTERS[name], value) for name, value in wish.items()]
        matches = [
            item for item in newest_first if all(get(item) == value for get, value in getters)
        ]
        total, newest_first = len(matches), iter(matches)
    page_no = read_page_number(visit, total, _PAGE_SIZE)
    start = (page_no - 1) * _PAGE_SIZE
    return total, list(islice(newest_first, start, start + _PAGE_SIZE)), page_no


def _name_states(visit: Visit) -> Iterator[tuple[str, str]]:
    zh = {"queued": "等待", "confirmed": "已确认", "failed": "失败", "lost": "丢失"}
    for state in DeliveryState:
        yield state.value, visit.translate(zh[state.value], state.value)


def _describe(channel: Channel, notification: Notification) -> dict[str, Any]:
    document = serialize_notification(channel, notification)
    return {**document, "content": channel.content(notification)}  # as it was sent


def _resend(visit: Visit) -> Answer:
    number = visit.field("message_id")
    address = number if number.isascii() and number.isdigit() else "-"
    visit.ask("POST", f"messages/{address}/resend")
    return visit.succeed(
        f"消息 {number} 会立刻重发",
        f"message {number} is sent again at once",
        visit.link("messages"),
    )


_M = "s/<id>/messages"
PAGES: tuple[Page, ...] = (Page("GET", _M, _list), Page("POST", f"{_M}/resend", _resend, _list))

"""The page of the message channel: what is queued, sent and confirmed, and sending it again."""

from collections.abc import Iterator
from typing import Any

from ..protocol.shapes import format_time
from ..world.channel import Channel
from ..world.notifications import DeliveryState, Notification
from .page import Page
from .visit import Answer, View, Visit, read_page_number

__all__ = ["PAGES"]

_PAGE_SIZE = 50


def _list(visit: Visit) -> Answer:
    with visit.world.unit_of_work() as work:
        channel = work.channel
        notifications = channel.notifications()
        matches = [item for item in reversed(notifications) if _matches(visit, item)]
        page_no = read_page_number(visit, len(matches), _PAGE_SIZE)
        start = (page_no - 1) * _PAGE_SIZE
        return View(
            "messages",
            {
                "rows": [_describe(channel, item) for item in matches[start : start + _PAGE_SIZE]],
                "total": len(matches),
                "waiting": sum(item.state is DeliveryState.QUEUED for item in notifications),
                "page_no": page_no,
                "pages": max(1, -(-len(matches) // _PAGE_SIZE)),
                "groups": sorted({item.group for item in notifications}),
                "topics": sorted({item.topic for item in notifications}),
                "states": list(DeliveryState),
                "state_names": dict(_name_states(visit)),
                "tmc": visit.context.tmc_port(),
            },
        )


def _matches(visit: Visit, notification: Notification) -> bool:
    """Return True if the message is one that the filters in the address ask for."""
    values = {
        "group": notification.group,
        "topic": notification.topic,
        "state": notification.state.value,
        "dispute_id": str(notification.dispute_id or ""),
    }
    return all(visit.text(name) in ("", value) for name, value in values.items())


def _name_states(visit: Visit) -> Iterator[tuple[str, str]]:
    zh = {"queued": "等待", "confirmed": "已确认", "failed": "失败"}
    for state in DeliveryState:
        yield state.value, visit.translate(zh[state.value], state.value)


def _describe(channel: Channel, notification: Notification) -> dict[str, Any]:
    delivered = notification.delivered
    return {
        "id": str(notification.number),
        "topic": notification.topic,
        "group": notification.group,
        "state": notification.state.value,
        "dispute_id": str(notification.dispute_id or ""),
        "app_key": notification.app_key,
        "content": channel.content(notification),
        "published": format_time(channel.show(notification.published)),
        "deliveries": notification.deliveries,
        "delivered": "" if delivered is None else format_time(channel.show(delivered)),
        "error": notification.error,
    }


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

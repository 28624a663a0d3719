"""Routes of the message channel: what is queued, sent and confirmed, and sending it again."""

import re
from typing import Any

import msgspec

from ..protocol.shapes import format_time
from ..service.problem import Problem
from ..service.route_replies import Listing, NotificationDocument
from ..world.channel import Channel
from ..world.notifications import DeliveryState, Notification
from .route import ControlRequest, Route

__all__ = ["ROUTES"]


def _serialize(channel: Channel, notification: Notification) -> dict[str, Any]:
    text = channel.content(notification)
    try:
        content = msgspec.json.decode(text)
    except msgspec.DecodeError:  # an app may publish any text
        content = text
    delivered = notification.delivered
    return {
        "id": str(notification.number),
        "topic": notification.topic,
        "group": notification.group,
        "state": notification.state.value,
        "app_key": notification.app_key,
        "shop": notification.shop,
        "dispute_id": str(notification.dispute_id or ""),
        "content": content,
        "published": format_time(channel.show(notification.published)),
        "deliveries": notification.deliveries,
        "delivered": format_time(channel.show(delivered)) if delivered else None,
        "error": notification.error,
    }


def _messages(request: ControlRequest) -> tuple[int, Any]:
    """Return the messages that are kept, oldest first; each part of the query has to fit."""
    query = request.query
    states = [state.value for state in DeliveryState]
    if query.get("state", states[0]) not in states:
        names = ", ".join(states)
        raise Problem(
            400,
            f"没有消息状态 {query['state']}；有 {names}",
            f"no state {query['state']}; there are {names}",
            field="state",
        )
    with request.world.unit_of_work() as work:
        items = [
            _serialize(work.channel, notification)
            for notification in work.channel.notifications()
            if query.get("group", notification.group) == notification.group
            and query.get("dispute_id", str(notification.dispute_id))
            == str(notification.dispute_id)
            and query.get("topic", notification.topic) == notification.topic
            and query.get("state", notification.state.value) == notification.state.value
        ]
    return 200, {"total": len(items), "items": items}


def _resend(request: ControlRequest) -> tuple[int, Any]:
    text = request.path["message_id"]
    with request.world.unit_of_work() as work:
        channel = work.channel
        sent = channel.resend(int(text)) if re.fullmatch(r"[0-9]{1,19}", text) else None
        if sent is None:
            raise Problem(
                404,
                f"没有消息 {text}；GET …/messages 列出现有的",
                f"no message {text}; GET …/messages lists those there are",
                field="message_id",
            )
        return 200, _serialize(channel, sent)


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_S}/messages",
        _messages,
        "消息通道里的消息",
        "messages of the message channel",
        query=("group", "topic", "state", "dispute_id"),
        reply=Listing[NotificationDocument],
    ),
    Route(
        "POST",
        f"{_S}/messages/{{message_id}}/resend",
        _resend,
        "立刻重发一条消息",
        "send a message again at once",
        reply=NotificationDocument,
    ),
)

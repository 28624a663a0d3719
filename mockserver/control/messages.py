"""Routes of the message channel: what is queued, sent and confirmed, and sending it again."""

import re
from typing import Any

from ..service.problem import Problem
from ..service.route_replies import Listing, NotificationDocument
from ..service.serializers import serialize_notification
from ..world.notifications import DeliveryState
from .route import ControlRequest, Route

__all__ = ["ROUTES"]


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
            serialize_notification(work.channel, notification)
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
        return 200, serialize_notification(channel, sent)


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

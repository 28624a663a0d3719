"""What an `expect` says of the message channel (TMC).

`messages: {pushed: [taobao_dispute_RefundCreated], queued: 1}` is about the exchange's messages of
the channel, oldest first: `pushed` are all that the platform has put out, `queued`, `confirmed` and
`failed` those of one state.  Each is compared with a number, with topics, or with members.
"""

from collections.abc import Iterator
from typing import Any

from ..domain.topics import TOPICS
from ..world.document import unknown_name
from .matching import is_operator
from .observed_state import CHANNEL_PARTS
from .shape_checks import LIST_PLACES, check_keys, check_list, is_reference, list_items
from .yaml_text import FileMistake, Node

__all__ = ["check_channel", "is_about_channel", "reduce_notifications"]

_NOTIFICATION_FIELDS = (
    "id",
    "topic",
    "group",
    "state",
    "app_key",
    "shop",
    "dispute_id",
    "content",
    "published",
    "deliveries",
    "delivered",
    "error",
)
_CONTENT_MEMBERS = tuple(
    dict.fromkeys(member for topic in TOPICS.values() for member in topic.members)
)


def check_channel(node: Node) -> Iterator[FileMistake]:
    """Yield mistakes in a mapping of the channel's parts."""
    yield from check_keys(node, (*CHANNEL_PARTS, *LIST_PLACES), "项")
    for part in CHANNEL_PARTS:
        if part in node.value:
            yield from _check_notifications(node.value[part])


def _check_notifications(node: Node) -> Iterator[FileMistake]:
    """Yield mistakes in what is expected of messages of the channel: topics, or members."""
    yield from check_list(node)
    for item in list_items(node):
        if not isinstance(item.value, dict) or is_operator(item.value):
            yield from _check_topic(item)
            continue
        yield from check_keys(item, _NOTIFICATION_FIELDS, "字段")
        if "topic" in item.value:
            yield from _check_topic(item.value["topic"])
        if "content" in item.value:
            yield from check_keys(item.value["content"], _CONTENT_MEMBERS, "字段")


def _check_topic(node: Node) -> Iterator[FileMistake]:
    """Yield a mistake if a text is no topic's name."""
    if isinstance(node.value, str) and node.value not in TOPICS and not is_reference(node.value):
        wrong = unknown_name("topic", node.value, TOPICS, "主题")
        yield node.mistake(wrong.zh, wrong.en)


def is_about_channel(value: Any) -> bool:
    """Return True for a mapping of the channel's parts, not of operators."""
    return isinstance(value, dict) and not is_operator(value)


def reduce_notifications(node: Node, notifications: list[Any]) -> Any:
    """Return what is compared with `node`: the number of messages, their topics, or all of them."""
    if isinstance(node.value, int):
        return len(notifications)
    items = list_items(node)
    if items and all(isinstance(item.value, str) for item in items):
        return [notification["topic"] for notification in notifications]
    return notifications

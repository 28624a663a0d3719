"""What the methods of the message channel do: each changes the sandbox's channel, or takes from it.

Source: docs/spec/top-protocol.md#top-7.1, #top-7.2.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from ..api.declaration import split_field_names
from ..domain.catalogue import Shop
from ..domain.topics import TOPICS
from ..protocol.binding import make_invalid_error
from ..protocol.shapes import Items, Tree
from ..world.notifications import DEFAULT_GROUP, DeliveryState
from .write_context import WriteContext

__all__ = ["CHANNEL_WRITES"]

MAX_GROUP_CHARACTERS = 32
MAX_PRODUCED = 50


def _text(write: WriteContext, name: str, default: str = "") -> str:
    """Return a text parameter."""
    return cast("str", write.arguments.get(name, default)) or default


def _names(write: WriteContext, name: str) -> tuple[str, ...]:
    """Return a list parameter, each item once."""
    return tuple(dict.fromkeys(cast("Iterable[str]", write.arguments.get(name, ()))))


class _Produced(Struct, frozen=True):
    """One message of `tmc.messages.produce`."""

    topic: str
    content: str
    target_group: str = ""


def _find_shop(write: WriteContext, nick: str, field: str = "nick") -> Shop:
    for shop in write.work.view.shops():
        if nick in (shop.nick, ""):
            return shop
    names = "、".join(shop.nick for shop in write.work.view.shops())
    raise make_invalid_error(
        field, f"没有用户 {nick}；可用：{names}", f"no such user; use: {names}"
    )


def _find_group(write: WriteContext, name: str, field: str = "group_name") -> str:
    """Return the name of a queue of the app.  Raises TopError 41: there is none."""
    channel, app_key = write.work.channel, write.app.app_key
    name = name or DEFAULT_GROUP
    if not channel.has_group(app_key, name):
        names = "、".join([DEFAULT_GROUP, *(group.name for group in channel.groups(app_key))])
        raise make_invalid_error(
            field, f"没有分组 {name}；可用：{names}", f"no group {name}; use: {names}"
        )
    return name


def _check_new_group(write: WriteContext) -> str:
    name = _text(write, "group_name")
    if name.startswith(DEFAULT_GROUP) or len(name) > MAX_GROUP_CHARACTERS:
        raise make_invalid_error(
            "group_name",
            f"不能以 default 开头，至多 {MAX_GROUP_CHARACTERS} 字符",
            f"does not begin with default, at most {MAX_GROUP_CHARACTERS} characters",
        )
    return name


def _warn_of_topics(write: WriteContext, topics: Iterable[str]) -> None:
    """Note topics that this server never sends; the platform has many more."""
    silent = [topic for topic in topics if topic not in TOPICS]
    if silent:
        names = "、".join(silent[:5])
        write.warnings.append(
            f"本服务不发这些主题：{names} (topics that this server does not send)"
        )


def _permit(write: WriteContext) -> Tree:
    assert write.session is not None
    topics = _names(write, "topics")
    _warn_of_topics(write, topics)
    write.work.channel.subscribe(write.app.app_key, write.session.shop, topics or None)
    return {"is_success": True}


def _cancel(write: WriteContext) -> Tree:
    shop = _find_shop(write, _text(write, "nick"))
    channel = write.work.channel
    topics = channel.subscription(write.app.app_key, shop.nick).topics
    channel.subscribe(write.app.app_key, shop.nick, topics, valid=False)
    return {"is_success": True}


def _topics_of(write: WriteContext, shop: Shop) -> tuple[str, ...]:
    """Return the topics that a user is permitted to, sorted."""
    subscription = write.work.channel.subscription(write.app.app_key, shop.nick)
    rules = write.work.view.rules
    sent = [topic.name for topic in TOPICS.values() if not topic.rule or rules[topic.rule]]
    topics = sent if subscription.topics is None else subscription.topics
    return tuple(sorted(topics)) if subscription.valid else ()


def _user(write: WriteContext) -> Tree:
    shop = _find_shop(write, _text(write, "nick"))
    channel = write.work.channel
    subscription = channel.subscription(write.app.app_key, shop.nick)
    topics = _topics_of(write, shop)
    instants = {"created": subscription.created, "modified": subscription.modified}
    values: Tree = {
        **{name: write.view.time(at) for name, at in instants.items() if at is not None},
        "group_name": channel.group_of(write.app.app_key, shop.nick),
        "is_valid": subscription.valid,
        "user_id": shop.seller_id,
        "user_nick": shop.nick,
        "user_platform": "tbUIC",
    }
    if topics:
        values["topics"] = Items("string", topics)
    fields = split_field_names(write.arguments["fields"])
    return {"tmc_user": {name: values[name] for name in sorted(values) if name in fields}}


def _user_topics(write: WriteContext) -> Tree:
    topics = _topics_of(write, _find_shop(write, _text(write, "nick")))
    named = {"topics": Items("string", topics)} if topics else {}
    return {"result_code": "0", "result_message": "success", **named}


def _consume(write: WriteContext) -> Tree:
    group = _find_group(write, _text(write, "group_name"))
    channel = write.work.channel
    quantity = cast("int", write.arguments["quantity"])
    rows = [
        {
            "content": channel.content(notification),
            "id": notification.number,
            "pub_app_key": notification.publisher,
            "pub_time": write.view.time(notification.published),
            "topic": notification.topic,
            "user_id": notification.user_id,
            "user_nick": notification.user_nick,
        }
        for notification in channel.take(write.app.app_key, group, quantity)
    ]
    return {"messages": Items("tmc_message", rows)} if rows else {}


def _confirm(write: WriteContext) -> Tree:
    group = _find_group(write, _text(write, "group_name"))
    channel, queue = write.work.channel, (write.app.app_key, group)
    ids = {
        name: [int(number) for number in _names(write, name)]
        for name in ("s_message_ids", "f_message_ids")
    }
    for name, numbers in ids.items():
        for number in numbers:
            notification = channel.find(number)
            if notification and (notification.app_key, notification.group) != queue:
                raise make_invalid_error(
                    name,
                    f"消息 {number} 不在分组 {group}",
                    f"message {number} is not in group {group}",
                )
    unknown = channel.confirm(*queue, ids["s_message_ids"])
    unknown += channel.fail(*queue, ids["f_message_ids"], "f_message_ids")
    if unknown:
        write.warnings.append(
            f"没有这些消息(可能已过期)：{unknown[:5]} (no such messages, perhaps too old)"
        )
    return {"is_success": True}


def _queue(write: WriteContext) -> Tree:
    group = _find_group(write, _text(write, "group_name"))
    own = [
        notification
        for notification in write.work.channel.notifications()
        if (notification.app_key, notification.group) == (write.app.app_key, group)
        and notification.state is not DeliveryState.LOST
    ]
    row = {
        "broker_name": "sandbox",
        "get_total": sum(1 for notification in own if notification.deliveries),
        "name": group,
        "put_toal": len(own),
    }
    return {"datas": Items("tmc_queue_info", [row])}


def _add_group(write: WriteContext) -> Tree:
    name = _check_new_group(write)
    nicks = [_find_shop(write, nick, "nicks").nick for nick in _names(write, "nicks")]
    group = write.work.channel.extend_group(write.app.app_key, name, nicks=nicks)
    return {"created": write.view.time(group.created), "group_name": group.name}


def _delete_group(write: WriteContext) -> Tree:
    name = _find_group(write, _check_new_group(write))
    nicks = _names(write, "nicks")
    channel = write.work.channel
    if nicks:
        channel.shrink_group(write.app.app_key, name, nicks=nicks)
    else:
        channel.delete_group(write.app.app_key, name)
    return {"is_success": True}


def _groups(write: WriteContext) -> Tree:
    chosen = _names(write, "group_names")
    groups = [
        {"name": group.name}
        for group in write.work.channel.groups(write.app.app_key)
        if not chosen or group.name in chosen
    ]
    page_no = cast("int", write.arguments["page_no"])
    size = cast("int", write.arguments["page_size"])
    page = groups[(page_no - 1) * size : page_no * size]
    rows = {"groups": Items("tmc_group", page)} if page else {}
    return {**rows, "total_results": len(groups)}


def _add_topics(write: WriteContext) -> Tree:
    name, topics = _check_new_group(write), _names(write, "topics")
    _warn_of_topics(write, topics)
    write.work.channel.extend_group(write.app.app_key, name, topics=topics)
    return {"result": True}


def _delete_topics(write: WriteContext) -> Tree:
    name = _find_group(write, _check_new_group(write))
    write.work.channel.shrink_group(write.app.app_key, name, topics=_names(write, "topics"))
    return {"result": True}


def _produce_one(write: WriteContext, message: _Produced) -> str:
    own = write.session.shop if write.session is not None else _find_shop(write, "").nick
    group = message.target_group and _find_group(write, message.target_group, "target_group")
    notification = write.work.channel.publish(
        app_key=write.app.app_key,
        shop=own,
        topic=message.topic,
        content=message.content,
        group=group,
    )
    return str(notification.number)


def _produce(write: WriteContext) -> Tree:
    message = _Produced(*(_text(write, name) for name in _Produced.__struct_fields__))
    number = _produce_one(write, message)
    return {"is_success": True, "msg_ids": Items("string", [number]), "total": 1}


def _produce_all(write: WriteContext) -> Tree:
    try:
        messages = msgspec.json.decode(_text(write, "messages"), type=list[_Produced])
    except msgspec.DecodeError as wrong:
        raise make_invalid_error(
            "messages", f"不是消息列表：{wrong}", f"no list: {wrong}"
        ) from None
    if not 1 <= len(messages) <= MAX_PRODUCED:
        raise make_invalid_error(
            "messages", f"应为 1 到 {MAX_PRODUCED} 条", f"1 to {MAX_PRODUCED} messages"
        )
    for message in messages:
        if message.target_group:
            _find_group(write, message.target_group, "messages")
    results: list[dict[str, Any]] = []
    for message in messages:
        _produce_one(write, message)
        results.append({"is_success": True})
    return {"is_all_success": True, "results": Items("tmc_produce_result", results)}


CHANNEL_WRITES: Mapping[str, Callable[[WriteContext], Tree]] = {
    "permit": _permit,
    "cancel": _cancel,
    "user": _user,
    "user_topics": _user_topics,
    "consume": _consume,
    "confirm": _confirm,
    "queue": _queue,
    "add_group": _add_group,
    "delete_group": _delete_group,
    "groups": _groups,
    "add_topics": _add_topics,
    "delete_topics": _delete_topics,
    "produce": _produce,
    "produce_all": _produce_all,
}

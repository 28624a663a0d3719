"""What the methods of the message channel do: each command by the name its declaration gives.

A command changes the sandbox's channel within the call's unit of work, or reads it, and returns the
members of the reply.  It checks everything before it changes anything.

Source: docs/spec/top-protocol.md#top-7.1, #top-7.2.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

import msgspec
from msgspec import Struct

from ..api.declaration import Method, split_field_names
from ..api.records import RecordView
from ..domain.catalogue import Shop
from ..domain.topics import TOPICS
from ..protocol.binding import Arguments, make_invalid_error
from ..protocol.shapes import Items, Tree
from ..world.identity import App, Session
from ..world.notifications import DEFAULT_GROUP
from ..world.unit_of_work import UnitOfWork

__all__ = ["COMMANDS", "CommandContext"]

MAX_GROUP_CHARACTERS = 32
MAX_PRODUCED = 50


class CommandContext(Struct, frozen=True):
    """A bound command: whose, in which unit of work; `warnings` go into the journal."""

    method: Method
    work: UnitOfWork
    app: App
    session: Session | None
    arguments: Arguments
    view: RecordView
    warnings: list[str]

    def text(self, name: str, default: str = "") -> str:
        """Return a text parameter."""
        return cast("str", self.arguments.get(name, default)) or default

    def names(self, name: str) -> tuple[str, ...]:
        """Return a list parameter, each item once."""
        return tuple(dict.fromkeys(cast("Iterable[str]", self.arguments.get(name, ()))))


class _Produced(Struct, frozen=True):
    """One message of `tmc.messages.produce`."""

    topic: str
    content: str
    target_group: str = ""


def _find_shop(context: CommandContext, nick: str, field: str = "nick") -> Shop:
    for shop in context.work.view.shops():
        if nick in (shop.nick, ""):
            return shop
    names = "、".join(shop.nick for shop in context.work.view.shops())
    raise make_invalid_error(
        field, f"没有用户 {nick}；可用：{names}", f"no such user; use: {names}"
    )


def _find_group(context: CommandContext, name: str, field: str = "group_name") -> str:
    """Return the name of a queue of the app.  Raises TopError 41: there is none."""
    channel, app_key = context.work.channel, context.app.app_key
    name = name or DEFAULT_GROUP
    if not channel.has_group(app_key, name):
        names = "、".join([DEFAULT_GROUP, *(group.name for group in channel.groups(app_key))])
        raise make_invalid_error(
            field, f"没有分组 {name}；可用：{names}", f"no group {name}; use: {names}"
        )
    return name


def _check_new_group(context: CommandContext) -> str:
    name = context.text("group_name")
    if name.startswith(DEFAULT_GROUP) or len(name) > MAX_GROUP_CHARACTERS:
        raise make_invalid_error(
            "group_name",
            f"不能以 default 开头，至多 {MAX_GROUP_CHARACTERS} 字符",
            f"does not begin with default, at most {MAX_GROUP_CHARACTERS} characters",
        )
    return name


def _warn_of_topics(context: CommandContext, topics: Iterable[str]) -> None:
    """Note topics that this server never sends; the platform has many more."""
    silent = [topic for topic in topics if topic not in TOPICS]
    if silent:
        names = "、".join(silent[:5])
        context.warnings.append(
            f"本服务不发这些主题：{names} (topics that this server does not send)"
        )


def _permit(context: CommandContext) -> Tree:
    assert context.session is not None
    topics = context.names("topics")
    _warn_of_topics(context, topics)
    context.work.channel.subscribe(context.app.app_key, context.session.shop, topics or None)
    return {"is_success": True}


def _cancel(context: CommandContext) -> Tree:
    shop = _find_shop(context, context.text("nick"))
    channel = context.work.channel
    topics = channel.subscription(context.app.app_key, shop.nick).topics
    channel.subscribe(context.app.app_key, shop.nick, topics, valid=False)
    return {"is_success": True}


def _topics_of(context: CommandContext, shop: Shop) -> tuple[str, ...]:
    """Return the topics that a user is permitted to, sorted."""
    subscription = context.work.channel.subscription(context.app.app_key, shop.nick)
    rules = context.work.view.rules
    sent = [topic.name for topic in TOPICS.values() if not topic.rule or rules[topic.rule]]
    topics = sent if subscription.topics is None else subscription.topics
    return tuple(sorted(topics)) if subscription.valid else ()


def _user(context: CommandContext) -> Tree:
    shop = _find_shop(context, context.text("nick"))
    channel = context.work.channel
    subscription = channel.subscription(context.app.app_key, shop.nick)
    topics = _topics_of(context, shop)
    instants = {"created": subscription.created, "modified": subscription.modified}
    values: Tree = {
        **{name: context.view.time(at) for name, at in instants.items() if at is not None},
        "group_name": channel.group_of(context.app.app_key, shop.nick),
        "is_valid": subscription.valid,
        "user_id": shop.seller_id,
        "user_nick": shop.nick,
        "user_platform": "tbUIC",
    }
    if topics:
        values["topics"] = Items("string", topics)
    fields = split_field_names(context.arguments["fields"])
    return {"tmc_user": {name: values[name] for name in sorted(values) if name in fields}}


def _user_topics(context: CommandContext) -> Tree:
    topics = _topics_of(context, _find_shop(context, context.text("nick")))
    named = {"topics": Items("string", topics)} if topics else {}
    return {"result_code": "0", "result_message": "success", **named}


def _consume(context: CommandContext) -> Tree:
    group = _find_group(context, context.text("group_name"))
    channel = context.work.channel
    quantity = cast("int", context.arguments["quantity"])
    rows = [
        {
            "content": channel.content(notification),
            "id": notification.number,
            "pub_app_key": notification.publisher,
            "pub_time": context.view.time(notification.published),
            "topic": notification.topic,
            "user_id": notification.user_id,
            "user_nick": notification.user_nick,
        }
        for notification in channel.take(context.app.app_key, group, quantity)
    ]
    return {"messages": Items("tmc_message", rows)} if rows else {}


def _confirm(context: CommandContext) -> Tree:
    group = _find_group(context, context.text("group_name"))
    channel, queue = context.work.channel, (context.app.app_key, group)
    ids = {
        name: [int(number) for number in context.names(name)]
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
        context.warnings.append(
            f"没有这些消息(可能已过期)：{unknown[:5]} (no such messages, perhaps too old)"
        )
    return {"is_success": True}


def _queue(context: CommandContext) -> Tree:
    group = _find_group(context, context.text("group_name"))
    own = [
        notification
        for notification in context.work.channel.notifications()
        if (notification.app_key, notification.group) == (context.app.app_key, group)
    ]
    row = {
        "broker_name": "sandbox",
        "get_total": sum(1 for notification in own if notification.deliveries),
        "name": group,
        "put_toal": len(own),
    }
    return {"datas": Items("tmc_queue_info", [row])}


def _add_group(context: CommandContext) -> Tree:
    name = _check_new_group(context)
    nicks = [_find_shop(context, nick, "nicks").nick for nick in context.names("nicks")]
    group = context.work.channel.extend_group(context.app.app_key, name, nicks=nicks)
    return {"created": context.view.time(group.created), "group_name": group.name}


def _delete_group(context: CommandContext) -> Tree:
    name = _find_group(context, _check_new_group(context))
    nicks = context.names("nicks")
    channel = context.work.channel
    if nicks:
        channel.shrink_group(context.app.app_key, name, nicks=nicks)
    else:
        channel.delete_group(context.app.app_key, name)
    return {"is_success": True}


def _groups(context: CommandContext) -> Tree:
    chosen = context.names("group_names")
    groups = [
        {"name": group.name}
        for group in context.work.channel.groups(context.app.app_key)
        if not chosen or group.name in chosen
    ]
    page_no = cast("int", context.arguments["page_no"])
    size = cast("int", context.arguments["page_size"])
    page = groups[(page_no - 1) * size : page_no * size]
    rows = {"groups": Items("tmc_group", page)} if page else {}
    return {**rows, "total_results": len(groups)}


def _add_topics(context: CommandContext) -> Tree:
    name, topics = _check_new_group(context), context.names("topics")
    _warn_of_topics(context, topics)
    context.work.channel.extend_group(context.app.app_key, name, topics=topics)
    return {"result": True}


def _delete_topics(context: CommandContext) -> Tree:
    name = _find_group(context, _check_new_group(context))
    context.work.channel.shrink_group(context.app.app_key, name, topics=context.names("topics"))
    return {"result": True}


def _produce_one(context: CommandContext, message: _Produced) -> str:
    own = context.session.shop if context.session is not None else _find_shop(context, "").nick
    group = message.target_group and _find_group(context, message.target_group, "target_group")
    notification = context.work.channel.publish(
        app_key=context.app.app_key,
        shop=own,
        topic=message.topic,
        content=message.content,
        group=group,
    )
    return str(notification.number)


def _produce(context: CommandContext) -> Tree:
    message = _Produced(*(context.text(name) for name in _Produced.__struct_fields__))
    number = _produce_one(context, message)
    return {"is_success": True, "msg_ids": Items("string", [number]), "total": 1}


def _produce_all(context: CommandContext) -> Tree:
    try:
        messages = msgspec.json.decode(context.text("messages"), type=list[_Produced])
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
            _find_group(context, message.target_group, "messages")
    results: list[dict[str, Any]] = []
    for message in messages:
        _produce_one(context, message)
        results.append({"is_success": True})
    return {"is_all_success": True, "results": Items("tmc_produce_result", results)}


COMMANDS: Mapping[str, Callable[[CommandContext], Tree]] = {
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

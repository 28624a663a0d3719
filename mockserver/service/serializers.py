"""Write a sandbox as JSON values of the control API: exchanges, events, messages, clock, stock.

These functions stand below the doors because in-process handles and HTTP give the same documents.
Instants are what users see (inner time less `aged`), ids are texts, statuses are numbers.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import asdict

from ..api.records import (
    EXCHANGE,
    MESSAGE,
    RecordKind,
    RecordView,
    build_exchange_record,
    build_message_record,
)
from ..domain.behaviours import PlannedAction
from ..domain.exchange import Event, Exchange, Message
from ..domain.ledger import Accounts
from ..domain.play import deadline, deadline_rule, possible
from ..domain.vocabulary import Role
from ..protocol.json_form import to_plain_values
from ..protocol.shapes import format_time
from ..world.channel import Channel
from ..world.notifications import Notification
from ..world.sandbox_uses import SandboxUses
from ..world.world import World
from .problem import group_by_actor

__all__ = [
    "serialize_accounts",
    "serialize_clock",
    "serialize_event",
    "serialize_exchange",
    "serialize_message",
    "serialize_notification",
    "serialize_sandbox",
    "serialize_use",
]

_FIELDS = tuple(column.field.name for column in EXCHANGE)
_MESSAGE_FIELDS = tuple(column.field.name for column in MESSAGE)


def serialize_exchange(world: World, exchange: Exchange, base_url: str) -> dict[str, Any]:
    """Return an exchange with its deadline, possible moves, timeline, and record.

    The record is as the wire shows it, but for personal data, which a test may see plain.
    """
    state = world.view
    view = RecordView(state.rules, state.clock.aged, base_url, world.id, state.table)
    record = build_exchange_record(exchange, _FIELDS, RecordKind.GET, view)
    due = deadline(exchange, state.rules, state.table)
    return {
        "dispute_id": str(exchange.dispute_id),
        "status": exchange.status.value,
        "status_text": record["status"],
        "ruleset": exchange.ruleset.value,
        "shop": exchange.shop,
        "tid": str(exchange.tid),
        "oid": str(exchange.oid),
        "cs_status": exchange.cs_status.value,
        "created": record["created"],
        "modified": record["modified"],
        "deadline": None if due is None else view.time(due),
        "possible": group_by_actor(possible(exchange, state.rules, state.table)),
        "timeline": [
            serialize_event(event, state.clock.aged)
            for event in state.timeline(exchange.dispute_id)
        ],
        "exchange": record,
    }


def serialize_event(event: Event, aged: timedelta) -> dict[str, Any]:
    """Return one event; `rule` names the row of the table, `from` is None for an application."""
    return {
        "number": event.number,
        "dispute_id": str(event.dispute_id),
        "at": format_time(event.at - aged),
        "by": event.role.actor.value,
        "sub": event.role is Role.SELLER_SUB,
        "role": event.role.zh,
        "move": event.move,
        "from": None if event.source is None else event.source.value,
        "to": event.target.value,
        "rule": event.rule,
        "stock": [asdict(entry) for entry in event.entries],
        "cs_status": [status.value for status in event.cs],
    }


def serialize_message(world: World, message: Message, base_url: str) -> dict[str, Any]:
    """Return a message as tmall.exchange.messages.get has it, lists unwrapped."""
    view = RecordView(world.view.rules, world.view.clock.aged, base_url, world.id, world.view.table)
    record: dict[str, Any] = to_plain_values(
        build_message_record(message, _MESSAGE_FIELDS, RecordKind.MESSAGE_LISTED, view),
        simplify=True,
    )
    return {**record, "refund_id": str(message.dispute_id)}


def serialize_notification(channel: Channel, notification: Notification) -> dict[str, Any]:
    """Return a message of the message channel; `content` is its JSON, else the text itself."""
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


def serialize_clock(world: World, limit: int) -> dict[str, Any]:
    """Return mode, now, and the first `limit` of the coming deadlines with their rules.

    With robots also the first `limit` of their plans.
    """
    deadlines = [
        {
            "at": format_time(at),
            "dispute_id": str(exchange.dispute_id),
            "rule": deadline_rule(exchange, world.view.table),
        }
        for at, exchange in world.deadlines(limit)
    ]
    document = {
        "mode": "running" if world.view.clock.running else "frozen",
        "now": format_time(world.now),
        "deadlines": deadlines,
    }
    return (
        {**document, "planned": [_serialize_plan(plan) for plan in world.planned()[:limit]]}
        if world.view.robots
        else document
    )


def _serialize_plan(plan: PlannedAction) -> dict[str, str | None]:
    return {
        "at": format_time(plan.at),
        "dispute_id": str(plan.dispute_id) if plan.dispute_id else None,
        "by": plan.party.value,
        "move": plan.move,
    }


def serialize_accounts(world: World, sku: str, accounts: Accounts) -> dict[str, Any]:
    """Return the four accounts of a SKU that replies have, with its goods' name and title."""
    goods = world.view.goods_of_sku(sku)
    return {
        "name": goods.name if goods else sku,
        "sku_id": sku,
        "title": goods.title if goods else "",
        "available": accounts.available,
        "reserved": accounts.reserved,
        "shipped": accounts.shipped,
        "returned": accounts.returned,
    }


def serialize_sandbox(world: World, base_url: str, tmc_port: int = 0) -> dict[str, Any]:
    """Return how to attach to a sandbox: app, sessions, gateway, shops, goods, snapshots."""
    with world.unit_of_work():
        return {**_serialize_sandbox(world, base_url), "tmc": _tmc_url(base_url, tmc_port)}


def serialize_use(world: World, uses: SandboxUses) -> dict[str, Any]:
    """Return a sandbox's sizes, its last use and when it expires; both are real instants."""
    expires, used = uses.expires(world.id), uses.last(world.id)
    with world.unit_of_work():
        pictures = world.view.pictures()
        return {
            "size": {
                "exchanges": world.view.exchange_count,
                "requests": world.journal.position[1],
                "request_bytes": world.journal.kept_bytes,
                "pictures": len(pictures),
                "picture_bytes": sum(map(len, pictures.values())),
                "snapshots": len(world.snapshot_names()),
            },
            "last_used": None if used is None else format_time(used),
            "expires": None if expires is None else format_time(expires),
        }


def _tmc_url(base_url: str, port: int) -> str:
    """Return the address of the message channel on the same host, empty without a port."""
    if not port:
        return ""
    address = urlsplit(base_url)
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname
    return f"{'wss' if address.scheme == 'https' else 'ws'}://{host}:{port}/"


def _serialize_sandbox(world: World, base_url: str) -> dict[str, Any]:
    view = world.view
    app = next(iter(view.apps()))
    shops = []
    for shop in view.shops():
        own = [session for session in view.sessions() if session.shop == shop.nick]
        main = next((session.token for session in own if session.role is Role.SELLER_MAIN), "")
        subs = [{"nick": s.nick, "session": s.token} for s in own if s.role is Role.SELLER_SUB]
        shops.append(
            {
                "nick": shop.nick,
                "seller_id": shop.seller_id,
                "session": main,
                "subs": subs,
                "addresses": [asdict(address) for address in shop.addresses],
            }
        )
    sub = next(
        (session.token for session in view.sessions() if session.role is Role.SELLER_SUB), ""
    )
    return {
        "id": world.id,
        "app_key": app.app_key,
        "app_secret": app.app_secret,
        "session": shops[0]["session"],
        "sub_session": sub,
        "gateway": f"{base_url}/router/rest",
        "ruleset": view.ruleset.value,
        "seed": view.seed,
        "now": format_time(world.now),
        "shops": shops,
        "goods": {
            goods.name: {"sku_id": goods.sku_id, "title": goods.title} for goods in view.goods()
        },
        "snapshots": world.snapshot_names(),
    }

"""The outbox of a sandbox: which messages leave it, when, and how often.

The model.  A row of the table names topics (domain/topics.py).  When a move is recorded, `publish`
puts one notification for each topic and each app that gets it into the state, in the same unit of
work as the event: there is never one without the other.  Nothing is sent here.  A client that is
connected or that polls takes what waits (`take`): all that were never sent, then those that were
sent longer ago than the rule `message_redelivery` says and were neither confirmed nor failed.
Connections and polling share one queue for each app and group.

Time.  Redelivery counts the sandbox's time and the machine's, whichever comes first: `advance`
makes it due at once, and under a frozen clock it still comes in real time, as a client expects.
The machine's instant of each sending is part of the state, as a lease: of several processes on one
store none sends again what another has just sent.
After the rule `message_retention`, on the sandbox's clock, a notification is forgotten.

Who gets what.  Without a `Subscription` an app gets all topics of all shops, as one whose shops
were permitted long ago; `tmc.user.permit`, `tmc.user.cancel` and `PUT S/subscriptions` change it.

Faults.  A planned fault of messages (faults/message_fault_kinds.py) meets a message here, where it
is put out, and nowhere else: it is lost, held back, or put out twice.  So the same moves under the
same seed give the same messages, whoever is connected.

What would break: content that is made when it is sent (a later move would change it); a queue for
each connection (two connections of one group would each get everything).

Source: docs/spec/top-protocol.md#top-7.2, docs/spec/evidence-2026-11.md#evidence-5.
"""

from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import islice
from types import MappingProxyType
from typing import cast

import msgspec
from msgspec.structs import replace

from ..domain.catalogue import Shop
from ..domain.exchange import Event, Exchange
from ..domain.topics import Topic
from ..protocol.shapes import format_time, parse_time
from .document import BadDocument
from .faults.fault_matching import Fault, MessageCandidate
from .faults.fault_plan import match_message
from .faults.message_fault_kinds import AGAIN
from .notifications import (
    DEFAULT_GROUP,
    FIRST_NUMBER,
    PLATFORM_APP_KEY,
    DeliveryState,
    MessageGroup,
    Notification,
    Subscription,
)
from .state import State

__all__ = [
    "choose_group",
    "confirm",
    "fail",
    "find_subscription",
    "has_group",
    "is_recent",
    "publish",
    "publish_content",
    "read_channel",
    "render_content",
    "resend",
    "take",
]

MAX_KEPT = 100_000  # notifications of one sandbox; the oldest go first
_EXCHANGE_CLAIM = 4  # biz_claim_type; top-7.10: 4 and 6 are exchanges
_INSTANTS = ("create", "modified")


def is_recent(state: State, at: datetime, now: datetime) -> bool:
    """Return True if what was published at `at` is still kept at `now`."""
    return now - at < state.rules.duration("message_retention")


def publish(state: State, event: Event, exchange: Exchange) -> None:
    """Put what the event's row fires into the outbox, for every app that gets it.

    `exchange` is the exchange after the event.
    """
    firings = state.table.rows_by_name[event.rule].fires
    for firing in firings:
        topic = firing.topic
        if topic.rule and not state.rules[topic.rule]:
            continue
        content = ""
        for app_key in state.apps:
            if not _is_subscribed(state, app_key, exchange.shop, topic.name):
                continue
            content = content or _write_content(state, topic, exchange)
            candidate = MessageCandidate(topic.name, str(exchange.dispute_id))
            fault = match_message(state, candidate, state.clock.show(event.at))
            for changes in _FAULTY[fault.kind](fault, event.at) if fault else ({},):
                publish_content(
                    state,
                    app_key=app_key,
                    shop=exchange.shop,
                    topic=topic.name,
                    content=content,
                    at=event.at,
                    dispute_id=exchange.dispute_id,
                    changes=changes,
                )


Changes = Mapping[str, object]  # members of a Notification that a planned fault sets


def _lose(fault: Fault, at: datetime) -> tuple[Changes, ...]:
    return ({"state": DeliveryState.LOST},)


def _hold(fault: Fault, at: datetime) -> tuple[Changes, ...]:
    until_next = fault.kind == "message_overtaken"
    return ({"held": at + cast("timedelta", fault["by"]), "until_next": until_next},)


def _repeat(fault: Fault, at: datetime) -> tuple[Changes, ...]:
    return ({"repeats": 1},) if fault["as"] == AGAIN[0] else ({}, {})


# what becomes of a message that a fault meets: the changes of each one that is put out
_FAULTY: Mapping[str, Callable[[Fault, datetime], tuple[Changes, ...]]] = {
    "message_lost": _lose,
    "message_late": _hold,
    "message_overtaken": _hold,
    "message_twice": _repeat,
}


def publish_content(
    state: State,
    *,
    app_key: str,
    shop: str,
    topic: str,
    content: str,
    at: datetime,
    dispute_id: int = 0,
    publisher: str = PLATFORM_APP_KEY,
    group: str = "",
    changes: Changes = MappingProxyType({}),
) -> Notification:
    """Put one message into the outbox and return it; `group` overrides the group of shop and
    topic, `changes` are what a planned fault makes of it."""
    _forget_old(state, at)
    owner = state.shops[shop]
    notification = Notification(
        number=FIRST_NUMBER + state.number("notification"),
        app_key=app_key,
        group=group or choose_group(state, app_key, shop, topic),
        topic=topic,
        shop=shop,
        user_id=owner.seller_id,
        user_nick=owner.nick,
        content=content,
        published=at,
        aged=state.clock.aged,
        dispute_id=dispute_id,
        publisher=publisher,
    )
    if changes:
        notification = replace(notification, **changes)
    state.outbox[notification.number] = notification
    if notification.state is DeliveryState.QUEUED:
        state.queues.add(notification)
        if notification.held is None:
            _release_overtaken(state, notification.app_key, notification.group)
    return notification


def _release_overtaken(state: State, app_key: str, group: str) -> None:
    """Let those that wait for the next one of their queue come now: it has just been put in."""
    for number in tuple(state.queues.held(app_key, group)):
        if state.outbox[number].until_next:
            _release(state, number)


def _release(state: State, number: int) -> None:
    """Hold a message back no longer."""
    before = state.outbox[number]
    state.queues.remove(before)
    state.outbox[number] = replace(before, held=None, until_next=False)
    state.queues.add(state.outbox[number])


def take(
    state: State, app_key: str, group: str, limit: int, *, now: datetime, real: datetime
) -> list[Notification]:
    """Return at most `limit` notifications to send now, and count them as sent.

    First those never sent, then those to be sent again; each oldest first.  `now` is inner, `real`
    the machine's instant.
    """
    _forget_old(state, now)
    for number in [n for n, until in state.queues.held(app_key, group).items() if until <= now]:
        _release(state, number)
    numbers = list(islice(state.queues.fresh(app_key, group), limit))
    again_after = state.rules.duration("message_redelivery")
    for number, sent in state.queues.sent(app_key, group).items():
        delivered = state.outbox[number].delivered
        waited = now - delivered if delivered else again_after
        if len(numbers) >= limit or not (waited >= again_after or real - sent >= again_after):
            break
        numbers.append(number)
    taken = []
    for number in numbers:
        before = state.outbox[number]
        notification = replace(before, deliveries=before.deliveries + 1, delivered=now, sent=real)
        state.queues.remove(before)
        state.outbox[number] = notification
        state.queues.add(notification)
        taken.append(notification)
        if before.repeats:
            state.outbox[number] = replace(
                notification, deliveries=before.deliveries + 2, repeats=before.repeats - 1
            )
            taken.append(state.outbox[number])
    return taken


def confirm(state: State, app_key: str, group: str, numbers: Iterable[int]) -> list[int]:
    """Confirm these of the queue; return the numbers that are not in it and never were.

    One that is confirmed already stays so.
    """
    return _finish(state, (app_key, group), numbers, DeliveryState.CONFIRMED, "")


def fail(state: State, app_key: str, group: str, numbers: Iterable[int], error: str) -> list[int]:
    """Note that a client failed to process these; as `confirm`, they are not sent again."""
    return _finish(state, (app_key, group), numbers, DeliveryState.FAILED, error)


def _finish(
    state: State, queue: tuple[str, str], numbers: Iterable[int], outcome: DeliveryState, error: str
) -> list[int]:
    unknown = []
    for number in numbers:
        before = state.outbox.get(number)
        if before is None or (before.app_key, before.group) != queue:
            unknown.append(number)
        elif before.state is DeliveryState.QUEUED:
            state.queues.remove(before)
            state.outbox[number] = replace(before, state=outcome, error=error)
    return unknown


def resend(state: State, number: int) -> Notification | None:
    """Let a notification be sent again at once, whatever became of it; None: there is none."""
    before = state.outbox.get(number)
    if before is None:
        return None
    state.queues.remove(before)
    notification = replace(
        before,
        state=DeliveryState.QUEUED,
        error="",
        delivered=None,
        sent=None,
        held=None,
        until_next=False,
    )
    state.outbox[number] = notification
    state.queues.add(notification)
    return notification


def has_group(state: State, app_key: str, group: str) -> bool:
    """Return True if the app has this queue; every app has the default one."""
    return group == DEFAULT_GROUP or (app_key, group) in state.message_groups


def choose_group(state: State, app_key: str, shop: str, topic: str) -> str:
    """Return the queue in which a message waits: by its topic, else by its shop, else the default
    one."""
    groups = [group for group in state.message_groups.values() if group.app_key == app_key]

    def name_of(chosen: Iterable[MessageGroup]) -> str:
        return next((group.name for group in chosen), "")

    by_topic = name_of(group for group in groups if topic in group.topics)
    return by_topic or name_of(g for g in groups if shop in g.nicks) or DEFAULT_GROUP


def find_subscription(state: State, app_key: str, shop: str) -> Subscription:
    """Return what the app gets about the shop."""
    changed = state.subscriptions.get((app_key, shop))
    return changed if changed is not None else Subscription(app_key=app_key, shop=shop)


def _is_subscribed(state: State, app_key: str, shop: str, topic: str) -> bool:
    subscription = find_subscription(state, app_key, shop)
    return subscription.valid and (subscription.topics is None or topic in subscription.topics)


def _forget_old(state: State, now: datetime) -> None:
    """Forget what is older than the retention, and the oldest beyond MAX_KEPT."""
    while state.outbox:
        oldest = state.outbox[next(iter(state.outbox))]
        if is_recent(state, oldest.published, now) and len(state.outbox) < MAX_KEPT:
            return
        state.queues.remove(oldest)
        del state.outbox[oldest.number]


def render_content(notification: Notification, aged: timedelta) -> str:
    """Return the content with its instants as a clock that was aged by `aged` shows them."""
    if aged == notification.aged or not notification.dispute_id:
        return notification.content
    members = msgspec.json.decode(notification.content)
    for name in _INSTANTS:
        instant = parse_time(str(members.get(name)))
        if instant is not None:
            members[name] = format_time(instant - (aged - notification.aged))
    return msgspec.json.encode(members).decode()


def read_channel(
    state: State,
    outbox: Iterable[Notification],
    subscriptions: Iterable[Subscription],
    groups: Iterable[MessageGroup],
) -> None:
    """Put what a snapshot holds of the channel into the state.

    Raises:
        BadDocument: a number stands twice, or an app or a shop is not in the snapshot.
    """
    for place, notification in enumerate(sorted(outbox, key=lambda one: one.number)):
        _check_owner(state, f"outbox[{place}]", notification.app_key, notification.shop)
        if notification.number in state.outbox:
            raise BadDocument(f"outbox[{place}].number", "重复", "it stands twice")
        state.outbox[notification.number] = notification
        if notification.state is DeliveryState.QUEUED:
            state.queues.add(notification)
    if state.outbox and next(reversed(state.outbox)) > FIRST_NUMBER + state.numbers.get(
        "notification", 0
    ):
        raise BadDocument("numbers.notification", "小于已有编号", "below a number in use")
    for place, subscription in enumerate(subscriptions):
        owner = subscription.app_key, subscription.shop
        _check_owner(state, f"subscriptions[{place}]", *owner)
        state.subscriptions[owner] = subscription
    for place, group in enumerate(groups):
        _check_owner(state, f"message_groups[{place}]", group.app_key, "")
        state.message_groups[group.app_key, group.name] = group


def _check_owner(state: State, path: str, app_key: str, shop: str) -> None:
    if app_key not in state.apps:
        raise BadDocument(path, f"没有应用 {app_key}", f"no app {app_key}")
    if shop and shop not in state.shops:
        raise BadDocument(path, f"没有店铺 {shop}", f"no shop {shop}")


def _write_content(state: State, topic: Topic, exchange: Exchange) -> str:
    """Return the payload as JSON text: ids as numbers, amounts as text, the nick masked.

    Source: docs/spec/evidence-2026-11.md#evidence-5.3.
    """
    shop = state.shops[exchange.shop]
    values: dict[str, str | int] = {
        "bill_type": "replace_bill",
        "biz_claim_type": _EXCHANGE_CLAIM,
        "buyer_nick": f"{exchange.buyer_nick[:1]}**",
        "buyer_open_uid": exchange.buyer_open_uid,
        "buyer_refund_fee": "0.00",
        "create": format_time(state.clock.show(exchange.created)),
        "dispute_type": exchange.phase.value,
        "modified": format_time(state.clock.show(exchange.modified)),
        "oid": exchange.oid,
        "refund_fee": "0.00",
        "refund_id": exchange.dispute_id,
        "refund_phase": exchange.phase.name.lower(),
        "seller_nick": exchange.shop,
        "seller_open_uid": _open_uid(shop),
        "tid": exchange.tid,
    }
    return msgspec.json.encode({name: values[name] for name in topic.members}).decode()


def _open_uid(shop: Shop) -> str:
    """Return the seller's open_uid: made from the id, since no document says how it is."""
    digest = blake2b(f"seller {shop.seller_id}".encode(), digest_size=18).digest()
    return "AAF" + urlsafe_b64encode(digest).decode()

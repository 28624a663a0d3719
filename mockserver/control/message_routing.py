"""Routes of who gets which messages: subscriptions of apps, and webhooks of the bridge."""

from typing import Any

from msgspec import Struct

from ..domain.topics import TOPICS
from ..service.problem import Problem
from ..service.route_replies import Listing, SubscriptionDocument, WebhookDocument
from ..service.webhook_target import resolve_target
from ..world.channel import Channel
from ..world.document import BadDocument, unknown_name
from ..world.notifications import DEFAULT_GROUP
from ..world.unit_of_work import UnitOfWork
from .route import ControlRequest, Route

__all__ = ["MAX_TOPICS", "ROUTES", "SubscriptionBody", "WebhookBody"]

MAX_TOPICS = 100  # as tmc.user.permit takes


class SubscriptionBody(Struct, frozen=True, forbid_unknown_fields=True):
    """What an app (none: the first) gets about a shop (none: the first): `topics` null is all."""

    app_key: str = ""
    shop: str = ""
    topics: tuple[str, ...] | None = None
    valid: bool = True


class WebhookBody(Struct, frozen=True, forbid_unknown_fields=True):
    """Where messages are posted to, and from which queue; none: the first app's default one."""

    url: str
    app_key: str = ""
    group: str = DEFAULT_GROUP


def _list_subscriptions(work: UnitOfWork) -> dict[str, Any]:
    channel, items = work.channel, []
    for app in work.view.apps():
        for shop in work.view.shops():
            subscription = channel.subscription(app.app_key, shop.nick)
            topics = subscription.topics
            items.append(
                {
                    "app_key": app.app_key,
                    "shop": shop.nick,
                    "topics": None if topics is None else list(topics),
                    "valid": subscription.valid,
                    "group": channel.group_of(app.app_key, shop.nick),
                }
            )
    return {"total": len(items), "items": items}


def _subscriptions(request: ControlRequest) -> tuple[int, Any]:
    with request.world.unit_of_work() as work:
        return 200, _list_subscriptions(work)


def _put_subscriptions(request: ControlRequest) -> tuple[int, Any]:
    """Replace all: apps and shops that are not named get everything again."""
    body: tuple[SubscriptionBody, ...] = request.body
    with request.world.unit_of_work() as work:
        chosen = {}
        for place, item in enumerate(body):
            path = f"[{place}]"
            app_key = _find_app(work, item.app_key, f"{path}.app_key")
            shops = [shop.nick for shop in work.view.shops()]
            if item.shop and item.shop not in shops:
                raise unknown_name(f"{path}.shop", item.shop[:100], shops, "店铺")
            topics = None if item.topics is None else tuple(dict.fromkeys(item.topics))
            _check_topics(topics or (), f"{path}.topics")
            chosen[app_key, item.shop or shops[0]] = topics, item.valid
        channel = work.channel
        for app in work.view.apps():
            for shop in work.view.shops():
                topics, valid = chosen.get((app.app_key, shop.nick), (None, True))
                before = channel.subscription(app.app_key, shop.nick)
                if (before.topics, before.valid) != (topics, valid):
                    channel.subscribe(app.app_key, shop.nick, topics, valid=valid)
        return 200, _list_subscriptions(work)


def _check_topics(topics: tuple[str, ...], path: str) -> None:
    if len(topics) > MAX_TOPICS:
        raise BadDocument(path, f"最多 {MAX_TOPICS} 个主题", f"at most {MAX_TOPICS} topics")
    for topic in topics:
        if topic not in TOPICS:
            raise unknown_name(path, topic[:100], TOPICS, "主题")


def _find_app(work: UnitOfWork, app_key: str, path: str) -> str:
    """Return the key of the app, of the first one if none is named."""
    keys = [app.app_key for app in work.view.apps()]
    if app_key and app_key not in keys:
        raise unknown_name(path, app_key[:100], keys, "应用")
    return app_key or keys[0]


def _webhooks(request: ControlRequest) -> tuple[int, Any]:
    items = list(request.context.webhooks.list(request.world.id))
    return 200, {"total": len(items), "items": items}


def _add_webhook(request: ControlRequest) -> tuple[int, Any]:
    world, body = request.world, request.body
    with world.unit_of_work() as work:
        app_key = _find_app(work, body.app_key, "app_key")
        _check_group(work.channel, app_key, body.group)
    target = resolve_target(body.url, request.context.webhook_hosts)
    return 201, request.context.webhooks.add(world, target, app_key, body.group)


def _check_group(channel: Channel, app_key: str, group: str) -> None:
    if not channel.has_group(app_key, group):
        names = [DEFAULT_GROUP, *(one.name for one in channel.groups(app_key))]
        raise unknown_name("group", group[:100], names, "分组")


def _drop_webhooks(request: ControlRequest) -> tuple[int, Any]:
    request.context.webhooks.drop(request.world.id)
    return 204, None


def _drop_webhook(request: ControlRequest) -> tuple[int, Any]:
    webhook_id = request.path["webhook_id"]
    if not request.context.webhooks.drop(request.world.id, webhook_id):
        ids = [one["id"] for one in request.context.webhooks.list(request.world.id)]
        raise Problem(
            404,
            f"没有 webhook {webhook_id}；可用：{'、'.join(ids) or '无'}",
            f"no webhook {webhook_id}; use: {', '.join(ids) or 'none'}",
            field="webhook_id",
        )
    return 204, None


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"{_S}/subscriptions",
        _subscriptions,
        "每个应用收到哪家店铺的哪些消息",
        "which messages of which shop each app gets",
        reply=Listing[SubscriptionDocument],
    ),
    Route(
        "PUT",
        f"{_S}/subscriptions",
        _put_subscriptions,
        "设定全部订阅；没有写出的应用与店铺收到全部主题",
        "set all subscriptions; apps and shops that are left out get all topics",
        body=tuple[SubscriptionBody, ...],
        reply=Listing[SubscriptionDocument],
    ),
    Route(
        "GET",
        f"{_S}/webhooks",
        _webhooks,
        "webhook 及其最近的投递",
        "webhooks with their latest deliveries",
        reply=Listing[WebhookDocument],
    ),
    Route(
        "POST",
        f"{_S}/webhooks",
        _add_webhook,
        "把一个队列的消息以签名的 POST 发到一个地址",
        "post the messages of a queue to an address, signed",
        body=WebhookBody,
        status=201,
        reply=WebhookDocument,
    ),
    Route(
        "DELETE",
        f"{_S}/webhooks",
        _drop_webhooks,
        "删除全部 webhook",
        "drop all webhooks",
        status=204,
    ),
    Route(
        "DELETE",
        f"{_S}/webhooks/{{webhook_id}}",
        _drop_webhook,
        "删除一个 webhook",
        "drop a webhook",
        status=204,
    ),
)

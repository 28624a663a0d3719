"""What a recording may say of an operation.

The world it began in, the fields of an opening and of a move.

Secrets, sessions and personal data are left out, so they are made up when the recording runs; the
words of messages and reasons stay as they were written.  Fields that a signed call could not carry
are left out too.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import msgspec
from msgspec.structs import asdict

from ..api.methods import METHODS, PERSONAL_NAMES
from ..domain.catalogue import Shop
from ..domain.exchange import Event, Exchange
from ..domain.moves import PICTURES_FIELD, Move
from ..domain.rules import DEFAULTS, RuleValues
from ..domain.vocabulary import Actor
from ..protocol.binding import bind_arguments
from ..protocol.errors import TopError
from ..protocol.pictures import make_data_url
from ..protocol.shapes import format_price, format_time, parse_time
from ..world.document import TradeDocument, WorldDocument
from ..world.operations import Called
from ..world.view import WorldView
from .step_calls import METHOD_OF_MOVE

__all__ = [
    "Note",
    "list_left_out",
    "record_call",
    "record_document",
    "record_found_exchange",
    "record_move",
    "record_opening",
    "record_world",
]

Note = Callable[[str, str], None]  # gets in Chinese and English what cannot be recorded
# Personal in a journal; but a recording without them would be another scenario.
_WORDS = ("content", "leave_message")
_LEFT_OUT = frozenset(PERSONAL_NAMES) - set(_WORDS) | {"post"}
_PLACEHOLDERS = {"operator": "审核人"}  # a name, but required
_LEFT_OUT_OF_CALLS = frozenset(("code",))  # sent to a phone
_INSTANT_FIELDS = ("created", "modified", "time_out")
_MAX_PICTURE_BYTES = 8 * 1024
_SHOP_KEYS = ("nick", "seller_id", "subs", "addresses")
_SUB_KEYS = ("nick",)
# Recorded elsewhere, or none of the scenario's business.
_IGNORED_KEYS = (
    "name",
    "clock",
    "ruleset",
    "apps",
    "quotas",
    "robots",
    "faults",
    "samples",
    "exchanges",
)


def record_document(document: WorldDocument) -> dict[str, Any]:
    """Return the world document as a scenario's `given`, without secrets and personal data."""
    plain = _drop_defaults(msgspec.to_builtins(document), msgspec.to_builtins(WorldDocument()))
    world = {key: value for key, value in plain.items() if key not in _IGNORED_KEYS}
    if "shops" in world:
        world["shops"] = [_record_shop(shop) for shop in world["shops"]]
    if "buyers" in world:
        world["buyers"] = [{} for _ in world["buyers"]]
    if "trades" in world:
        world["trades"] = [_record_trade(trade) for trade in world["trades"]]
    if "goods" in world:
        world["goods"] = {name: _drop_defaults(goods) for name, goods in world["goods"].items()}
    for key in ("carriers", "reasons"):
        if key in world:
            world[key] = [_drop_defaults(entry) for entry in world[key]]
    return world


def _drop_defaults(
    members: Mapping[str, Any], defaults: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return the members that are neither null nor equal to their defaults."""
    return {
        key: value
        for key, value in members.items()
        if value is not None and (defaults is None or value != defaults[key])
    }


def _record_trade(trade: Mapping[str, Any]) -> dict[str, Any]:
    """Return a trade without its buyer, who gets another nick in the recording."""
    defaults = msgspec.to_builtins(TradeDocument())
    return _drop_defaults(trade, {**defaults, "buyer": trade["buyer"]})


def _record_shop(shop: Mapping[str, Any]) -> dict[str, Any]:
    recorded = {key: shop[key] for key in _SHOP_KEYS if shop.get(key) not in (None, "")}
    if "subs" in recorded:
        recorded["subs"] = [
            {key: sub[key] for key in _SUB_KEYS if sub[key]} for sub in recorded["subs"]
        ]
    if "addresses" in recorded:
        recorded["addresses"] = [
            {key: value for key, value in _drop_defaults(address).items() if key not in _LEFT_OUT}
            for address in recorded["addresses"]
        ]
    return recorded


def record_world(view: WorldView) -> dict[str, Any]:
    """Return the world as it is now as a `given`, for a sandbox whose document is not known."""
    goods = {
        item.name: {
            "sku_id": item.sku_id,
            "num_iid": item.num_iid,
            "outer_id": item.outer_id,
            "title": item.title,
            "price": format_price(item.price),
        }
        for item in view.goods()
    }
    defaults = DEFAULTS.to_dict()
    rules = {name: value for name, value in view.rules.to_dict().items() if value != defaults[name]}
    return {
        "seed": view.seed,
        "shops": [_record_shop(_to_document(shop, view)) for shop in view.shops()],
        "goods": goods,
        "carriers": [asdict(carrier) for carrier in view.carriers],
        "reasons": [msgspec.to_builtins(reason) for reason in view.reasons],
        **({"rules": rules} if rules else {}),
    }


def list_left_out(view: WorldView) -> list[tuple[str, str]]:
    """Return what a sandbox has and a recording leaves out, in Chinese and English.

    These change what calls are answered, not what becomes of an exchange.
    """
    present = {
        ("故障", "faults"): view.faults(),
        ("流控", "quotas"): view.quotas,
        ("桩应答", "stubs"): view.stubbed_methods(),
        ("应用与 session 的权限、有效期", "rights and expiry of apps and sessions"): [
            *(app for app in view.apps() if app.methods is not None),
            *(
                session
                for session in view.sessions()
                if session.methods is not None or session.expires is not None
            ),
        ],
        (
            "消息通道的授权与分组",
            "permissions and groups of the message channel",
        ): view.channel_setup(),
        ("自动操作(所做的操作已记录)", "robots (what they did is recorded)"): view.robots,
    }
    return [names for names, values in present.items() if values]


def _to_document(shop: Shop, view: WorldView) -> dict[str, Any]:
    subs = [
        {"nick": session.nick}
        for session in view.sessions()
        if session.shop == shop.nick and session.nick != shop.nick
    ]
    return {
        **asdict(shop),
        "subs": subs,
        "addresses": [asdict(address) for address in shop.addresses],
    }


def record_opening(arguments: Mapping[str, object], later: timedelta) -> dict[str, Any]:
    """Return the fields of an opening; the instants that it names are `later` in the scenario."""
    fields = {
        key: value for key, value in arguments.items() if key not in _LEFT_OUT and key != "count"
    }
    for name in _INSTANT_FIELDS:
        instant = parse_time(str(fields.get(name, "")))
        if instant is not None:
            fields[name] = format_time(instant + later)
    return fields


def record_found_exchange(
    exchange: Exchange, events: tuple[Event, ...], aged: timedelta
) -> dict[str, Any]:
    """Return the fields that open an exchange as it was after `events`.

    For an exchange that came with a snapshot document, without its history.
    """
    cs = next((status for event in reversed(events) for status in reversed(event.cs)), None)
    return {
        "dispute_id": str(exchange.dispute_id),
        "tid": str(exchange.tid),
        "oid": str(exchange.oid),
        "shop": exchange.shop,
        "ruleset": exchange.ruleset.value,
        "status": events[-1].target.value,
        "num": exchange.num,
        "bought_sku": exchange.bought_sku,
        "exchange_sku": exchange.exchange_sku,
        "reason": exchange.reason,
        "created": format_time(events[0].at - aged),
        "modified": format_time(events[-1].at - aged),
        **({} if cs is None else {"cs_status": cs.value}),
    }


def record_move(
    move: Move, by: Actor, pictures: Mapping[str, bytes], rules: RuleValues, note: Note
) -> dict[str, Any]:
    """Return the fields of a move that differ from their defaults.

    `note` gets what has to be left out.
    """
    defaults = type(move)()
    fields = {}
    for name, key in zip(move.__struct_fields__, move.__struct_encode_fields__, strict=True):
        value = getattr(move, name)
        if value != getattr(defaults, name) and key not in _LEFT_OUT:
            fields[key] = (
                list(_record_pictures(value, by, pictures, note))
                if key in (PICTURES_FIELD, "pics")
                else value
            )
    if by is Actor.SELLER and type(move) in METHOD_OF_MOVE:
        fields = {
            key: value
            for key, value in fields.items()
            if _can_send(type(move), key, value, rules, note)
        }
    return {key: value for key, value in fields.items() if value != []}


def record_call(operation: Called, pictures: Mapping[str, bytes], note: Note) -> dict[str, str]:
    """Return the parameters of a call, names replaced; `note` gets what has to be left out."""
    files = {
        name: text
        for name, picture in operation.pictures.items()
        for text in _record_pictures((picture,), Actor.SELLER, pictures, note)
    }
    plain = {
        name: _PLACEHOLDERS.get(name, text)
        for name, text in operation.params.items()
        if name not in _LEFT_OUT_OF_CALLS
    }
    return {**plain, **files}


def _record_pictures(
    names: tuple[str, ...], by: Actor, pictures: Mapping[str, bytes], note: Note
) -> Iterator[str]:
    """Yield pictures as `data:` URLs; a signed call carries one at most, and no addresses."""
    for place, name in enumerate(names):
        content = pictures.get(name)
        if content is None and by is not Actor.SELLER:
            yield name
        elif content is None or (place and by is Actor.SELLER):
            note(
                "一次签名调用只能带一个图片文件；其余图片未记录",
                "a signed call carries one picture file; others are left out",
            )
        elif len(content) > _MAX_PICTURE_BYTES:
            note(
                f"大于 {_MAX_PICTURE_BYTES // 1024} KiB 的图片未记录",
                f"pictures above {_MAX_PICTURE_BYTES // 1024} KiB are left out",
            )
        else:
            yield make_data_url(content)


def _can_send(move: type[Move], key: str, value: object, rules: RuleValues, note: Note) -> bool:
    """Return True if the move's method takes the value; else note it."""
    if isinstance(value, list):
        return True
    params = [param for param in METHODS[METHOD_OF_MOVE[move]].params if param.name == key]
    try:
        if bind_arguments(params, {key: str(value)}, (), rules.number, lenient=key):
            return True
    except TopError:
        pass
    note(
        f"字段 {key} 的值不能由签名调用发送，未记录",
        f"a value of {key} that no signed call can carry is left out",
    )
    return False

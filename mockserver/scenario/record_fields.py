"""What of a deed can stand in a story: the world it began in, the fields of an opening and of a move.

Secrets, sessions and personal data are left out, so they are made up when the story is played; the words of
messages and reasons are kept as they were written.  Fields that a signed call could not carry are left out too.
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
from ..protocol.binding import bind
from ..protocol.errors import TopError
from ..protocol.pictures import data_url
from ..protocol.shapes import read_time, show_price, show_time
from ..world.document import WorldDocument
from ..world.view import WorldView
from .signed_calls import METHOD_OF_MOVE

__all__ = [
    "Note",
    "document_given",
    "move_fields",
    "opening_fields",
    "standing_fields",
    "state_given",
]

Note = Callable[[str, str], None]  # told, zh and en, of what cannot be told
_WORDS = (
    "content",
    "leave_message",
)  # personal in a journal; a story without them would be another
_KEPT_OUT = frozenset(PERSONAL_NAMES) - set(_WORDS) | {"post"}
_INSTANTS = ("created", "modified", "time_out")
_PICTURE_AT_MOST = 8 * 1024
_OF_SHOPS = ("nick", "seller_id", "subs", "addresses")
_OF_SUBS = ("nick",)
_OWN = (
    "name",
    "clock",
    "ruleset",
    "apps",
    "quotas",
    "robots",
    "faults",
    "samples",
)  # told elsewhere, or not the story's


def document_given(document: WorldDocument) -> dict[str, Any]:
    """The world document as a story's `given`, without what is nobody else's business."""
    plain = _given_only(msgspec.to_builtins(document), msgspec.to_builtins(WorldDocument()))
    given = {key: value for key, value in plain.items() if key not in _OWN}
    if "shops" in given:
        given["shops"] = [_shop(shop) for shop in given["shops"]]
    if "buyers" in given:
        given["buyers"] = [{} for _ in given["buyers"]]
    if "goods" in given:
        given["goods"] = {name: _given_only(each) for name, each in given["goods"].items()}
    for key in ("carriers", "reasons"):
        if key in given:
            given[key] = [_given_only(each) for each in given[key]]
    return given


def _given_only(
    members: Mapping[str, Any], usual: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The members that say something: neither null nor as they are without being given."""
    return {
        key: value
        for key, value in members.items()
        if value is not None and (usual is None or value != usual[key])
    }


def _shop(shop: Mapping[str, Any]) -> dict[str, Any]:
    told = {key: shop[key] for key in _OF_SHOPS if shop.get(key) not in (None, "")}
    if "subs" in told:
        told["subs"] = [{key: sub[key] for key in _OF_SUBS if sub[key]} for sub in told["subs"]]
    if "addresses" in told:
        told["addresses"] = [
            {key: value for key, value in _given_only(each).items() if key not in _KEPT_OUT}
            for each in told["addresses"]
        ]
    return told


def state_given(view: WorldView) -> dict[str, Any]:
    """The world as it stands, where nobody knows from what document it was made."""
    goods = {
        each.name: {
            "sku_id": each.sku_id,
            "num_iid": each.num_iid,
            "outer_id": each.outer_id,
            "title": each.title,
            "price": show_price(each.price),
        }
        for each in view.goods()
    }
    usual = DEFAULTS.to_dict()
    rules = {name: value for name, value in view.rules.to_dict().items() if value != usual[name]}
    return {
        "seed": view.seed,
        "shops": [_shop(_as_document(shop, view)) for shop in view.shops()],
        "goods": goods,
        "carriers": [asdict(each) for each in view.carriers],
        "reasons": [msgspec.to_builtins(each) for each in view.reasons],
        **({"rules": rules} if rules else {}),
    }


def _as_document(shop: Shop, view: WorldView) -> dict[str, Any]:
    subs = [
        {"nick": each.nick}
        for each in view.sessions()
        if each.shop == shop.nick and each.nick != shop.nick
    ]
    return {**asdict(shop), "subs": subs, "addresses": [asdict(each) for each in shop.addresses]}


def opening_fields(given: Mapping[str, object], later: timedelta) -> dict[str, Any]:
    """The fields of an opening; instants that it names are `later` in the story."""
    fields = {key: value for key, value in given.items() if key not in _KEPT_OUT and key != "count"}
    for name in _INSTANTS:
        instant = read_time(str(fields.get(name, "")))
        if instant is not None:
            fields[name] = show_time(instant + later)
    return fields


def standing_fields(
    exchange: Exchange, events: tuple[Event, ...], aged: timedelta
) -> dict[str, Any]:
    """The fields that open an exchange as it stood after `events`, when nobody knows how it was opened."""
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
        "created": show_time(events[0].at - aged),
        "modified": show_time(events[-1].at - aged),
        **({} if cs is None else {"cs_status": cs.value}),
    }


def move_fields(
    move: Move, by: Actor, pictures: Mapping[str, bytes], rules: RuleValues, note: Note
) -> dict[str, Any]:
    """The fields of a move that are not as they are without being given."""
    usual, fields = type(move)(), {}
    for name, key in zip(move.__struct_fields__, move.__struct_encode_fields__, strict=True):
        value = getattr(move, name)
        if value != getattr(usual, name) and key not in _KEPT_OUT:
            fields[key] = (
                list(_shown_pictures(value, by, pictures, note))
                if key in (PICTURES_FIELD, "pics")
                else value
            )
    if by is Actor.SELLER and type(move) in METHOD_OF_MOVE:
        fields = {
            key: value
            for key, value in fields.items()
            if _sendable(type(move), key, value, rules, note)
        }
    return {key: value for key, value in fields.items() if value != []}


def _shown_pictures(
    names: tuple[str, ...], by: Actor, pictures: Mapping[str, bytes], note: Note
) -> Iterator[str]:
    """Pictures as `data:` URLs; a signed call has one at most, and no addresses."""
    for place, name in enumerate(names):
        content = pictures.get(name)
        if content is None and by is not Actor.SELLER:
            yield name
        elif content is None or (place and by is Actor.SELLER):
            note(
                "一次签名调用只能带一个图片文件；其余图片未记录",
                "a signed call carries one picture file; others are left out",
            )
        elif len(content) > _PICTURE_AT_MOST:
            note(
                f"大于 {_PICTURE_AT_MOST // 1024} KiB 的图片未记录",
                f"pictures above {_PICTURE_AT_MOST // 1024} KiB are left out",
            )
        else:
            yield data_url(content)


def _sendable(move: type[Move], key: str, value: object, rules: RuleValues, note: Note) -> bool:
    """Whether the move's method takes the value."""
    if isinstance(value, list):
        return True
    params = [param for param in METHODS[METHOD_OF_MOVE[move]].params if param.name == key]
    try:
        if bind(params, {key: str(value)}, (), rules.number, lenient=key):
            return True
    except TopError:
        pass
    note(
        f"字段 {key} 的值不能由签名调用发送，未记录",
        f"a value of {key} that no signed call can carry is left out",
    )
    return False

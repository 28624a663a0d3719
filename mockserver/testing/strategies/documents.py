"""World documents and open documents, drawn from their declared shapes.

A field that is added to a shape is drawn by its type; `known` says what a type does not: which texts are ids,
which names exist, what must not stand twice.
"""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct, UnsetType

from ...api.methods import METHODS
from ...domain.behaviours import BEHAVIOURS, Party
from ...domain.moves import MAX_UNITS
from ...domain.rules import RULES, Rule
from ...domain.vocabulary import CsStatus, GoodStatus, Status
from ...protocol.shapes import BEIJING
from ...world.clock import EARLIEST, LATEST
from ...world.default_world import DEFAULT
from ...world.document import (
    AddressDocument,
    AppDocument,
    BuyerDocument,
    CarrierDocument,
    ClockDocument,
    GoodsDocument,
    QuotaDocument,
    ReasonDocument,
    RobotsDocument,
    ShopDocument,
    SubDocument,
    WorldDocument,
)
from ...world.opening import OpenDocument
from ...world.quotas import BAN_SUB_CODES
from .faults import faults
from .values import (
    INT64,
    durations,
    ids,
    instants,
    names,
    nicks,
    numbers,
    phones,
    places,
    prices,
    tokens,
    waybills,
    words,
)

__all__ = [
    "Document",
    "addresses",
    "applications",
    "buyers",
    "document",
    "exchanges",
    "goods",
    "shops",
    "worlds",
]

Document = dict[str, Any]
Strategies = Mapping[str, SearchStrategy[Any]]
_STOCK_AT_MOST = 2**31 - 1
_QUOTA_AT_MOST = 10**9
_FEW = 3  # shops, buyers, apps of a world: enough to be several
_OTHER = 9_001  # the first of the reasons that always apply
_ELSEWHERE = (
    "biz_order_id",
    "bizorder_id",
    "alipay_no",
    "shop",
    "count",
)  # other spellings, other worlds
_TAKEN = ("default", "none", "baseline", "empty")
_TYPES: Mapping[type, SearchStrategy[Any]] = MappingProxyType(
    {bool: st.booleans(), int: numbers(0, INT64), float: st.just(1.5), str: words()}
)


def document(
    shape: type[Struct], known: Strategies, *, without: tuple[str, ...] = ()
) -> SearchStrategy[Document]:
    """A document of this shape as users write it; optional fields are often left out."""
    needed: dict[str, SearchStrategy[Any]] = {}
    optional: dict[str, SearchStrategy[Any]] = {}
    for field in msgspec.structs.fields(shape):
        name = field.encode_name
        if name not in without:
            (needed if field.required else optional)[name] = (
                known[name] if name in known else _by_type(field.type)
            )
    return st.fixed_dictionaries(needed, optional=optional)


def _by_type(kind: Any) -> SearchStrategy[Any]:
    """Values of a declared type, as JSON has them."""
    if get_origin(kind) in (Union, UnionType):
        parts = [part for part in get_args(kind) if part not in (NoneType, UnsetType)]
        return st.one_of([_by_type(part) for part in parts])
    if get_origin(kind) is tuple:
        return st.lists(_by_type(get_args(kind)[0]), max_size=_FEW)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return document(kind, {})
    if isinstance(kind, type) and hasattr(kind, "__members__"):
        return st.sampled_from([each.value for each in kind])  # type: ignore[attr-defined]  # an enumeration
    return _TYPES[kind]


# goods and people


def addresses() -> SearchStrategy[Document]:
    """A seller's address; at most one of a shop has `cancel_def`."""
    return _with(
        AddressDocument,
        {
            "area_id": numbers(110_000, 659_999),
            "phone": phones(),
            "mobile_phone": phones(),
            "modify_date": instants(),
        },
        contact_id=ids(),
    )


def goods() -> SearchStrategy[Document]:
    """A SKU as it stands below its name in `goods`."""
    return document(
        GoodsDocument,
        {
            "sku_id": ids(),
            "num_iid": ids(),
            "outer_id": ids() | words(),
            "price": prices(),
            "stock": numbers(0, _STOCK_AT_MOST),
        },
    )


def buyers() -> SearchStrategy[Document]:
    """A buyer."""
    known = {"phone": phones(), "address": places(), "open_uid": tokens(), "oaid": tokens()}
    return _with(BuyerDocument, known, nick=nicks())


def shops() -> SearchStrategy[Document]:
    """A shop with sub-accounts, and with addresses of which one is for returns."""
    sub = _with(SubDocument, {"session": tokens(), "methods": _methods()}, nick=nicks())
    known = {
        "seller_id": ids(),
        "session": tokens(),
        "addresses": _listed(addresses(), "contact_id", least=1),
        "subs": _listed(sub, "nick", least=0),
    }
    return (
        _with(ShopDocument, known, nick=nicks())
        .map(_one_default)
        .map(_named_subs)
        .map(lambda shop: _own_sessions([shop])[0])
    )


def _one_default(shop: Document) -> Document:
    """The shop with at most its first address as the default return address."""
    if "addresses" not in shop:
        return shop
    first, *others = shop["addresses"]
    return {**shop, "addresses": [first, *({**each, "cancel_def": False} for each in others)]}


def _named_subs(shop: Document) -> Document:
    """The shop with its sub-accounts called after it."""
    if "subs" not in shop:
        return shop
    return {
        **shop,
        "subs": [{**sub, "nick": f"{shop['nick']}:{sub['nick']}"} for sub in shop["subs"]],
    }


def _with(
    shape: type[Struct], known: Strategies, **needed: SearchStrategy[Any]
) -> SearchStrategy[Document]:
    """A document of this shape that always has the `needed` fields: what tells it from its fellows."""
    rest = document(shape, known, without=tuple(needed))
    return st.builds(lambda own, more: {**own, **more}, st.fixed_dictionaries(needed), rest)


def _listed(
    each: SearchStrategy[Document], key: str, *, least: int
) -> SearchStrategy[list[Document]]:
    """A few documents, no two with the same `key`."""
    return st.lists(each, min_size=least, max_size=_FEW, unique_by=lambda one: str(one[key]))


def _methods() -> SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(METHODS)), unique=True)


# worlds


def worlds() -> SearchStrategy[Document]:
    """A world document: every key that `Sandbox(...)`, a scenario's `given` and the marker take."""
    return document(
        WorldDocument,
        {
            "name": names().filter(
                lambda name: name not in _TAKEN and not re.fullmatch(r"s\d+", name)
            ),
            "seed": st.integers(0, 999),
            "clock": _clocks(),
            "rules": _rules(),
            "robots": _robots(),
            "quotas": st.lists(_quotas(), max_size=_FEW),
            "faults": st.lists(faults(), max_size=_FEW),
            "apps": _listed(
                _with(AppDocument, {"app_secret": tokens(), "methods": _methods()}, app_key=ids()),
                "app_key",
                least=1,
            ),
            "shops": _listed(shops(), "nick", least=1).map(_own_sessions),
            "goods": st.dictionaries(
                st.sampled_from([each.name for each in DEFAULT.goods]) | names(),
                goods(),
                max_size=_FEW,
            ).map(_own_skus),
            "buyers": _listed(buyers(), "nick", least=1),
            "carriers": st.lists(
                document(CarrierDocument, {"id": numbers(-1, INT64)}), max_size=_FEW
            ),
            "reasons": _reasons(),
        },
    )


def _reasons() -> SearchStrategy[list[Document]]:
    """Reasons of which each stage has one that always applies, so that every refusal can be played."""
    stages = ("application", "receipt")
    always = [
        {"reason_id": number, "reason_text": "其他", "stage": stage}
        for number, stage in enumerate(stages, _OTHER)
    ]
    each = _with(
        ReasonDocument,
        {"stage": st.sampled_from(stages)},
        reason_id=st.integers(1, _OTHER - 1),
        reason_text=words(),
    )
    return _listed(each, "reason_id", least=0).map(lambda drawn: [*drawn, *always])


def _own_sessions(drawn: list[Document]) -> list[Document]:
    """The shops with no session given twice: a repeated one is left to be made up."""
    seen: set[str] = set()
    return [
        {
            **_unrepeated(shop, "session", seen),
            **(
                {"subs": [_unrepeated(sub, "session", seen) for sub in shop["subs"]]}
                if "subs" in shop
                else {}
            ),
        }
        for shop in drawn
    ]


def _own_skus(drawn: dict[str, Document]) -> dict[str, Document]:
    """The goods with no SKU given twice: a repeated one is left to be made up."""
    seen: set[str] = set()
    return {name: _unrepeated(each, "sku_id", seen) for name, each in drawn.items()}


def _unrepeated(one: Document, key: str, seen: set[str]) -> Document:
    """The document without its `key` where that has been `seen`, which then has been."""
    value = str(one.get(key, ""))
    repeated = value in seen
    seen.add(value)
    return {name: each for name, each in one.items() if name != key} if repeated else one


def _clocks() -> SearchStrategy[Any]:
    now = instants(
        datetime(EARLIEST + 1, 1, 1, tzinfo=BEIJING), datetime(LATEST - 1, 1, 1, tzinfo=BEIJING)
    )
    return now | document(
        ClockDocument, {"mode": st.sampled_from(("frozen", "running")), "now": now}
    )


def _rules() -> SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {}, optional={name: _setting(switch) for name, switch in RULES.items()}
    )


def _setting(switch: Rule) -> SearchStrategy[Any]:
    if switch.among:
        return st.sampled_from(switch.among)
    if isinstance(switch.default, timedelta):
        return durations()
    if isinstance(switch.default, int) and not isinstance(switch.default, bool):
        return numbers(switch.least, switch.most)
    return st.booleans() if isinstance(switch.default, bool) else words()


def _robots() -> SearchStrategy[Document]:
    policies = st.sampled_from(sorted(BEHAVIOURS))
    return document(
        RobotsDocument,
        {**{party.value: policies for party in Party}, "applies": durations(timedelta(minutes=1))},
    )


def _quotas() -> SearchStrategy[Document]:
    patterns = st.sampled_from([*sorted(METHODS), "tmall.exchange.*", ""])
    known = {"method": patterns, "sub_code": st.sampled_from(BAN_SUB_CODES)}
    return _with(
        QuotaDocument,
        known,
        per=st.sampled_from(("second", "day")),
        limit=numbers(0, _QUOTA_AT_MOST),
        app_key=st.just(""),
    )


# exchanges


def exchanges() -> SearchStrategy[Document]:
    """What `sandbox.open(**…)` takes: wire names of tmall.exchange.get, at any status, in a world of any goods."""
    drawn = applications(
        *(name for name in OpenDocument.__struct_fields__ if name not in _ELSEWHERE)
    )
    return st.builds(
        _spelt,
        drawn,
        st.sampled_from(("oid", "biz_order_id", "bizorder_id")),
        st.sampled_from(("tid", "alipay_no")),
    )


def applications(*names: str) -> SearchStrategy[Document]:
    """An open document of these fields at most."""
    wanted, days = st.sampled_from([each.name for each in DEFAULT.goods]) | ids(), _days()
    known = {
        "dispute_id": ids(),
        "tid": ids(),
        "oid": ids(),
        "status": _statuses(),
        "num": st.integers(1, 3) | numbers(1, MAX_UNITS),
        "price": prices(),
        "payment": prices(),
        "bought_sku": wanted,
        "exchange_sku": wanted,
        "new_bought_sku": ids(),
        "good_status": st.sampled_from([each.value for each in GoodStatus]),
        "buyer_nick": nicks(),
        "buyer_phone": phones(),
        "buyer_address": places(),
        "buyer_open_uid": tokens(),
        "oaid": tokens(),
        "buyer_logistic_no": waybills(),
        "seller_logistic_no": waybills(),
        "refund_phase": st.sampled_from(("onsale", "aftersale")),
        "time_out": days,
        "refund_version": numbers(0, INT64),
        "advance_status": numbers(0, 9),
        "cs_status": st.sampled_from([each.value for each in CsStatus]),
        "attributes": st.sampled_from(("{}", '{"newExchangeRepair":"1"}')),
        "created": days,
        "modified": days,
    }
    return document(
        OpenDocument,
        known,
        without=tuple(name for name in OpenDocument.__struct_fields__ if name not in names),
    )


def _spelt(opened: Document, oid: str, tid: str) -> Document:
    """The document with its two trade ids under one of the names they go by, and no change before its creation."""
    if "created" in opened and "modified" in opened:
        opened["created"], opened["modified"] = sorted((opened["created"], opened["modified"]))
    return {{"oid": oid, "tid": tid}.get(name, name): value for name, value in opened.items()}


def _statuses() -> SearchStrategy[str | int]:
    """A status by its number, or by its text."""
    return st.sampled_from([each.value for each in Status]) | st.sampled_from(
        [each.zh for each in Status]
    )


def _days() -> SearchStrategy[str]:
    """An instant of the years in which exchanges have been."""
    return instants(datetime(2016, 1, 1, tzinfo=BEIJING), datetime(2036, 1, 1, tzinfo=BEIJING))

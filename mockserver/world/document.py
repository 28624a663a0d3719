"""The world document: one shape for configuration, control API, scenario files and the pytest
marker.

Every key is optional: values that are set stay verbatim, the rest is made up from the seed.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any, TypeVar, get_args, get_type_hints

import msgspec
from msgspec import Struct

from ..domain.vocabulary import Phase, Ruleset
from ..protocol.shapes import parse_time
from .clock import EARLIEST, LATEST, is_reachable

__all__ = [
    "AddressDocument",
    "AppDocument",
    "BadDocument",
    "BuyerDocument",
    "CarrierDocument",
    "ClockDocument",
    "GoodsDocument",
    "QuotaDocument",
    "ReasonDocument",
    "RobotsDocument",
    "ShopDocument",
    "SubDocument",
    "TradeDocument",
    "WorldDocument",
    "read_document",
    "read_instant",
    "read_world",
    "translate_message",
    "unknown_name",
]

Id = str | int
_FEW = 12  # names that a sentence can list


class _Document(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of a world document; an unknown key is an error that names it."""


class AppDocument(_Document, frozen=True):
    """An application; `methods` limits it to these (absent: all)."""

    app_key: Id = ""
    app_secret: str = ""
    methods: tuple[str, ...] | None = None


class SubDocument(_Document, frozen=True):
    """A sub-account, nick `main:sub`; `methods` limits it (absent: all)."""

    nick: str = ""
    session: str = ""
    methods: tuple[str, ...] | None = None


class AddressDocument(_Document, frozen=True):
    """A seller's address as taobao.logistics.address.search shows it."""

    contact_id: Id | None = None
    contact_name: str | None = None
    province: str | None = None
    city: str | None = None
    country: str | None = None
    addr: str | None = None
    zip_code: str | None = None
    phone: str | None = None
    mobile_phone: str | None = None
    seller_company: str | None = None
    memo: str | None = None
    area_id: int | None = None
    send_def: bool | None = None
    get_def: bool | None = None
    cancel_def: bool | None = None
    modify_date: str | None = None


class ShopDocument(_Document, frozen=True):
    """A seller's shop with its session, sub-accounts and addresses."""

    nick: str = ""
    seller_id: Id | None = None
    session: str = ""
    subs: tuple[SubDocument, ...] | None = None
    addresses: tuple[AddressDocument, ...] | None = None


class GoodsDocument(_Document, frozen=True):
    """A SKU; price in yuan, as `"199.00"` or a number."""

    sku_id: Id | None = None
    num_iid: Id | None = None
    outer_id: Id | None = None
    title: str | None = None
    price: str | int | float | None = None
    stock: int | None = None


class BuyerDocument(_Document, frozen=True):
    """A buyer; `address` is 省^^^市^^^区^^^详细."""

    nick: str = ""
    open_uid: str | None = None
    user_id: int | None = None
    name: str | None = None
    phone: str | None = None
    address: str | None = None
    oaid: str | None = None


class TradeDocument(_Document, frozen=True):
    """A sub-order of a trade; sub-orders with the same `tid` are one trade.

    `goods` is a name or a SKU id, `buyer` a nick; `payment` is in yuan.  `status` is the platform's
    word: `WAIT_SELLER_SEND_GOODS` is what the seller has not shipped yet.
    """

    tid: Id | None = None
    oid: Id | None = None
    shop: str = ""
    buyer: str = ""
    goods: Id = "bought"
    num: int = 1
    payment: str | int | float | None = None
    created: str | None = None
    status: str = "TRADE_FINISHED"


class CarrierDocument(_Document, frozen=True):
    """A carrier of taobao.logistics.companies.get."""

    name: str
    id: int | None = None
    code: str = ""
    reg_mail_no: str = ""


class ReasonDocument(_Document, frozen=True):
    """A refuse reason; `stage` is `application` or `receipt`; `phases` 1 售中, 2 售后."""

    reason_id: int
    reason_text: str
    stage: str = "application"
    phases: tuple[Phase, ...] = (Phase.ONSALE, Phase.AFTERSALE)


class ClockDocument(_Document, frozen=True):
    """`mode` is `frozen` or `running`; without `now` the clock keeps what it shows."""

    mode: str = "frozen"
    now: str | None = None


class QuotaDocument(_Document, frozen=True, omit_defaults=True):
    """At most `limit` calls `per` second or day: by `method`, by `app_key`, or by both.

    They are names or globs; see quotas.py.
    """

    per: str
    limit: int
    method: str = ""
    app_key: Id = ""
    sub_code: str = ""


class RobotsDocument(_Document, frozen=True):
    """The policy by which each party acts by itself; none: it is played by hand.

    `applies` is how often buyers come by themselves, on average: `2h`.
    """

    buyer: str | None = None
    courier: str | None = None
    cs: str | None = None
    applies: str | None = None


class WorldDocument(_Document, frozen=True):
    """A whole world as users write it."""

    name: str = ""
    seed: int = 0
    ruleset: Ruleset = Ruleset.CLASSIC
    clock: str | ClockDocument | None = None
    apps: tuple[AppDocument, ...] | None = None
    shops: tuple[ShopDocument, ...] | None = None
    goods: Mapping[str, GoodsDocument] = {}
    buyers: tuple[BuyerDocument, ...] | None = None
    trades: tuple[TradeDocument, ...] = ()
    carriers: tuple[CarrierDocument, ...] | None = None
    reasons: tuple[ReasonDocument, ...] | None = None
    rules: Mapping[str, Any] = {}
    quotas: tuple[QuotaDocument, ...] = ()
    robots: RobotsDocument = RobotsDocument()
    faults: tuple[Mapping[str, Any], ...] = ()
    samples: bool = False
    exchanges: tuple[Mapping[str, Any], ...] = ()


class BadDocument(ValueError):
    """A document or an argument that is refused; `field` says where, e.g. `goods.wanted.stock`.

    `conflict` is True if it would be right in another state of the sandbox, `missing` if it names
    something that the sandbox does not have now.
    """

    def __init__(
        self, field: str, zh: str, en: str, *, conflict: bool = False, missing: bool = False
    ) -> None:
        self.field, self.zh, self.en = field, zh, en
        self.conflict, self.missing = conflict, missing
        super().__init__(f"{field}: {zh} ({en})")


_T = TypeVar("_T")


def read_instant(text: str, field: str) -> datetime:
    """Return the Beijing time that `text` says; `field` is named in a refusal.

    Raises:
        BadDocument: not `yyyy-MM-dd HH:mm:ss`, or a year that no sandbox can be at.
    """
    instant = parse_time(text)
    if instant is None:
        raise BadDocument(field, "应为 yyyy-MM-dd HH:mm:ss", "yyyy-MM-dd HH:mm:ss")
    if not is_reachable(instant):
        raise BadDocument(
            field, f"应在 {EARLIEST}–{LATEST} 年", f"within the years {EARLIEST} to {LATEST}"
        )
    return instant


def read_document(raw: object, shape: type[_T]) -> _T:
    """Return `raw` (JSON or TOML values) as a `shape`.

    Raises:
        BadDocument: an unknown key or a wrong type; names the field.
    """
    try:
        return msgspec.convert(raw, shape, strict=True)
    except msgspec.ValidationError as wrong:
        message, _, path = str(wrong).partition(" - at `$")
        field = path.rstrip("`").lstrip(".").replace("[...]", "")
        mentioned = re.search(r"(unknown|missing required) field `(.+)`", message)
        meant_zh = meant_en = ""
        if mentioned:
            field = f"{field}.{mentioned[2]}".lstrip(".")
        if mentioned and mentioned[1] == "unknown":
            for near in get_close_matches(mentioned[2], list(_field_names(shape)), 1):
                misplaced = near == mentioned[2]
                meant_zh = "；它属于文档的另一层" if misplaced else f"；是否想写 {near}？"
                meant_en = (
                    "; it belongs to another object of the document"
                    if misplaced
                    else f"; did you mean {near}?"
                )
        raise BadDocument(
            field or "body", translate_message(message) + meant_zh, message + meant_en
        ) from None


def _field_names(shape: Any) -> Iterator[str]:
    """Yield every field name that may stand somewhere in a document of this shape."""
    yield from getattr(shape, "__struct_encode_fields__", ())
    inside = (
        get_type_hints(shape).values()
        if hasattr(shape, "__struct_encode_fields__")
        else get_args(shape)
    )
    for part in inside:
        yield from _field_names(part)


def unknown_name(
    field: str, name: str, choices: Iterable[str], what: str = "取值", *, missing: bool = False
) -> BadDocument:
    """Return the refusal of a name that is none of the choices, with the one that was probably
    meant.

    More than _FEW choices are listed only if none is similar.  `missing`: as in BadDocument.
    """
    names = list(choices)
    near = get_close_matches(name, names, 1)
    zh = f"没有这个{what} {name!r}；"
    en = f"unknown {name!r};"
    if near:
        zh += f"是否想写 {near[0]}？"
        en += f" did you mean {near[0]}?"
    if not near or len(names) <= _FEW:
        zh += f"可用：{'、'.join(names) or '无'}"
        en += f" use: {', '.join(names) or 'none'}"
    return BadDocument(field, zh, en, missing=missing)


def read_world(raw: object) -> WorldDocument:
    """Return a whole world document; an error in its goods has their name in the field.

    Raises:
        BadDocument: as `read_document`.
    """
    goods = raw.get("goods") if isinstance(raw, dict) else None
    for name, document in goods.items() if isinstance(goods, dict) else ():
        try:
            read_document(document, GoodsDocument)
        except BadDocument as wrong:
            inside = "" if wrong.field == "body" else f".{wrong.field}"
            raise BadDocument(f"goods.{name}{inside}", wrong.zh, wrong.en) from None
    return read_document(raw, WorldDocument)


def translate_message(message: str) -> str:
    """Return the validator's sentence in Chinese, if it is one of the usual four."""
    for shape, zh in (
        (r"Expected `(.+)`, got `(.+)`", r"应为 \1，得到 \2"),
        (r"Invalid enum value (.+)", r"没有这个取值 \1"),
        (r".*unknown field `(.+)`", r"没有字段 \1"),
        (r".*missing required field `(.+)`", r"缺少字段 \1"),
    ):
        if re.fullmatch(shape, message):
            return re.sub(shape, zh, message)
    return f"不合法：{message}"

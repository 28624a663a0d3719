"""The records of replies: the name of each field, how it is read, and which replies have it.

Field names are spelt as on the wire, also where TOP misspells them (`operation_contraint`; a client
asks for `bizorder_id` and gets `biz_order_id`).  Readers take the sandbox's inner time and give the
time of its clock.  Source: docs/spec/exchange-api.md.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from enum import Enum, auto
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from ..domain.evidence import Evidence, documented, inferred
from ..domain.exchange import Exchange, Message
from ..domain.play import deadline
from ..domain.rules import RuleValues
from ..domain.table_index import SHIPPED_TABLE, TableIndex
from ..domain.vocabulary import Phase, Ruleset
from ..protocol.shapes import Field, Items, Tree, ValueKind, format_price, format_time
from .declaration import DATE, NUMBER
from .reply_masking import mask_address, mask_name, mask_phone

__all__ = [
    "EXCHANGE",
    "MESSAGE",
    "Column",
    "RecordKind",
    "RecordView",
    "build_exchange_record",
    "build_message_record",
    "select_exchange_fields",
    "select_message_fields",
]

_API_PAGES = documented("api", note="api-3")
_format_time = lru_cache(4096)(format_time)  # exchanges are read far more often than changed


class RecordKind(Enum):
    """The replies in which a record stands."""

    GET = auto()  # an exchange in tmall.exchange.get
    LIST = auto()  # an exchange in tmall.exchange.receive.get
    WRITE = auto()  # an exchange in the reply of a write
    MESSAGE_ADDED = auto()  # a message in tmall.exchange.message.add
    MESSAGE_LISTED = auto()  # a message in tmall.exchange.messages.get


class RecordView(Struct, frozen=True):
    """What a record shows of its sandbox beside the exchange itself.

    `aged` is subtracted from every recorded instant; `base_url` and `sandbox` lead to pictures;
    deadlines follow from `rules` and `table`.  With `masks_personal` names, phones and addresses
    of buyers are shown masked.
    """

    rules: RuleValues
    aged: timedelta
    base_url: str
    sandbox: str
    table: TableIndex = SHIPPED_TABLE
    masks_personal: bool = False

    def picture_url(self, name: str) -> str:
        """Return the address of a picture; a name that is an address already stays."""
        if "://" in name:
            return name
        return f"{self.base_url}/pictures/{quote(self.sandbox)}/{name}"

    def mask_name(self, name: str) -> str:
        """Return a person's name as replies show it, masked or plain."""
        return mask_name(name) if self.masks_personal else name

    def time(self, instant: datetime) -> str:
        """Return an inner instant as text, in Beijing time of the sandbox's clock."""
        return _format_time(instant - self.aged) if self.aged else _format_time(instant)


_MASKED = inferred(
    "api", "evidence", note="evidence-1: masked for trades since 2022; rule personal_data"
)
Reader = Callable[[Any, RecordView], Any]


class Column(Struct, frozen=True):
    """A field of a record.

    Its declaration, its reader (None: absent), and the kinds it stands in.
    """

    field: Field
    read: Reader
    kinds: tuple[RecordKind, ...] = ()
    evidence: Evidence = _API_PAGES
    en: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The names under which a client can ask for it, the name in the reply first."""
        field = self.field
        return (field.name, field.requested_as) if field.requested_as else (field.name,)


def _column(
    name: str,
    zh: str,
    kinds: tuple[RecordKind, ...],
    read: Reader,
    *,
    kind: ValueKind = ValueKind.STRING,
    requested_as: str = "",
    personal: bool = False,
    evidence: Evidence = _API_PAGES,
    en: str = "",
) -> Column:
    field = Field(name=name, kind=kind, requested_as=requested_as, personal=personal, zh=zh)
    return Column(field, read, kinds, evidence, en)


def _read(name: str) -> Reader:
    """Return a reader of the attribute `name`; an empty value is absent."""
    return lambda record, view: getattr(record, name) or None


def _read_personal(name: str, mask: Callable[[str], str]) -> Reader:
    """Return a reader of personal data, masked where the view says so; an empty value is absent."""

    def read(record: Any, view: RecordView) -> str | None:
        value: str = getattr(record, name)
        return (mask(value) if view.masks_personal else value) or None

    return read


def _read_price(name: str) -> Reader:
    """Return a reader of the amount `name`: fen inside, yuan with two decimals outside."""

    def read(record: Any, view: RecordView) -> str | None:
        fen = getattr(record, name)
        return None if fen is None else format_price(fen)

    return read


def _read_deadline(exchange: Exchange, view: RecordView) -> str | None:
    due = deadline(exchange, view.rules, view.table)
    return None if due is None else view.time(due)


def _read_attributes(exchange: Exchange, view: RecordView) -> str | None:
    return '{"newExchangeRepair":"1"}' if exchange.ruleset is Ruleset.UPGRADED else None


def _read_version(exchange: Exchange, view: RecordView) -> int:
    """Return `modified` as milliseconds since 1970, whole seconds."""
    return int((exchange.modified - view.aged).timestamp()) * 1000


_PHASES = {Phase.ONSALE: "onsale", Phase.AFTERSALE: "aftersale"}
ALL = (RecordKind.GET, RecordKind.LIST, RecordKind.WRITE)
GET_AND_LIST = (RecordKind.GET, RecordKind.LIST)
ONLY_GET = (RecordKind.GET,)
ONLY_LIST = (RecordKind.LIST,)
BOTH_MESSAGES = (RecordKind.MESSAGE_ADDED, RecordKind.MESSAGE_LISTED)
ONLY_MESSAGE_LISTED = (RecordKind.MESSAGE_LISTED,)

EXCHANGE: tuple[Column, ...] = (
    _column("dispute_id", "换货单号ID", ALL, lambda e, v: str(e.dispute_id)),
    _column(
        "biz_order_id",
        "正向订单号ID(子订单 oid)",
        ALL,
        lambda e, v: str(e.oid),
        requested_as="bizorder_id",
    ),
    _column("alipay_no", "支付宝单号ID(实为主订单 tid)", GET_AND_LIST, lambda e, v: str(e.tid)),
    _column("status", "换货状态(中文)", ALL, lambda e, v: v.rules.text(e.status.text_rule)),
    _column("created", "换货单创建时间", GET_AND_LIST, lambda e, v: v.time(e.created), kind=DATE),
    _column("modified", "换货单修改时间", ALL, lambda e, v: v.time(e.modified), kind=DATE),
    _column("time_out", "超时时间", GET_AND_LIST, _read_deadline),
    _column("title", "商品名称", GET_AND_LIST, _read("title")),
    _column("num", "换货数量/购买数", GET_AND_LIST, lambda e, v: e.num, kind=NUMBER),
    _column("price", "价格", GET_AND_LIST, _read_price("price")),
    _column("payment", "支付费用", ONLY_LIST, _read_price("payment")),
    _column("reason", "换货申请理由", GET_AND_LIST, _read("reason")),
    _column("desc", "换货理由说明", ONLY_GET, _read("desc")),
    _column("bought_sku", "所购买的商品sku", GET_AND_LIST, _read("bought_sku")),
    _column("exchange_sku", "换货商品的sku", GET_AND_LIST, _read("exchange_sku")),
    _column(
        "new_bought_sku",
        "买家自行更改后的sku，未改时不返回(新页面才有；含义由集成商代码推断)",
        ONLY_LIST,
        _read("new_bought_sku"),
        evidence=inferred(
            "api",
            "evidence",
            note="api-3.2 lists it, evidence-2.1 is the meaning: one integrator"
            " takes it before bought_sku; that an exchange's own modify fills it is assumed",
        ),
        en="the SKU after the buyer's own change, absent before one",
    ),
    _column("good_status", "商品状态", GET_AND_LIST, lambda e, v: e.good_status.value),
    _column("buyer_nick", "买家昵称", GET_AND_LIST, _read("buyer_nick"), personal=True),
    _column("buyer_open_uid", "买家openId", GET_AND_LIST, _read("buyer_open_uid"), personal=True),
    _column(
        "buyer_name",
        "买家姓名，按规则 personal_data 脱敏",
        GET_AND_LIST,
        _read_personal("buyer_name", mask_name),
        personal=True,
        evidence=_MASKED,
    ),
    _column(
        "buyer_phone",
        "买家联系方式，按规则 personal_data 脱敏",
        GET_AND_LIST,
        _read_personal("buyer_phone", mask_phone),
        personal=True,
        evidence=_MASKED,
    ),
    _column(
        "buyer_address",
        "买家换货地址，按规则 personal_data 脱敏",
        GET_AND_LIST,
        _read_personal("buyer_address", mask_address),
        personal=True,
        evidence=_MASKED,
    ),
    _column(
        "oaid",
        "收件人ID(OAID)，每张换货单自己的，与交易的不同",
        GET_AND_LIST,
        _read("oaid"),
        personal=True,
        evidence=inferred(
            "api", "evidence", note="evidence-1: an exchange has its own oaid, not its trade's"
        ),
        en="the receiver's id, the exchange's own, not its trade's",
    ),
    _column("address", "卖家换货地址", GET_AND_LIST, _read("address"), personal=True),
    _column("seller_nick", "卖家昵称", GET_AND_LIST, _read("shop")),
    _column(
        "buyer_logistic_name", "买家发货物流公司名称", GET_AND_LIST, _read("buyer_logistic_name")
    ),
    _column("buyer_logistic_no", "买家发货物流单号", GET_AND_LIST, _read("buyer_logistic_no")),
    _column(
        "seller_logistic_name", "卖家发货物流公司名称", GET_AND_LIST, _read("seller_logistic_name")
    ),
    _column("seller_logistic_no", "卖家发货快递单号", GET_AND_LIST, _read("seller_logistic_no")),
    _column(
        "refund_phase", "售中(onsale)或售后(aftersale)", ONLY_GET, lambda e, v: _PHASES[e.phase]
    ),
    _column("refund_version", "换货版本", ONLY_GET, _read_version, kind=NUMBER),
    _column("advance_status", "先行垫付状态", ONLY_GET, lambda e, v: e.advance_status, kind=NUMBER),
    _column("cs_status", "小二托管状态", ONLY_GET, lambda e, v: e.cs_status.value, kind=NUMBER),
    _column(
        "operation_contraint",
        "操作场景，没有时是文字 null",
        ONLY_GET,
        lambda e, v: e.operation_contraint or "null",
        evidence=inferred("evidence", note="evidence-1: captured refunds carry the text null"),
        en="what the seller may not do, the text null if nothing",
    ),
    _column("attributes", "扩展属性(JSON 文本)", GET_AND_LIST, _read_attributes),
)


def select_exchange_fields(kind: RecordKind) -> tuple[Field, ...]:
    """Return the declared fields of an exchange in replies of this kind, in order."""
    return tuple(column.field for column in EXCHANGE if kind in column.kinds)


@lru_cache(4096)  # clients ask for the same fields in every call
def _select_columns(kind: RecordKind, fields: tuple[str, ...]) -> tuple[tuple[str, Reader], ...]:
    """Return name and reader of the requested fields that stand in the record, alphabetically.

    Every captured JSON has its names in this order.

    Source: docs/spec/evidence-2026-11.md#evidence-1.
    """
    columns = _COLUMNS[kind]
    readers = {columns[name].field.name: columns[name].read for name in fields if name in columns}
    return tuple(sorted(readers.items()))


def build_exchange_record(
    exchange: Exchange, fields: Iterable[str], kind: RecordKind, view: RecordView
) -> Tree:
    """Return the requested fields of an exchange by name, alphabetically.

    Unknown names are ignored, absent values left out.  A value that was set when the exchange was
    opened (`verbatim`) is shown as it was set.
    """
    verbatim = exchange.verbatim or {}
    record: Tree = {}
    for name, read in _select_columns(kind, tuple(fields)):
        value = verbatim[name] if name in verbatim else read(exchange, view)
        if value is not None:
            record[name] = value
    return record


def _read_pictures(message: Message, view: RecordView) -> Items | None:
    """Return the pictures' addresses; a picture whose name is an address already keeps it."""
    urls = [{"url": view.picture_url(picture)} for picture in message.pictures]
    return Items("pic_url", urls) if urls else None


def _read_owner_role(message: Message, view: RecordView) -> str:
    """Return who wrote, as a Chinese word, or by rule `owner_role` as a number, which is text."""
    role = message.role
    return str(role.value) if view.rules.text("owner_role") == "number" else role.zh


MESSAGE: tuple[Column, ...] = (
    _column("id", "留言ID", BOTH_MESSAGES, lambda m, v: m.number, kind=NUMBER),
    _column("refund_id", "换货单号ID", BOTH_MESSAGES, lambda m, v: m.dispute_id, kind=NUMBER),
    _column("owner_id", "留言者ID", BOTH_MESSAGES, lambda m, v: m.owner_id, kind=NUMBER),
    _column("owner_nick", "留言者昵称", BOTH_MESSAGES, _read("owner_nick"), personal=True),
    _column("owner_role", "留言者角色(规则 owner_role)", BOTH_MESSAGES, _read_owner_role),
    _column("content", "留言内容", BOTH_MESSAGES, _read("content"), personal=True),
    Column(
        Field(
            name="pic_urls",
            kind=ValueKind.OBJECT,
            item="pic_url",
            zh="凭证信息",
            of=(Field(name="url", kind=ValueKind.STRING, zh="图片地址"),),
        ),
        _read_pictures,
        BOTH_MESSAGES,
    ),
    _column("created", "留言创建时间", BOTH_MESSAGES, lambda m, v: v.time(m.created), kind=DATE),
    _column(
        "message_type",
        "留言类型(100 人工，111 系统，规则 message_type.human、message_type.system)",
        BOTH_MESSAGES,
        lambda m, v: v.rules.text(f"message_type.{'human' if m.human else 'system'}"),
    ),
    _column("open_uid", "留言者openId", ONLY_MESSAGE_LISTED, _read("open_uid"), personal=True),
)
_COLUMNS: Mapping[RecordKind, Mapping[str, Column]] = MappingProxyType(
    {
        kind: {name: column for column in columns if kind in column.kinds for name in column.names}
        for kinds, columns in ((ALL, EXCHANGE), (BOTH_MESSAGES, MESSAGE))
        for kind in kinds
    }
)


def select_message_fields(kind: RecordKind) -> tuple[Field, ...]:
    """Return the declared fields of a message in replies of this kind, in order."""
    return tuple(column.field for column in MESSAGE if kind in column.kinds)


def build_message_record(
    message: Message, fields: Iterable[str], kind: RecordKind, view: RecordView
) -> Tree:
    """Return the requested fields of a message by name, alphabetically, absent ones left out."""
    values = {name: read(message, view) for name, read in _select_columns(kind, tuple(fields))}
    return {name: value for name, value in values.items() if value is not None}

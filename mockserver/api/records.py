"""The records of replies: what each field is called, what it shows, where it is shown.

Spelling as on the wire, traps included (`operation_contraint`, `bizorder_id` asked, `biz_order_id`
given).  Readers take inner time and show it through the sandbox's clock.  Source: API pages.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from ..domain.exchange import Exchange, Message
from ..domain.play import deadline
from ..domain.rules import RuleValues
from ..domain.vocabulary import Phase, Ruleset
from ..protocol.shapes import Field, Items, Tree, ValueKind, show_price, show_time

__all__ = ["EXCHANGE", "MESSAGE", "View", "exchange_fields", "exchange_record", "message_record"]


_text = lru_cache(4096)(show_time)  # exchanges are shown far more often than changed


class View(Struct, frozen=True):
    """How a caller sees a world: `aged` is taken off every recorded instant, `base_url` leads to pictures."""

    rules: RuleValues
    aged: timedelta
    base_url: str
    sandbox: str

    def time(self, instant: datetime) -> str:
        """An inner instant as the wire shows it."""
        return _text(instant - self.aged) if self.aged else _text(instant)


class Column(Struct, frozen=True):
    """A field of a record with its reader; `shown` says where: G get, L list, W write replies."""

    field: Field
    read: Callable[[Any, View], Any]
    shown: str = ""


def _column(
    name: str,
    zh: str,
    shown: str,
    read: Callable[[Any, View], Any],
    kind: ValueKind = ValueKind.STRING,
    *,
    asked_as: str = "",
    personal: bool = False,
) -> Column:
    return Column(
        Field(name=name, kind=kind, asked_as=asked_as, personal=personal, zh=zh), read, shown
    )


def _attribute(name: str) -> Callable[[Any, View], Any]:
    return lambda row, view: getattr(row, name) or None


def _price(name: str) -> Callable[[Any, View], Any]:
    def read(row: Any, view: View) -> str | None:
        fen = getattr(row, name)
        return None if fen is None else show_price(fen)

    return read


def _time_out(exchange: Exchange, view: View) -> str | None:
    due = deadline(exchange, view.rules)
    return None if due is None else view.time(due)


def _attributes(exchange: Exchange, view: View) -> str | None:
    return '{"newExchangeRepair":"1"}' if exchange.ruleset is Ruleset.UPGRADED else None


def _milliseconds(exchange: Exchange, view: View) -> int:
    return int((exchange.modified - view.aged).timestamp()) * 1000


_PHASES = {Phase.ONSALE: "onsale", Phase.AFTERSALE: "aftersale"}
NUMBER, DATE = ValueKind.NUMBER, ValueKind.DATE

EXCHANGE: tuple[Column, ...] = (
    _column("dispute_id", "换货单号ID", "GLW", lambda e, v: str(e.dispute_id)),
    _column(
        "biz_order_id",
        "正向订单号ID(子订单 oid)",
        "GLW",
        lambda e, v: str(e.oid),
        asked_as="bizorder_id",
    ),
    _column("alipay_no", "支付宝单号ID(实为主订单 tid)", "GL", lambda e, v: str(e.tid)),
    _column(
        "status", "换货状态(中文)", "GLW", lambda e, v: v.rules.values[f"text.{e.status.value}"]
    ),
    _column("created", "换货单创建时间", "GL", lambda e, v: v.time(e.created), DATE),
    _column("modified", "换货单修改时间", "GLW", lambda e, v: v.time(e.modified), DATE),
    _column("time_out", "超时时间", "GL", _time_out),
    _column("title", "商品名称", "GL", _attribute("title")),
    _column("num", "换货数量/购买数", "GL", lambda e, v: e.num, NUMBER),
    _column("price", "价格", "GL", _price("price")),
    _column("payment", "支付费用", "L", _price("payment")),
    _column("reason", "换货申请理由", "GL", _attribute("reason")),
    _column("desc", "换货理由说明", "G", _attribute("desc")),
    _column("bought_sku", "所购买的商品sku", "GL", _attribute("bought_sku")),
    _column("exchange_sku", "换货商品的sku", "GL", _attribute("exchange_sku")),
    _column("new_bought_sku", "新页面才有的字段，含义未公开", "L", lambda e, v: None),
    _column("good_status", "商品状态", "GL", lambda e, v: e.good_status.value),
    _column("buyer_nick", "买家昵称", "GL", _attribute("buyer_nick"), personal=True),
    _column("buyer_open_uid", "买家openId", "GL", _attribute("buyer_open_uid"), personal=True),
    _column("buyer_name", "买家姓名", "GL", _attribute("buyer_name"), personal=True),
    _column("buyer_phone", "买家联系方式", "GL", _attribute("buyer_phone"), personal=True),
    _column("buyer_address", "买家换货地址", "GL", _attribute("buyer_address"), personal=True),
    _column("oaid", "收件人ID(OAID)", "GL", _attribute("oaid"), personal=True),
    _column("address", "卖家换货地址", "GL", _attribute("address"), personal=True),
    _column("seller_nick", "卖家昵称", "GL", _attribute("shop")),
    _column("buyer_logistic_name", "买家发货物流公司名称", "GL", _attribute("buyer_logistic_name")),
    _column("buyer_logistic_no", "买家发货物流单号", "GL", _attribute("buyer_logistic_no")),
    _column(
        "seller_logistic_name", "卖家发货物流公司名称", "GL", _attribute("seller_logistic_name")
    ),
    _column("seller_logistic_no", "卖家发货快递单号", "GL", _attribute("seller_logistic_no")),
    _column("refund_phase", "售中(onsale)或售后(aftersale)", "G", lambda e, v: _PHASES[e.phase]),
    _column("refund_version", "换货版本", "G", _milliseconds, NUMBER),
    _column("advance_status", "先行垫付状态", "G", lambda e, v: e.advance_status, NUMBER),
    _column("cs_status", "小二托管状态", "G", lambda e, v: e.cs_status.value, NUMBER),
    _column("operation_contraint", "操作场景", "G", _attribute("operation_contraint")),
    _column("attributes", "扩展属性(JSON 文本)", "GL", _attributes),
)

_READERS: Mapping[str, Mapping[str, tuple[str, Callable[[Any, View], Any]]]] = {
    where: {
        name: (column.field.name, column.read)
        for column in EXCHANGE
        if where in column.shown
        for name in (column.field.name, column.field.asked_as)
        if name
    }
    for where in "GLW"
}


def exchange_fields(where: str) -> tuple[Field, ...]:
    """The declared fields of an exchange in `get` (G), `receive.get` (L) or write replies (W)."""
    return tuple(column.field for column in EXCHANGE if where in column.shown)


def exchange_record(exchange: Exchange, asked: Iterable[str], where: str, view: View) -> Tree:
    """The asked fields of an exchange in the order asked; unknown names are ignored, absent values left out.

    A value that was given when the exchange was opened is shown as it was given.
    """
    readers, given = _READERS[where], exchange.verbatim or {}
    record: Tree = {}
    for wanted in asked:
        if wanted in readers:
            name, read = readers[wanted]
            value = given[name] if name in given else read(exchange, view)
            if value is not None:
                record[name] = value
    return record


def _pictures(message: Message, view: View) -> Items | None:
    urls = [
        {
            "url": picture
            if "://" in picture
            else f"{view.base_url}/pictures/{quote(view.sandbox)}/{picture}"
        }
        for picture in message.pictures
    ]
    return Items("pic_url", urls) if urls else None


MESSAGE: tuple[Column, ...] = (
    _column("id", "留言ID", "AM", lambda m, v: m.number, NUMBER),
    _column("refund_id", "换货单号ID", "AM", lambda m, v: m.dispute_id, NUMBER),
    _column("owner_id", "留言者ID", "AM", lambda m, v: m.owner_id, NUMBER),
    _column("owner_nick", "留言者昵称", "AM", _attribute("owner_nick"), personal=True),
    _column("owner_role", "留言者角色", "AM", lambda m, v: m.role.zh),
    _column("content", "留言内容", "AM", _attribute("content"), personal=True),
    Column(
        Field(
            name="pic_urls",
            kind=ValueKind.OBJECT,
            item="pic_url",
            zh="凭证信息",
            of=(Field(name="url", kind=ValueKind.STRING, zh="图片地址"),),
        ),
        _pictures,
        "AM",
    ),
    _column("created", "留言创建时间", "AM", lambda m, v: v.time(m.created), DATE),
    _column(
        "message_type",
        "留言类型(100 人工，111 系统)",
        "AM",
        lambda m, v: "100" if m.human else "111",
    ),
    _column("open_uid", "留言者openId", "M", _attribute("open_uid"), personal=True),
)
_MESSAGES = {where: {c.field.name: c for c in MESSAGE if where in c.shown} for where in "AM"}


def message_record(message: Message, asked: Iterable[str], where: str, view: View) -> Tree:
    """The asked fields of a message, for `message.add` (A) or `messages.get` (M)."""
    columns = _MESSAGES[where]
    chosen = ((name, columns[name].read(message, view)) for name in asked if name in columns)
    return {name: value for name, value in chosen if value is not None}

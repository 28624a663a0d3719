"""Methods on what surrounds an exchange in a shop: trades sold, goods, shipments, the seller.

Types are the pages', docs/spec/neighbours.yaml; fields that no sandbox has a value for are left
out.  Source: docs/spec/evidence-2026-11.md#evidence-4.
"""

from functools import partial

from msgspec.structs import replace

from ..domain.evidence import assumed, documented
from ..protocol.shapes import Field, Param
from .declaration import (
    BOOLEAN,
    DATE,
    NUMBER,
    OBJECT,
    PRICE,
    STRING,
    STRINGS,
    Method,
    declare_fields,
    make_fields_param,
)
from .related_methods import TRADE

__all__ = ["SHOP_METHODS"]


_PERSONAL_FIELDS = ("buyer_nick", "receiver_name", "openuid", "ouid")


_fields = partial(declare_fields, _PERSONAL_FIELDS)


def _trade_without(trade: tuple[str, ...], order: tuple[str, ...]) -> tuple[Field, ...]:
    """Return the fields of a trade and its orders as a list shows them, without these."""
    orders = next(field for field in TRADE if field.name == "orders")
    remaining = tuple(field for field in orders.of if field.name not in order)
    return tuple(
        replace(field, of=remaining) if field is orders else field
        for field in TRADE
        if field.name not in trade
    )


_NOT_IN_LISTS = (
    "tid_str",
    "seller_memo",
    "buyer_message",
    "timeout_action_time",
    "has_post_fee",
    "promotion_details",
)
_ORDER_NOT_IN_LISTS = ("oid_str", "order_from", "estimate_con_time", "timeout_action_time")
SOLD = _trade_without(_NOT_IN_LISTS, _ORDER_NOT_IN_LISTS)
CHANGED = _trade_without(
    (*_NOT_IN_LISTS, "alipay_no", "trade_from", "is_part_consign"), _ORDER_NOT_IN_LISTS
)
FIELDS_TEXT = Param(name="fields", kind=STRING, required=True, zh="返回字段")
PAGE_NO = Param(name="page_no", kind=NUMBER, least=1, most=2**31 - 1, default="1", zh="页码")
PAGE_SIZE = Param(name="page_size", kind=NUMBER, least=1, most=100, default="40", zh="每页条数")
HAS_NEXT = Param(name="use_has_next", kind=BOOLEAN, zh="true 时返回 has_next，不返回 total_results")
BUYER_NICK = Param(name="buyer_nick", kind=STRING, personal=True, zh="买家昵称")
TRADE_STATUS = Param(name="status", kind=STRING, zh="交易状态")
TRADE_TYPE = Param(name="type", kind=STRING, zh="交易类型，逗号分隔；本工具的交易都是 fixed")
UNUSED = (
    Param(name="ext_type", kind=STRING, zh="接受，不起作用"),
    Param(name="tag", kind=STRING, zh="接受，不起作用"),
)
TID = Param(name="tid", kind=NUMBER, required=True, zh="交易编号")
SUB_TIDS = Param(
    name="sub_tid", kind=STRINGS, items=NUMBER, limit=50, zh="子订单，逗号分隔；is_split 为 1 时用"
)
SPLIT = Param(name="is_split", kind=NUMBER, among=("0", "1"), zh="1 为拆单")
SHIPPED_BY = (
    Param(name="out_sid", kind=STRING, required=True, zh="运单号"),
    Param(name="company_code", kind=STRING, required=True, zh="物流公司代码，如 SF"),
)
SKU = _fields(
    sku_id=NUMBER,
    num_iid=NUMBER,
    outer_id=STRING,
    price=PRICE,
    quantity=NUMBER,
    with_hold_quantity=NUMBER,
    status=STRING,
)
ITEM = (
    *_fields(
        num_iid=NUMBER,
        title=STRING,
        nick=STRING,
        outer_id=STRING,
        price=PRICE,
        num=NUMBER,
        type=STRING,
        approve_status=STRING,
        stuff_status=STRING,
        sold_quantity=NUMBER,
        with_hold_quantity=NUMBER,
    ),
    Field(
        name="skus",
        kind=OBJECT,
        item="sku",
        of=_fields(sku_id=NUMBER, outer_id=STRING, price=PRICE, quantity=NUMBER),
    ),
)
USER = (
    *_fields(
        user_id=NUMBER,
        nick=STRING,
        type=STRING,
        status=STRING,
        has_shop=BOOLEAN,
        consumer_protection=BOOLEAN,
    ),
    Field(
        name="seller_credit",
        kind=OBJECT,
        of=_fields(level=NUMBER, score=NUMBER, total_num=NUMBER, good_num=NUMBER),
    ),
)
SHIPPING = _fields(
    tid=NUMBER,
    order_code=STRING,
    status=STRING,
    type=STRING,
    out_sid=STRING,
    company_name=STRING,
    freight_payer=STRING,
    seller_confirm=STRING,
    is_split=NUMBER,
    item_title=STRING,
    seller_nick=STRING,
    buyer_nick=STRING,
    receiver_name=STRING,
    created=DATE,
    modified=DATE,
    delivery_start=DATE,
    delivery_end=DATE,
    ouid=STRING,
    openuid=STRING,
)
STEP = _fields(status_time=STRING, status_desc=STRING, action=STRING)


def _trades_reply(trade: tuple[Field, ...]) -> tuple[Field, ...]:
    return (
        Field(name="total_results", kind=NUMBER),
        Field(name="has_next", kind=BOOLEAN),
        Field(name="trades", kind=OBJECT, item="trade", of=trade),
    )


SHIPPED = (Field(name="shipping", kind=OBJECT, of=_fields(is_success=BOOLEAN)),)

SHOP_METHODS: tuple[Method, ...] = (
    Method(
        name="taobao.trades.sold.get",
        title="查询卖家已卖出的交易数据（根据创建时间）",
        en="trades that the seller sold, by when they were created",
        doc_id=46,
        evidence=documented("evidence", note="evidence-4"),
        query="trades_by_created",
        record=SOLD,
        params=(
            FIELDS_TEXT,
            Param(name="start_created", kind=DATE, zh="创建时间从(含)"),
            Param(name="end_created", kind=DATE, zh="创建时间到(含)"),
            TRADE_STATUS,
            BUYER_NICK,
            TRADE_TYPE,
            UNUSED[0],
            Param(name="rate_status", kind=STRING, zh="接受，不起作用"),
            UNUSED[1],
            PAGE_NO,
            PAGE_SIZE,
            HAS_NEXT,
            Param(name="buyer_open_id", kind=STRING, personal=True, zh="买家 openId"),
        ),
        reply=_trades_reply(SOLD),
    ),
    Method(
        name="taobao.trades.sold.increment.get",
        title="查询卖家已卖出的增量交易数据（根据修改时间）",
        en="trades that the seller sold, by when they were modified, a day at most",
        doc_id=128,
        evidence=documented("evidence", note="evidence-4"),
        query="trades_by_modified",
        record=CHANGED,
        params=(
            FIELDS_TEXT,
            Param(name="start_modified", kind=DATE, required=True, zh="修改时间从(含)"),
            Param(name="end_modified", kind=DATE, required=True, zh="修改时间到(含)，一天以内"),
            TRADE_STATUS,
            TRADE_TYPE,
            BUYER_NICK,
            *UNUSED,
            PAGE_NO,
            PAGE_SIZE,
            HAS_NEXT,
            Param(name="buyer_open_uid", kind=STRING, personal=True, zh="买家 openId"),
        ),
        reply=_trades_reply(CHANGED),
    ),
    Method(
        name="taobao.user.seller.get",
        title="查询卖家用户信息",
        en="the seller that the session belongs to, a sub-account's main account",
        doc_id=21349,
        evidence=documented("evidence", note="evidence-4"),
        query="seller",
        record=USER,
        params=(make_fields_param(200),),
        reply=(Field(name="user", kind=OBJECT, of=USER),),
    ),
    Method(
        name="taobao.item.sku.get",
        title="获取SKU",
        en="one SKU with its price and stock",
        doc_id=28,
        session=False,
        evidence=documented("evidence", note="evidence-4; the session is optional"),
        query="sku",
        record=SKU,
        params=(
            FIELDS_TEXT,
            Param(name="sku_id", kind=NUMBER, required=True, zh="SKU 编号"),
            Param(name="num_iid", kind=NUMBER, zh="商品编号，给了就须相符"),
        ),
        reply=(Field(name="sku", kind=OBJECT, of=SKU),),
    ),
    Method(
        name="taobao.item.seller.get",
        title="获取单个商品详细信息",
        en="one item with its SKUs",
        doc_id=24625,
        evidence=documented("evidence", note="evidence-4"),
        query="item",
        record=ITEM,
        params=(FIELDS_TEXT, Param(name="num_iid", kind=NUMBER, required=True, zh="商品编号")),
        reply=(Field(name="item", kind=OBJECT, of=ITEM),),
    ),
    Method(
        name="taobao.logistics.orders.get",
        title="批量查询物流订单",
        en="the shipments of trades",
        doc_id=235,
        evidence=documented("evidence", note="evidence-4"),
        query="shipments",
        record=SHIPPING,
        params=(
            FIELDS_TEXT,
            Param(name="tid", kind=NUMBER, zh="交易编号"),
            BUYER_NICK,
            Param(name="status", kind=STRING, zh="物流状态"),
            Param(name="seller_confirm", kind=STRING, among=("yes", "no"), zh="是否已发货"),
            Param(name="receiver_name", kind=STRING, personal=True, zh="收件人，全名"),
            Param(name="start_created", kind=DATE, zh="创建时间从(含)"),
            Param(name="end_created", kind=DATE, zh="创建时间到(含)"),
            Param(name="freight_payer", kind=STRING, among=("buyer", "seller"), zh="谁付运费"),
            Param(name="type", kind=STRING, zh="接受，不起作用"),
            PAGE_NO,
            PAGE_SIZE,
            Param(name="ouid", kind=STRING, personal=True, zh="买家 openId"),
        ),
        reply=(
            Field(name="total_results", kind=NUMBER),
            Field(name="shippings", kind=OBJECT, item="shipping", of=SHIPPING),
        ),
    ),
    Method(
        name="taobao.logistics.trace.search",
        title="物流流转信息查询",
        en="where the parcel of a trade is",
        doc_id=10463,
        evidence=documented("evidence", note="evidence-4; the steps of a trace are chosen here"),
        query="trace",
        params=(TID, SPLIT, Param(name="sub_tid", kind=STRINGS, limit=50, zh="子订单，逗号分隔")),
        reply=(
            *_fields(tid=NUMBER, out_sid=STRING, company_name=STRING, status=STRING),
            Field(name="trace_list", kind=OBJECT, item="transit_step_info", of=STEP),
        ),
    ),
    Method(
        name="taobao.httpdns.get",
        title="TOPDNS配置",
        en="where the cluster clients send their calls: to this server",
        session=False,
        evidence=assumed("top-1.1: cluster clients ask for it; its text is read by them", "top"),
        query="httpdns",
        params=(),
        reply=(Field(name="result", kind=STRING),),
    ),
    Method(
        name="taobao.logistics.offline.send",
        title="自己联系物流（线下物流）发货",
        en="ships a trade's own goods with a carrier of the seller's",
        doc_id=10690,
        evidence=documented("evidence", note="evidence-2.3: captured B04, B60"),
        write="ship_trade",
        replays=True,
        params=(
            Param(name="cancel_id", kind=NUMBER, zh="退货地址编号，接受，不起作用"),
            SHIPPED_BY[1],
            Param(name="feature", kind=STRING, zh="接受，不起作用"),
            SPLIT,
            SHIPPED_BY[0],
            Param(name="seller_ip", kind=STRING, zh="接受，不起作用"),
            Param(name="sender_id", kind=NUMBER, zh="取货地址编号，接受，不起作用"),
            SUB_TIDS,
            TID,
        ),
        reply=SHIPPED,
    ),
    Method(
        name="taobao.logistics.consign.resend",
        title="修改物流公司和运单号",
        en="corrects carrier and waybill of a shipped trade",
        doc_id=21492,
        evidence=documented("evidence", note="evidence-2.3: CD19 names it; evidence-4"),
        write="reship_trade",
        replays=True,
        params=(
            Param(name="tid", kind=NUMBER, required=True, least=1000, zh="交易编号"),
            SUB_TIDS,
            SPLIT,
            *SHIPPED_BY,
            Param(name="feature", kind=STRING, zh="接受，不起作用"),
            Param(name="seller_ip", kind=STRING, zh="接受，不起作用"),
        ),
        reply=SHIPPED,
    ),
)

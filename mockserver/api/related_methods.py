"""The methods that an exchange client cannot do without beside the eleven.

Return addresses, carriers, the trade behind an exchange, the time.  Parameters and paths are
those of the sibling API pages; types of the fields: docs/spec/rules.md#rules-neighbours.  Source:
docs/spec/evidence-2026-11.md#evidence-3.
"""

from functools import partial

from ..domain.evidence import documented
from ..protocol.shapes import Field, Param
from .declaration import (
    BOOLEAN,
    DATE,
    NUMBER,
    OBJECT,
    PRICE,
    STRING,
    Method,
    declare_fields,
    make_fields_param,
)

__all__ = ["RELATED_METHODS", "TRADE"]


_PERSONAL_FIELDS = (
    "contact_name",
    "addr",
    "phone",
    "mobile_phone",
    "buyer_nick",
    "buyer_open_uid",
    "receiver_name",
    "receiver_address",
    "receiver_mobile",
    "receiver_phone",
    "buyer_message",
    "seller_memo",
    "oaid",
)


_fields = partial(declare_fields, _PERSONAL_FIELDS)


ADDRESS = _fields(
    contact_id=NUMBER,
    contact_name=STRING,
    province=STRING,
    city=STRING,
    country=STRING,
    addr=STRING,
    zip_code=STRING,
    phone=STRING,
    mobile_phone=STRING,
    seller_company=STRING,
    memo=STRING,
    area_id=NUMBER,
    send_def=BOOLEAN,
    get_def=BOOLEAN,
    cancel_def=BOOLEAN,
    modify_date=DATE,
)
CARRIER = _fields(id=NUMBER, code=STRING, name=STRING, reg_mail_no=STRING)
ORDER = _fields(
    oid=NUMBER,
    oid_str=STRING,
    status=STRING,
    title=STRING,
    price=PRICE,
    num=NUMBER,
    num_iid=NUMBER,
    cid=NUMBER,
    sku_id=STRING,
    sku_properties_name=STRING,
    outer_iid=STRING,
    outer_sku_id=STRING,
    pic_path=STRING,
    total_fee=PRICE,
    payment=PRICE,
    discount_fee=PRICE,
    adjust_fee=PRICE,
    divide_order_fee=PRICE,
    part_mjz_discount=PRICE,
    order_from=STRING,
    shipping_type=STRING,
    logistics_company=STRING,
    invoice_no=STRING,
    consign_time=STRING,
    estimate_con_time=STRING,
    timeout_action_time=DATE,
    end_time=DATE,
    buyer_rate=BOOLEAN,
    seller_rate=BOOLEAN,
    refund_status=STRING,
    refund_id=STRING,
    special_refund_type=STRING,
)
PROMOTION = _fields(
    id=NUMBER, promotion_name=STRING, discount_fee=PRICE, promotion_desc=STRING, promotion_id=STRING
)
SERVICE_ORDER = _fields(
    oid=NUMBER,
    item_oid=NUMBER,
    service_id=NUMBER,
    num=NUMBER,
    price=PRICE,
    payment=PRICE,
    title=STRING,
    total_fee=PRICE,
    refund_id=STRING,
)
TRADE = (
    *_fields(
        tid=NUMBER,
        tid_str=STRING,
        status=STRING,
        type=STRING,
        title=STRING,
        seller_nick=STRING,
        seller_memo=STRING,
        seller_flag=NUMBER,
        buyer_nick=STRING,
        buyer_open_uid=STRING,
        buyer_message=STRING,
        created=DATE,
        pay_time=DATE,
        modified=DATE,
        consign_time=DATE,
        timeout_action_time=DATE,
        end_time=DATE,
        payment=PRICE,
        received_payment=PRICE,
        total_fee=PRICE,
        post_fee=PRICE,
        discount_fee=PRICE,
        adjust_fee=PRICE,
        has_post_fee=BOOLEAN,
        num=NUMBER,
        alipay_no=STRING,
        shipping_type=STRING,
        step_trade_status=STRING,
        trade_from=STRING,
        is_part_consign=BOOLEAN,
        receiver_name=STRING,
        receiver_state=STRING,
        receiver_city=STRING,
        receiver_district=STRING,
        receiver_town=STRING,
        receiver_address=STRING,
        receiver_zip=STRING,
        receiver_mobile=STRING,
        receiver_phone=STRING,
        oaid=STRING,
    ),
    Field(name="promotion_details", kind=OBJECT, item="promotion_detail", of=PROMOTION),
    Field(name="service_orders", kind=OBJECT, item="service_order", of=SERVICE_ORDER),
    Field(name="orders", kind=OBJECT, item="order", of=ORDER),
)

RELATED_METHODS: tuple[Method, ...] = (
    Method(
        name="taobao.logistics.address.search",
        title="查询卖家地址库",
        en="the seller's addresses",
        doc_id=10683,
        evidence=documented("refund", "evidence", note="evidence-1: rdef; evidence-3.2"),
        query="addresses",
        params=(
            Param(
                name="rdef",
                kind=STRING,
                among=("no_def", "get_def", "cancel_def"),
                zh="no_def 非默认地址，get_def 默认取货地址(即后台的发货地址)，"
                "cancel_def 默认退货地址；不填为全部；send_def 暂不起作用",
            ),
        ),
        reply=(Field(name="addresses", kind=OBJECT, item="address_result", of=ADDRESS),),
    ),
    Method(
        name="taobao.logistics.companies.get",
        title="查询物流公司信息",
        en="carriers",
        doc_id=233,
        session=False,
        evidence=documented("refund", "evidence", note="evidence-3.2: the captured table"),
        query="carriers",
        record=CARRIER,
        params=(
            make_fields_param(20),
            Param(name="is_recommended", kind=BOOLEAN, zh="是否只查推荐物流公司"),
            Param(
                name="order_mode", kind=STRING, among=("offline", "online", "all"), zh="下单方式"
            ),
        ),
        reply=(
            Field(name="logistics_companies", kind=OBJECT, item="logistics_company", of=CARRIER),
        ),
    ),
    Method(
        name="taobao.trade.fullinfo.get",
        title="获取单笔交易的详细信息",
        en="the trade behind an exchange",
        doc_id=54,
        evidence=documented("evidence", note="evidence-3.3"),
        query="trade",
        record=TRADE,
        params=(
            Param(name="fields", kind=STRING, required=True, zh="返回字段，子订单写 orders.oid"),
            Param(name="tid", kind=NUMBER, required=True, zh="交易编号"),
            Param(name="include_oaid", kind=STRING, zh="是否返回 OAID，作用未公开：接受，不起作用"),
        ),
        reply=(Field(name="trade", kind=OBJECT, of=TRADE),),
    ),
    Method(
        name="taobao.time.get",
        title="获取淘宝系统当前时间",
        doc_id=120,
        en="the sandbox's present time",
        session=False,
        evidence=documented("evidence", note="evidence-3.4"),
        query="time",
        params=(),
        reply=(Field(name="time", kind=DATE),),
    ),
)

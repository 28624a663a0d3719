"""The neighbours that an exchange client cannot do without, and the table of all methods.

Return addresses, carriers, the trade behind an exchange, the time.  Parameters and paths: sibling API
pages; types of the fields: rules of the product.
"""

from collections.abc import Mapping
from types import MappingProxyType

from ..domain.evidence import documented, inferred
from ..domain.vocabulary import Status
from ..protocol.shapes import Field, Param, ValueKind
from .declaration import Method, fields_param

__all__ = ["REFUND_STATUS", "RELATED_METHODS"]

N, S, B, D, P, O = (
    ValueKind.NUMBER,
    ValueKind.STRING,
    ValueKind.BOOLEAN,
    ValueKind.DATE,
    ValueKind.PRICE,
    ValueKind.OBJECT,
)


_PERSONAL = (
    "contact_name",
    "addr",
    "phone",
    "mobile_phone",
    "buyer_nick",
    "buyer_open_uid",
    "receiver_name",
    "receiver_address",
    "receiver_mobile",
    "oaid",
)


def _fields(**kinds: ValueKind) -> tuple[Field, ...]:
    return tuple(
        Field(name=name, kind=kind, personal=name in _PERSONAL) for name, kind in kinds.items()
    )


ADDRESS = _fields(
    contact_id=N,
    contact_name=S,
    province=S,
    city=S,
    country=S,
    addr=S,
    zip_code=S,
    phone=S,
    mobile_phone=S,
    seller_company=S,
    memo=S,
    area_id=N,
    send_def=B,
    get_def=B,
    cancel_def=B,
    modify_date=D,
)
CARRIER = _fields(id=N, code=S, name=S, reg_mail_no=S)
ORDER = _fields(
    oid=N,
    status=S,
    title=S,
    price=P,
    num=N,
    num_iid=N,
    sku_id=S,
    outer_sku_id=S,
    total_fee=P,
    payment=P,
    refund_status=S,
    refund_id=N,
)
TRADE = (
    *_fields(
        tid=N,
        status=S,
        type=S,
        seller_nick=S,
        buyer_nick=S,
        buyer_open_uid=S,
        created=D,
        pay_time=D,
        modified=D,
        payment=P,
        num=N,
        receiver_name=S,
        receiver_state=S,
        receiver_city=S,
        receiver_district=S,
        receiver_address=S,
        receiver_mobile=S,
        oaid=S,
    ),
    Field(name="orders", kind=O, item="order", of=ORDER),
)

# refund_status of a sub-order: names of the sibling dispute API, grouped as trades show them (inferred)
REFUND_STATUS: Mapping[Status, str] = MappingProxyType(
    {
        Status.WAIT_SELLER_AGREE: "WAIT_SELLER_AGREE",
        Status.WAIT_BUYER_RETURN: "WAIT_BUYER_RETURN_GOODS",
        Status.WAIT_SELLER_CONFIRM: "WAIT_SELLER_CONFIRM_GOODS",
        Status.WAIT_BUYER_MODIFY: "SELLER_REFUSE_BUYER",
        Status.WAIT_SELLER_CONSIGN: "WAIT_SELLER_CONFIRM_GOODS",
        Status.WAIT_BUYER_CONFIRM: "WAIT_SELLER_CONFIRM_GOODS",
        Status.CLOSED: "CLOSED",
        Status.SUCCESS: "SUCCESS",
        Status.TO_REFUND: "CLOSED",
    }
)

RELATED_METHODS: tuple[Method, ...] = (
    Method(
        name="taobao.logistics.address.search",
        title="查询卖家地址库",
        en="the seller's addresses",
        doc_id=10683,
        evidence=documented("refund"),
        query="addresses",
        params=(
            Param(
                name="rdef",
                kind=S,
                among=("no_def", "get_def", "cancel_def"),
                zh="no_def 全部，get_def 默认取货地址，cancel_def 默认退货地址",
            ),
        ),
        reply=(Field(name="addresses", kind=O, item="address_result", of=ADDRESS),),
    ),
    Method(
        name="taobao.logistics.companies.get",
        title="查询物流公司信息",
        en="carriers",
        doc_id=233,
        session=False,
        evidence=documented("refund"),
        query="carriers",
        record=CARRIER,
        params=(
            fields_param(20),
            Param(name="is_recommended", kind=B, zh="是否只查推荐物流公司"),
            Param(name="order_mode", kind=S, among=("offline", "online", "all"), zh="下单方式"),
        ),
        reply=(Field(name="logistics_companies", kind=O, item="logistics_company", of=CARRIER),),
    ),
    Method(
        name="taobao.trade.fullinfo.get",
        title="获取单笔交易的详细信息",
        en="the trade behind an exchange",
        evidence=inferred("isv", "refund"),
        query="trade",
        record=TRADE,
        params=(fields_param(200), Param(name="tid", kind=N, required=True, zh="交易编号")),
        reply=(Field(name="trade", kind=O, of=TRADE),),
    ),
    Method(
        name="taobao.time.get",
        title="获取前台展示的当前时间",
        en="the sandbox's present time",
        session=False,
        evidence=documented("top"),
        query="time",
        params=(),
        reply=(Field(name="time", kind=D),),
    ),
)

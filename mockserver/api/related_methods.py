"""The methods that an exchange client cannot do without beside the eleven.

Return addresses, carriers, the trade behind an exchange, the time.  Parameters and paths are
those of the sibling API pages; types of the fields: docs/spec/rules.md#rules-neighbours.  Source:
docs/spec/evidence-2026-11.md#evidence-3.
"""

from ..domain.evidence import documented, inferred
from ..protocol.shapes import Field, Param, ValueKind
from .declaration import Method, make_fields_param

__all__ = ["RELATED_METHODS"]

# the types of the API pages
NUMBER = ValueKind.NUMBER
STRING = ValueKind.STRING
BOOLEAN = ValueKind.BOOLEAN
DATE = ValueKind.DATE
PRICE = ValueKind.PRICE
OBJECT = ValueKind.OBJECT

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
    """Return a field for each keyword, in order; those of `_PERSONAL` are masked in the journal."""
    return tuple(
        Field(name=name, kind=kind, personal=name in _PERSONAL) for name, kind in kinds.items()
    )


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
    status=STRING,
    title=STRING,
    price=PRICE,
    num=NUMBER,
    num_iid=NUMBER,
    sku_id=STRING,
    outer_sku_id=STRING,
    total_fee=PRICE,
    payment=PRICE,
    refund_status=STRING,
    refund_id=NUMBER,
)
TRADE = (
    *_fields(
        tid=NUMBER,
        status=STRING,
        type=STRING,
        seller_nick=STRING,
        buyer_nick=STRING,
        buyer_open_uid=STRING,
        created=DATE,
        pay_time=DATE,
        modified=DATE,
        payment=PRICE,
        num=NUMBER,
        receiver_name=STRING,
        receiver_state=STRING,
        receiver_city=STRING,
        receiver_district=STRING,
        receiver_address=STRING,
        receiver_mobile=STRING,
        oaid=STRING,
    ),
    Field(name="orders", kind=OBJECT, item="order", of=ORDER),
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
        evidence=documented("refund"),
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
        evidence=inferred("isv", "refund"),
        query="trade",
        record=TRADE,
        params=(
            make_fields_param(200),
            Param(name="tid", kind=NUMBER, required=True, zh="交易编号"),
        ),
        reply=(Field(name="trade", kind=OBJECT, of=TRADE),),
    ),
    Method(
        name="taobao.time.get",
        title="获取前台展示的当前时间",
        en="the sandbox's present time",
        session=False,
        evidence=documented("top"),
        query="time",
        params=(),
        reply=(Field(name="time", kind=DATE),),
    ),
)

"""The eleven methods of 天猫换货, each declared once: parameters, limits, reply, move.

Spelt exactly as the platform spells them, also where it misspells (`end_gmt_modifed_time`,
`error_codes`, `logistic_no` beside `logistics_no`).  A test compares them with
docs/spec/exchange-api.yaml.  A parameter reaches the move by a field of the same name
(`domain/moves.py`); without such a field it is checked and changes nothing.  Which fields of a move
are written into the exchange is said in `domain/play.py`.
Source: docs/spec/exchange-api.md#api-3.
"""

from ..domain.evidence import documented
from ..domain.moves import (
    Agree,
    ConfirmConsign,
    Consigngoods,
    LeaveMessage,
    Move,
    Refuse,
    ReturngoodsAgree,
    ReturngoodsRefuse,
)
from ..domain.vocabulary import Role, Status
from ..protocol.shapes import Field, Param
from .declaration import (
    BOOLEAN,
    BYTES,
    DATE,
    NUMBER,
    OBJECT,
    STRING,
    STRINGS,
    Method,
    make_fields_param,
)
from .records import RecordKind, select_exchange_fields, select_message_fields

__all__ = ["EXCHANGE_METHODS"]


DISPUTE_ID = Param(name="dispute_id", kind=NUMBER, required=True, zh="换货单号ID")
REASON_ID = Param(name="seller_refuse_reason_id", kind=NUMBER, required=True, zh="换货原因对应ID")
LEAVE_MESSAGE = Param(
    name="leave_message",
    kind=STRING,
    maximum_rule="message_max_bytes",
    personal=True,
    zh="卖家留言",
)
LEAVE_PICTURE = Param(
    name="leave_message_pics", kind=BYTES, maximum_rule="picture_max_bytes", zh="凭证图片"
)
DISPUTE_TYPE = Param(
    name="dispute_type", kind=NUMBER, among=("0", "1", "2"), zh="0 任意，1 售中，2 售后"
)
PAGE_NO = Param(name="page_no", kind=NUMBER, least=1, most=2**31 - 1, default="1", zh="页码")
CONSIGN = (
    DISPUTE_ID,
    Param(
        name="logistics_no", kind=STRING, required=True, allows_blank=True, zh="卖家发货的物流单号"
    ),
    Param(
        name="logistics_type",
        kind=NUMBER,
        required=True,
        among=("100", "200"),
        zh="100 平邮，200 快递",
    ),
    Param(name="logistics_company_name", kind=STRING, required=True, zh="卖家发货的快递公司(名称)"),
    make_fields_param(100),
)
WRITTEN = select_exchange_fields(RecordKind.WRITE)
MESSAGE_FIELDS = select_message_fields(RecordKind.MESSAGE_ADDED)
LISTED_FIELDS = select_message_fields(RecordKind.MESSAGE_LISTED)
REASON = (
    Field(name="reason_id", kind=NUMBER, zh="拒绝原因ID"),
    Field(name="reason_text", kind=STRING, zh="拒绝原因内容"),
)


def _page_size(default: int) -> Param:
    return Param(
        name="page_size",
        kind=NUMBER,
        least=1,
        maximum_rule="page_size_max",
        default=str(default),
        zh="每页条数",
    )


def _dates(*names: str) -> tuple[Param, ...]:
    return tuple(Param(name=name, kind=DATE, zh="时间段") for name in names)


def _errors(*, code: str = "error_code", exception: bool = True) -> tuple[Field, ...]:
    """Return the members that carry a failure where there is no `success`; absent on success."""
    names = (code, "error_msg", *(("exception",) if exception else ()))
    return tuple(Field(name=name, kind=STRING, zh="失败时才有") for name in names)


def _result(*members: Field) -> tuple[Field, ...]:
    return (Field(name="result", kind=OBJECT, of=members, zh="返回结果"),)


def _result_with_exchange(record: tuple[Field, ...]) -> tuple[Field, ...]:
    """Return the `result` of `get` and of every write: success, msg_code, message, exchange."""
    return _result(
        Field(name="success", kind=BOOLEAN, zh="是否成功"),
        Field(name="msg_code", kind=STRING, zh="错误码，失败时才有"),
        Field(name="message", kind=STRING, zh="错误信息，失败时才有"),
        Field(name="exchange", kind=OBJECT, of=record, zh="换货单"),
    )


def _write(
    name: str,
    *,
    title: str,
    en: str,
    doc_id: int,
    section: str,
    move: type[Move],
    params: tuple[Param, ...],
) -> Method:
    """Return a method by which the seller makes a move.

    Its reply shows what became of the exchange.
    """
    return Method(
        name=name,
        title=title,
        en=en,
        doc_id=doc_id,
        evidence=documented("api", "guide", note=section),
        params=params,
        reply=_result_with_exchange(WRITTEN),
        record=WRITTEN,
        move=move,
        failure="msg_code",
    )


EXCHANGE_METHODS: tuple[Method, ...] = (
    Method(
        name="tmall.exchange.get",
        title="获取单笔换货详情",
        en="get one exchange order",
        doc_id=31194,
        evidence=documented("api", note="api-3.1"),
        params=(DISPUTE_ID, make_fields_param(100)),
        reply=_result_with_exchange(select_exchange_fields(RecordKind.GET)),
        record=select_exchange_fields(RecordKind.GET),
        query="exchange",
        failure="msg_code",
    ),
    Method(
        name="tmall.exchange.receive.get",
        title="卖家查询换货列表",
        en="list the seller's exchange orders",
        doc_id=31198,
        evidence=documented("api", note="api-3.2"),
        record=select_exchange_fields(RecordKind.LIST),
        query="exchanges",
        params=(
            make_fields_param(100),
            *_dates(
                "start_gmt_modified_time",
                "end_gmt_modifed_time",
                "start_created_time",
                "end_created_time",
            ),
            Param(
                name="dispute_status_array",
                kind=STRINGS,
                limit=20,
                among=tuple(str(status.value) for status in Status),
                zh="换货状态(数字)",
            ),
            Param(name="refund_id_array", kind=STRINGS, limit=20, items=NUMBER, zh="换货单号列表"),
            Param(name="biz_order_id", kind=NUMBER, zh="正向订单号"),
            Param(name="logistic_no", kind=STRING, zh="快递单号"),
            Param(name="buyer_nick", kind=STRING, personal=True, zh="买家昵称"),
            Param(name="buyer_open_uid", kind=STRING, personal=True, zh="买家openId"),
            PAGE_NO,
            _page_size(30),
        ),
        reply=(
            Field(
                name="results",
                kind=OBJECT,
                item="exchange",
                of=select_exchange_fields(RecordKind.LIST),
                zh="换货单列表，没有时不返回",
            ),
            Field(name="total_results", kind=NUMBER, zh="总条数"),
            Field(name="page_results", kind=NUMBER, zh="本页条数"),
            Field(name="has_next", kind=BOOLEAN, zh="是否有下一页"),
            *_errors(code="error_codes", exception=False),
        ),
    ),
    _write(
        "tmall.exchange.agree",
        title="卖家同意换货申请",
        en="seller agrees to the exchange",
        doc_id=31202,
        section="api-3.3",
        move=Agree,
        params=(
            DISPUTE_ID,
            Param(name="address_id", kind=NUMBER, required=True, zh="退货地址ID(contact_id)"),
            make_fields_param(20),
            LEAVE_MESSAGE,
            LEAVE_PICTURE,
            Param(name="complete_address", kind=STRING, personal=True, zh="详细收货地址"),
            Param(name="mobile", kind=STRING, personal=True, zh="收货人手机号"),
            Param(name="post", kind=STRING, zh="邮政编码"),
        ),
    ),
    _write(
        "tmall.exchange.refuse",
        title="卖家拒绝换货申请",
        en="seller refuses the application",
        doc_id=31203,
        section="api-3.4",
        move=Refuse,
        params=(DISPUTE_ID, REASON_ID, make_fields_param(20), LEAVE_MESSAGE, LEAVE_PICTURE),
    ),
    _write(
        "tmall.exchange.returngoods.agree",
        title="卖家确认收货",
        en="seller confirms receipt of the returned goods",
        doc_id=31199,
        section="api-3.5",
        move=ReturngoodsAgree,
        params=(DISPUTE_ID, make_fields_param(100)),
    ),
    _write(
        "tmall.exchange.returngoods.refuse",
        title="卖家拒绝确认收货",
        en="seller refuses the returned goods",
        doc_id=31204,
        section="api-3.6",
        move=ReturngoodsRefuse,
        params=(DISPUTE_ID, REASON_ID, LEAVE_MESSAGE, LEAVE_PICTURE),
    ),
    _write(
        "tmall.exchange.consigngoods",
        title="卖家发货",
        en="seller ships the replacement",
        doc_id=31229,
        section="api-3.7",
        move=Consigngoods,
        params=CONSIGN,
    ),
    _write(
        "tmall.exchange.confirm.consign",
        title="换货商家确认收货并发货",
        en="seller confirms receipt and ships",
        doc_id=66761,
        section="api-3.8",
        move=ConfirmConsign,
        params=CONSIGN,
    ),
    Method(
        name="tmall.exchange.message.add",
        title="卖家创建换货留言",
        en="seller adds a message",
        doc_id=31200,
        evidence=documented("api", "guide", note="api-3.9"),
        record=MESSAGE_FIELDS,
        move=LeaveMessage,
        failure="error_code",
        params=(
            DISPUTE_ID,
            Param(
                name="content",
                kind=STRING,
                required=True,
                maximum_rule="message_max_bytes",
                personal=True,
                zh="留言内容",
            ),
            Param(
                name="message_pics",
                kind=BYTES,
                maximum_rule="message_picture_max_bytes",
                zh="凭证图片列表",
            ),
            make_fields_param(20),
        ),
        reply=_result(
            Field(name="results", kind=OBJECT, item="refund_message", of=MESSAGE_FIELDS, zh="留言"),
            *_errors(),
        ),
    ),
    Method(
        name="tmall.exchange.messages.get",
        title="查询换货订单留言列表",
        en="list messages of an exchange order",
        doc_id=31201,
        evidence=documented("api", note="api-3.10"),
        record=LISTED_FIELDS,
        query="messages",
        failure="error_code",
        params=(
            DISPUTE_ID,
            make_fields_param(20),
            Param(
                name="operator_roles",
                kind=STRINGS,
                limit=20,
                among=tuple(str(role.value) for role in Role),
                zh="、".join(f"{role.value} {role.zh}" for role in Role),
            ),
            PAGE_NO,
            _page_size(10),
        ),
        reply=_result(
            Field(
                name="results",
                kind=OBJECT,
                item="refund_message",
                of=LISTED_FIELDS,
                zh="留言，没有时不返回",
            ),
            Field(name="page_results", kind=NUMBER, zh="本页条数"),
            Field(name="total_results", kind=NUMBER, zh="总条数"),
            Field(name="has_next", kind=BOOLEAN, zh="是否有下一页"),
            *_errors(exception=False),
        ),
    ),
    Method(
        name="tmall.exchange.refusereason.get",
        title="获取拒绝换货原因列表",
        en="list refuse reasons",
        doc_id=31214,
        evidence=documented("api", note="api-3.11"),
        params=(DISPUTE_ID, DISPUTE_TYPE, make_fields_param(20)),
        record=REASON,
        query="reasons",
        failure="error_code",
        reply=_result(
            Field(name="results", kind=OBJECT, item="reason", of=REASON, zh="拒绝原因"),
            Field(name="total_results", kind=NUMBER, zh="总条数"),
            *_errors(),
        ),
    ),
)

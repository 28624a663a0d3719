"""The refund methods beside the exchanges: lists that show both, what follows 14, their messages.

An exchange is a refund to the platform's older methods: it stands in their lists with its
`dispute_type`, and its dispute id is a `refund_id` there.  The refund that an exchange turns into
(换货转退款) is reviewed, paid back or refused by the methods that change something.  Types are the
pages', docs/spec/neighbours.yaml.

Source: docs/spec/evidence-2026-11.md#evidence-2.1, #evidence-2.3, #evidence-4.
"""

from functools import partial

from ..domain.evidence import documented, inferred
from ..protocol.shapes import Field, Param
from .declaration import (
    BOOLEAN,
    BYTES,
    DATE,
    NUMBER,
    OBJECT,
    PRICE,
    STRING,
    Method,
    declare_fields,
    make_fields_param,
)

__all__ = ["REFUND_METHODS"]


_PERSONAL_FIELDS = (
    "address",
    "buyer_nick",
    "buyer_open_uid",
    "ouid",
    "buyer_name",
    "buyer_phone",
    "buyer_address",
    "owner_nick",
    "owner_open_uid",
    "content",
)


_fields = partial(declare_fields, _PERSONAL_FIELDS)


LISTED = _fields(
    refund_id=STRING,
    dispute_type=STRING,
    tid=NUMBER,
    oid=NUMBER,
    status=STRING,
    order_status=STRING,
    good_status=STRING,
    has_good_return=BOOLEAN,
    created=DATE,
    modified=DATE,
    title=STRING,
    num=NUMBER,
    sku=STRING,
    outer_id=STRING,
    total_fee=PRICE,
    refund_fee=PRICE,
    payment=PRICE,
    reason=STRING,
    desc=STRING,
    company_name=STRING,
    sid=STRING,
    refund_phase=STRING,
    refund_version=NUMBER,
    attribute=STRING,
    operation_contraint=STRING,
    seller_nick=STRING,
    buyer_nick=STRING,
    buyer_open_uid=STRING,
    ouid=STRING,
)
TIMEOUT = _fields(exist_timeout=BOOLEAN, remind_type=NUMBER, timeout=DATE)
REFUND = (
    *LISTED,
    *_fields(
        num_iid=NUMBER,
        price=PRICE,
        address=STRING,
        advance_status=NUMBER,
        alipay_no=STRING,
        cs_status=NUMBER,
        shipping_type=STRING,
    ),
    Field(name="refund_remind_timeout", kind=OBJECT, of=TIMEOUT),
)
DISPUTE = _fields(
    refund_id=STRING,
    biz_order_id=STRING,
    oid=NUMBER,
    alipay_no=STRING,
    status=STRING,
    order_status=STRING,
    dispute_request=STRING,
    good_status=STRING,
    has_good_return=BOOLEAN,
    created=DATE,
    modified=DATE,
    time_out=STRING,
    title=STRING,
    num=NUMBER,
    refund_fee=PRICE,
    reason=STRING,
    desc=STRING,
    refund_phase=STRING,
    attribute=STRING,
    address=STRING,
    company_name=STRING,
    buyer_nick=STRING,
    buyer_open_uid=STRING,
    buyer_name=STRING,
    buyer_phone=STRING,
    buyer_address=STRING,
    buyer_logistic_name=STRING,
    buyer_logistic_no=STRING,
    seller_logistic_name=STRING,
    seller_logistic_no=STRING,
)
MESSAGE = (
    *_fields(
        id=NUMBER,
        refund_id=STRING,
        refund_phase=STRING,
        owner_id=NUMBER,
        owner_nick=STRING,
        owner_open_uid=STRING,
        owner_role=STRING,
        content=STRING,
        created=DATE,
        message_type=STRING,
    ),
    Field(
        name="pic_urls",
        kind=OBJECT,
        item="pic_url",
        of=(Field(name="url", kind=STRING, zh="图片地址"),),
    ),
)
REASON = _fields(reason_id=NUMBER, reason_text=STRING)

REFUND_ID = Param(name="refund_id", kind=NUMBER, required=True, zh="退款单编号，换货单号也可以")
OWN_REFUND_ID = Param(
    name="refund_id", kind=NUMBER, required=True, zh="退款单编号(换货转退款后的那一张)"
)
FIELDS_TEXT = Param(name="fields", kind=STRING, required=True, zh="返回字段")
PAGE_NO = Param(name="page_no", kind=NUMBER, least=1, most=2**31 - 1, default="1", zh="页码")
PAGE_SIZE = Param(name="page_size", kind=NUMBER, least=1, most=100, default="40", zh="每页条数")
HAS_NEXT = Param(name="use_has_next", kind=BOOLEAN, zh="true 时返回 has_next，不返回 total_results")
BUYER = (
    Param(name="buyer_nick", kind=STRING, personal=True, zh="买家昵称"),
    Param(name="buyer_open_uid", kind=STRING, personal=True, zh="买家 openId"),
)
WINDOW = (
    Param(name="start_modified", kind=DATE, zh="修改时间从(含)"),
    Param(name="end_modified", kind=DATE, zh="修改时间到(含)"),
)
PHASE = Param(name="refund_phase", kind=STRING, among=("onsale", "aftersale"), zh="售中或售后")

REFUND_METHODS: tuple[Method, ...] = (
    Method(
        name="taobao.refunds.receive.get",
        title="查询卖家收到的退款列表",
        en="the refunds and disputes that a seller received, exchanges among them",
        doc_id=52,
        evidence=documented("refund", "evidence", note="evidence-2.1: dispute_type, status names"),
        query="refunds",
        record=LISTED,
        params=(
            make_fields_param(100),
            Param(name="status", kind=STRING, zh="退款状态，换货单用其列表名"),
            Param(name="type", kind=STRING, zh="交易类型，逗号分隔；本工具的交易都是 fixed"),
            *WINDOW,
            PAGE_NO,
            PAGE_SIZE,
            HAS_NEXT,
            Param(name="ouid", kind=STRING, personal=True, zh="买家 openId 的旧名"),
            *BUYER,
        ),
        reply=(
            Field(name="total_results", kind=NUMBER),
            Field(name="has_next", kind=BOOLEAN),
            Field(name="refunds", kind=OBJECT, item="refund", of=LISTED),
        ),
    ),
    Method(
        name="taobao.refund.get",
        title="获取单笔退款详情",
        en="one refund or exchange by its id",
        doc_id=53,
        evidence=documented("refund", "evidence", note="evidence-2.1: captured texts"),
        query="refund",
        record=REFUND,
        params=(make_fields_param(100), REFUND_ID),
        reply=(Field(name="refund", kind=OBJECT, of=REFUND),),
    ),
    Method(
        name="taobao.refund.messages.get",
        title="查询退款留言/凭证列表",
        en="the messages of a refund or exchange",
        doc_id=124,
        evidence=documented("refund", "evidence", note="evidence-4"),
        query="refund_messages",
        record=MESSAGE,
        params=(make_fields_param(100), PAGE_NO, PAGE_SIZE, REFUND_ID, PHASE),
        reply=(
            Field(name="refund_messages", kind=OBJECT, item="refund_message", of=MESSAGE),
            Field(name="total_results", kind=NUMBER),
        ),
    ),
    Method(
        name="taobao.refund.refusereason.get",
        title="获取拒绝原因列表",
        en="the reasons with which a refund can be refused now",
        doc_id=26204,
        evidence=documented("evidence", note="evidence-1: captured reasons; evidence-2.3: refusal"),
        query="refund_reasons",
        record=REASON,
        params=(
            Param(
                name="refund_phase",
                kind=STRING,
                required=True,
                among=("onsale", "aftersale"),
                zh="售中或售后",
            ),
            REFUND_ID,
            FIELDS_TEXT,
        ),
        reply=(
            Field(name="reasons", kind=OBJECT, item="reason", of=REASON),
            Field(name="total_results", kind=NUMBER, zh="文档有，抓到的应答没有：不返回"),
            Field(name="has_next", kind=BOOLEAN, zh="文档有，抓到的应答没有：不返回"),
        ),
    ),
    Method(
        name="tmall.dispute.receive.get",
        title="天猫逆向纠纷查询",
        en="all disputes of a seller, refunds and exchanges",
        doc_id=33878,
        evidence=documented("evidence", note="evidence-2.1: names to filter by, texts in replies"),
        query="disputes",
        record=DISPUTE,
        params=(
            Param(name="status", kind=STRING, zh="状态名(英文，12 官方写作 CONSIGN_GOOGDS)"),
            PAGE_SIZE,
            HAS_NEXT,
            Param(name="type", kind=STRING, zh="交易类型，逗号分隔；本工具的交易都是 fixed"),
            Param(name="refund_id", kind=NUMBER, zh="退款单或换货单编号"),
            PAGE_NO,
            BUYER[0],
            *WINDOW,
            make_fields_param(100),
            BUYER[1],
        ),
        reply=(
            Field(
                name="result",
                kind=OBJECT,
                of=(
                    Field(name="page_results", kind=NUMBER),
                    Field(name="total_results", kind=NUMBER),
                    Field(name="has_next", kind=BOOLEAN),
                    Field(name="error_code", kind=STRING, zh="失败时才有"),
                    Field(name="error_msg", kind=STRING, zh="失败时才有"),
                    Field(name="results", kind=OBJECT, item="dispute", of=DISPUTE),
                ),
            ),
        ),
    ),
    Method(
        name="taobao.rp.refund.review",
        title="审核退款单",
        en="passes or rejects a refund for paying back in a batch",
        doc_id=23875,
        evidence=documented("evidence", note="evidence-2.3: captured 2101; evidence-4"),
        write="review_refund",
        replays=True,
        params=(
            Param(name="operator", kind=STRING, required=True, personal=True, zh="审核人姓名"),
            OWN_REFUND_ID,
            Param(
                name="refund_phase",
                kind=STRING,
                required=True,
                among=("onsale", "aftersale"),
                zh="售中或售后",
            ),
            Param(name="refund_version", kind=NUMBER, required=True, zh="退款版本号，须是最新的"),
            Param(name="message", kind=STRING, required=True, personal=True, zh="审核留言"),
            Param(name="result", kind=BOOLEAN, required=True, zh="审核结果，true 可批量退款"),
        ),
        reply=(Field(name="is_success", kind=BOOLEAN),),
    ),
    Method(
        name="taobao.rp.refunds.agree",
        title="同意退款",
        en="pays reviewed refunds back; sub-accounts only",
        doc_id=22465,
        evidence=documented("evidence", note="evidence-2.3: not_sub_user; evidence-4: limits"),
        write="agree_refunds",
        replays=True,
        params=(
            Param(name="code", kind=STRING, personal=True, zh="短信验证码，接受，不校验"),
            Param(
                name="refund_infos",
                kind=STRING,
                required=True,
                zh="编号|金额(分)|版本|phase，多张用逗号分隔，最多 30 张",
            ),
        ),
        reply=(
            Field(name="message", kind=STRING),
            Field(name="succ", kind=BOOLEAN),
            Field(
                name="results",
                kind=OBJECT,
                item="refund_mapping_result",
                of=_fields(message=STRING, refund_id=STRING, succ=BOOLEAN),
            ),
            Field(name="msg_code", kind=STRING),
        ),
    ),
    Method(
        name="taobao.refund.refuse",
        title="卖家拒绝退款",
        en="refuses a refund",
        doc_id=10480,
        evidence=documented("evidence", note="evidence-4"),
        write="refuse_refund",
        replays=True,
        params=(
            OWN_REFUND_ID,
            Param(
                name="refuse_message",
                kind=STRING,
                required=True,
                personal=True,
                zh="拒绝说明，2 到 200 字",
            ),
            Param(
                name="refuse_proof", kind=BYTES, maximum_rule="refund_proof_max_bytes", zh="凭证"
            ),
            PHASE,
            Param(name="refund_version", kind=NUMBER, zh="退款版本号，给了就须是最新的"),
            Param(name="refuse_reason_id", kind=NUMBER, zh="拒绝原因编号"),
        ),
        reply=(
            Field(
                name="refund",
                kind=OBJECT,
                of=_fields(refund_id=STRING, modified=DATE, status=STRING),
            ),
            Field(name="is_success", kind=BOOLEAN),
        ),
    ),
    Method(
        name="taobao.refund.message.add",
        title="创建退款留言/凭证",
        en="adds a message with a picture to a refund",
        doc_id=125,
        evidence=inferred("evidence", note="evidence-4: content 400 bytes, image 500K, required"),
        write="add_refund_message",
        replays=True,
        params=(
            OWN_REFUND_ID,
            Param(
                name="content",
                kind=STRING,
                required=True,
                maximum_rule="message_max_bytes",
                personal=True,
                zh="留言",
            ),
            Param(
                name="image",
                kind=BYTES,
                required=True,
                maximum_rule="message_picture_max_bytes",
                zh="凭证图片",
            ),
        ),
        reply=(Field(name="refund_message", kind=OBJECT, of=_fields(id=NUMBER, created=DATE)),),
    ),
)

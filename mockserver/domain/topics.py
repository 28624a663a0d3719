"""Which messages the platform sends when an exchange moves, as data.

The model.  A *topic* is a kind of message of the message channel (TMC): its name, its page, and the
members of its payload in order.  A row of the table names the topics that it `fires`, each with the
evidence for that: the pages say what a topic is called and holds, but not when it is sent.  A row
without topics sends nothing, as the platform has none for a refusal or for the buyer's waybill.

Topics of `taobao_refund_*` are older and are sent only under the rule `refund_topics`, since that
they are sent for exchanges (with `bill_type: replace_bill`) is not proven.

A new topic is a constant below, an entry in `TOPICS` and, for an exchange, a `FIRES_…` that a row
of `table.py` names; a member that no topic had also stands in `MEMBERS` and gets its value in
`world/outbox.py`.

What would break: a topic that is chosen anywhere else than in a row (`explain`, the reference and
the channel would differ); a member spelt as it should be (`created` for `create`): clients read the
platform's spelling.

Source: docs/spec/tmc-topics.yaml, docs/spec/evidence-2026-11.md#evidence-5.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from .evidence import Evidence, assumed, documented, inferred

__all__ = ["MEMBERS", "REFUND_TOPICS_RULE", "TOPICS", "Firing", "Topic"]

REFUND_TOPICS_RULE = "refund_topics"


class Topic(Struct, frozen=True):
    """A kind of message: name, number of its page, titles, payload members in order.

    `rule` names the rule that has to be on for it to be sent, empty for none.
    """

    name: str
    doc_id: int
    zh: str
    en: str
    members: tuple[str, ...]
    rule: str = ""

    @property
    def evidence(self) -> Evidence:
        """How its name and payload are known."""
        return documented("tmc", note=f"tmc-{self.doc_id}")


class Firing(Struct, frozen=True):
    """A topic that a row sends, and how it is known that it does."""

    topic: Topic
    evidence: Evidence


# fmt: off
_FIVE = ("modified", "oid", "refund_id", "seller_open_uid", "tid")
_NINE = ("biz_claim_type", "buyer_refund_fee", "create", "dispute_type", *_FIVE)
_REFUND = ("buyer_nick", "buyer_open_uid", "refund_phase", "refund_fee", "modified", "bill_type",
           "oid", "seller_nick", "refund_id", "tid")


def _dispute(name: str, doc_id: int, zh: str, en: str,
             members: tuple[str, ...] = _NINE) -> Topic:
    return Topic(f"taobao_dispute_{name}", doc_id, zh, en, members)


def _refund(name: str, doc_id: int, zh: str, en: str) -> Topic:
    return Topic(f"taobao_refund_{name}", doc_id, zh, en, _REFUND, REFUND_TOPICS_RULE)


_CREATED = _dispute("RefundCreated", 2451, "新退款创建", "a dispute was opened")
_AGREED = _dispute("ExchangeAgree", 2400, "同意换货", "the exchange was agreed to", _FIVE)
_MODIFIED = _dispute("ExchangeModified", 2514, "买家修改换货申请", "the buyer modified it")
_CLOSED = _dispute("ExchangeClosed", 2506, "买家关闭换货协议", "the exchange was closed")
_CONFIRMED = _dispute("ExchangeSellerConfirmed", 2508, "卖家确认收货",
                      "the seller has the returned goods")
_CONSIGNED = _dispute("ExchangeSellerGoodsConsigned", 2583, "换货-卖家寄出商品",
                      "the seller shipped the replacement")
_SUCCESS = _dispute("ExchangeSuccess", 2510, "买家确认收货,换货成功", "the buyer received it")
_TO_REFUND = _dispute("ExchangeTurnToRefund", 2509, "卖家换货转退款", "it turned into a refund")
_CS_ASKED = _dispute("TaobaoInterApplied", 2532, "申请小二介入", "customer service was called")

_R_CREATED = _refund("RefundCreated", 118, "退款创建消息", "a refund was opened")
_R_AGREED = _refund("RefundSellerAgreeAgreement", 119, "卖家同意退款协议消息", "the seller agreed")
_R_REFUSED = _refund("RefundSellerRefuseAgreement", 120, "卖家拒绝退款协议消息",
                     "the seller refused")
_R_MODIFIED = _refund("RefundBuyerModifyAgreement", 121, "买家修改退款协议消息",
                      "the buyer modified it")
_R_RETURNED = _refund("RefundBuyerReturnGoods", 122, "买家退货给卖家消息",
                      "the buyer returned the goods")
_R_CLOSED = _refund("RefundClosed", 126, "退款关闭消息", "the refund was closed")
# fmt: on

TOPICS: Mapping[str, Topic] = MappingProxyType(
    {
        topic.name: topic
        for topic in (
            _CREATED,
            _AGREED,
            _MODIFIED,
            _CLOSED,
            _CONFIRMED,
            _CONSIGNED,
            _SUCCESS,
            _TO_REFUND,
            _CS_ASKED,
            _R_CREATED,
            _R_AGREED,
            _R_REFUSED,
            _R_MODIFIED,
            _R_RETURNED,
            _R_CLOSED,
        )
    }
)

# what each member of a payload is, and its JSON type; Source: docs/spec/top-protocol.md#top-7.10,
# docs/spec/evidence-2026-11.md#evidence-5.3
MEMBERS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "bill_type": ("文字：单据类型，换货为 replace_bill", "text: replace_bill for an exchange"),
        "biz_claim_type": ("数字：1、2 退款，3 退货，4、6 换货", "number: 4 and 6 are exchanges"),
        "buyer_nick": ("文字：买家昵称，掩码", "text: the buyer's nick, masked"),
        "buyer_open_uid": ("文字：买家的 open_uid", "text: the buyer's open_uid"),
        "buyer_refund_fee": ("文字：退给买家的金额，元", "text: what the buyer gets back, in yuan"),
        "create": ("文字：创建时间(官方拼写如此)", "text: when it was created, spelt so"),
        "dispute_type": ("数字：1 售中，2 售后", "number: 1 in sale, 2 after sale"),
        "modified": ("文字：修改时间", "text: when it was modified"),
        "oid": ("数字：子订单号，19 位", "number: the sub-order, 19 digits"),
        "refund_fee": ("文字：退款金额，元", "text: the refund, in yuan"),
        "refund_id": ("数字：换货单号 dispute_id", "number: the dispute_id"),
        "refund_phase": ("文字：onsale 或 aftersale", "text: onsale or aftersale"),
        "seller_nick": ("文字：卖家昵称", "text: the seller's nick"),
        "seller_open_uid": ("文字：卖家的 open_uid", "text: the seller's open_uid"),
        "tid": ("数字：订单号，19 位", "number: the order, 19 digits"),
    }
)

_BY_TITLE = inferred("tmc", "evidence", note="evidence-5.2: by the topic's title")
_BY_LIKENESS = assumed("evidence-5.2: as for the same change by the buyer or seller", "evidence")
_WITH_REFUNDS = assumed("evidence-5.4: one integrator drops replace_bill messages", "evidence")


def _fires(*topics: Topic, evidence: Evidence = _BY_TITLE) -> tuple[Firing, ...]:
    return tuple(Firing(topic, _WITH_REFUNDS if topic.rule else evidence) for topic in topics)


FIRES_CREATED = _fires(_CREATED, _R_CREATED)
FIRES_AGREED = _fires(_AGREED, _R_AGREED)
FIRES_AGREED_BY_SYSTEM = _fires(_AGREED, _R_AGREED, evidence=_BY_LIKENESS)
FIRES_REFUSED = _fires(_R_REFUSED)
FIRES_MODIFIED = _fires(_MODIFIED, _R_MODIFIED)
FIRES_RETURNED = _fires(_R_RETURNED)
FIRES_CLOSED = _fires(_CLOSED, _R_CLOSED)
FIRES_CLOSED_BY_OTHERS = _fires(_CLOSED, _R_CLOSED, evidence=_BY_LIKENESS)
FIRES_CONFIRMED = _fires(_CONFIRMED)
FIRES_CONSIGNED = _fires(_CONSIGNED)
FIRES_BOTH = _fires(_CONFIRMED, _CONSIGNED)
FIRES_SUCCESS = _fires(_SUCCESS)
FIRES_SUCCESS_BY_SYSTEM = _fires(_SUCCESS, evidence=_BY_LIKENESS)
FIRES_TO_REFUND = _fires(_TO_REFUND)
FIRES_TO_REFUND_BY_OTHERS = _fires(_TO_REFUND, evidence=_BY_LIKENESS)
FIRES_CS_ASKED = _fires(_CS_ASKED)

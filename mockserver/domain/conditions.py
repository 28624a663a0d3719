"""Named conditions of rows: each a pure predicate, a failure code, and what is wrong if it fails.

A row of the table names its conditions instead of containing code, so that a refusal can say
which one failed, coverage can count rows by what decided between them, `explain` can print them,
and a mutation test can leave one out.  The kind of a condition orders the checks as the product
answers them (docs/spec/rules.md#rules-wire): status first, then arguments, then stock.  A
condition sees only its `Situation`, which holds everything outside the exchange that may matter;
so `play` is a pure function and a scenario can be checked without a sandbox.

Conditions that only the rule `strict_logistics` enforces become warnings otherwise.
"""

import re
from collections.abc import Callable, Collection, Mapping
from enum import IntEnum

from msgspec import Struct

from .exchange import Exchange
from .moves import Move
from .rules import RuleValues
from .vocabulary import IN_HAND, Status, Verdict

__all__ = [
    "AFTER_AGREEMENT",
    "BACK_TO_RECEIPT",
    "RECEIPT_REFUSED",
    "Condition",
    "ConditionKind",
    "Situation",
]


class ConditionKind(IntEnum):
    """Which business check a condition belongs to, in the order of the checks."""

    STATE = 1
    ARGUMENT = 2
    STOCK = 3


class Situation(Struct, frozen=True):
    """All that a condition may look at.

    `available` is the free stock of the wanted goods; `addresses` gives the text of each return
    address, the default one first; `waybills` has the exchange that used a waybill first; `is_new`
    is an exchange that is only now applied for.
    """

    exchange: Exchange
    move: Move
    rules: RuleValues
    available: int
    addresses: Mapping[int, str]
    reasons: Collection[int]
    carriers: Collection[str]
    waybills: Mapping[str, int]
    is_new: bool = False


class Condition(Struct, frozen=True):
    """A condition: `holds` decides, `zh` and `en` say what is wrong if it does not.

    `{…}` in them are fields of the move.

    `label` says in Chinese what the condition asks for.  `failure` names the business failure.  A
    `deciding` condition distinguishes rows of one status and move.  A `strict_only` one is a
    warning unless rule `strict_logistics` is set.  `enabled_by` names the boolean rule on which
    alone it depends; then the move is not even called possible while that rule is false.
    """

    name: str
    label: str
    kind: ConditionKind
    failure: str
    holds: Callable[[Situation], bool]
    zh: str
    en: str
    strict_only: bool = False
    deciding: bool = False
    enabled_by: str = ""


def _for_verdict(verdict: Verdict) -> Condition:
    return Condition(
        f"for_{verdict}",
        f"判定 for: {verdict}",
        ConditionKind.STATE,
        "wrong_state",
        lambda at: getattr(at.move, "verdict") is verdict,
        f"判定不是 {verdict}",
        f"the judgement is not for {verdict}",
        deciding=True,
    )


def _refused_from(status: Status, name: str) -> Condition:
    return Condition(
        name,
        f"从 {status.value} 被拒绝",
        ConditionKind.STATE,
        "wrong_state",
        lambda at: at.exchange.refused_from is status,
        f"换货单不是从「{status.zh}」被拒绝的",
        f"the refusal did not leave status {status.value}",
        deciding=True,
    )


def _wants_same_goods(at: Situation) -> bool:
    """Return True if the move leaves the wanted SKU and its number as they are."""
    sku = getattr(at.move, "exchange_sku")
    num = getattr(at.move, "num")
    return sku in ("", at.exchange.exchange_sku) and num in (0, at.exchange.num)


def _waybill(at: Situation) -> str:
    return str(getattr(at.move, "logistics_no"))


def _waybill_is_unused(at: Situation) -> bool:
    """Return True if no other exchange used the move's waybill."""
    user = at.waybills.get(getattr(at.move, "logistics_no") or "")
    return user is None or user == at.exchange.dispute_id


FOR_BUYER = _for_verdict(Verdict.BUYER)
FOR_SELLER = _for_verdict(Verdict.SELLER)
FOR_REFUND = _for_verdict(Verdict.REFUND)
RECEIPT_REFUSED = _refused_from(Status.WAIT_SELLER_CONFIRM, "receipt_refused")
APPLICATION_REFUSED = _refused_from(Status.WAIT_SELLER_AGREE, "application_refused")
NOT_IN_HAND = Condition(
    "not_in_hand",
    "客服未介入",
    ConditionKind.STATE,
    "wrong_state",
    lambda at: at.exchange.cs_status not in IN_HAND,
    "客服正在处理，暂不能操作",
    "customer service has the case in hand",
)
BACK_TO_RECEIPT = Condition(
    "back_to_receipt",
    "规则 modify_to 为 3 且换货商品不变",
    ConditionKind.STATE,
    "wrong_state",
    lambda at: at.rules.number("modify_to") == 3 and _wants_same_goods(at),
    "规则 modify_to 不是 3，或换货商品已变更",
    "rule modify_to is not 3, or other goods are wanted",
    deciding=True,
)
AFTER_AGREEMENT = Condition(
    "after_agreement",
    "规则 modify_after_agreement",
    ConditionKind.STATE,
    "wrong_state",
    lambda at: at.rules["modify_after_agreement"] is True,
    "规则 modify_after_agreement 未开启",
    "rule modify_after_agreement is false",
    enabled_by="modify_after_agreement",
)
ADDRESS_KNOWN = Condition(
    "address_known",
    "退货地址存在",
    ConditionKind.ARGUMENT,
    "unknown_address",
    lambda at: getattr(at.move, "address_id") in at.addresses,
    "退货地址 {address_id} 不存在，请取 taobao.logistics.address.search 返回的 contact_id",
    "return address {address_id} is unknown; take a contact_id of taobao.logistics.address.search",
)
REASON_KNOWN = Condition(
    "reason_known",
    "拒绝原因适用",
    ConditionKind.ARGUMENT,
    "unknown_reason",
    lambda at: getattr(at.move, "seller_refuse_reason_id") in at.reasons,
    "拒绝原因 {seller_refuse_reason_id} 不适用于当前阶段，"
    "请取 tmall.exchange.refusereason.get 返回的 reason_id",
    "refuse reason {seller_refuse_reason_id} does not fit this stage; "
    "take a reason_id of tmall.exchange.refusereason.get",
)
WAYBILL_GIVEN = Condition(
    "waybill_given",
    "运单号非空",
    ConditionKind.ARGUMENT,
    "bad_waybill",
    lambda at: bool(_waybill(at).strip()),
    "运单号为空",
    "the waybill is empty",
)
WAYBILL_FORMED = Condition(
    "waybill_formed",
    "运单号格式正确",
    ConditionKind.ARGUMENT,
    "bad_waybill",
    lambda at: re.fullmatch(r"[0-9A-Za-z-]{5,32}", _waybill(at)) is not None,
    "运单号 {logistics_no} 格式不对，应为 5–32 位字母、数字或连字符",
    "waybill {logistics_no} is malformed: 5–32 letters, digits, hyphens",
    strict_only=True,
)
WAYBILL_FRESH = Condition(
    "waybill_fresh",
    "运单号未用于别单",
    ConditionKind.ARGUMENT,
    "bad_waybill",
    _waybill_is_unused,
    "运单号 {logistics_no} 已用于另一换货单",
    "waybill {logistics_no} was used on another exchange",
    strict_only=True,
)
CARRIER_KNOWN = Condition(
    "carrier_known",
    "物流公司在列",
    ConditionKind.ARGUMENT,
    "unknown_carrier",
    lambda at: getattr(at.move, "logistics_company_name") in at.carriers,
    "物流公司 {logistics_company_name} 不在列表中，请取 taobao.logistics.companies.get 返回的 name",
    "carrier {logistics_company_name} is unknown; take a name of taobao.logistics.companies.get",
    strict_only=True,
)
IN_STOCK = Condition(
    "in_stock",
    "有库存",
    ConditionKind.STOCK,
    "no_stock",
    lambda at: at.available >= at.exchange.num,
    "换货商品库存不足，预占失败，换货单状态不变",
    "no stock of the wanted goods to reserve; the status stays",
)
OUT_OF_STOCK = Condition(
    "out_of_stock",
    "无库存",
    ConditionKind.STOCK,
    "no_stock",
    lambda at: at.available < at.exchange.num,
    "换货商品有库存",
    "the wanted goods are in stock",
    deciding=True,
)
WAYBILL = (WAYBILL_GIVEN, WAYBILL_FORMED, WAYBILL_FRESH, CARRIER_KNOWN)

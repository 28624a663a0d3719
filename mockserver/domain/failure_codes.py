"""The sub_codes that business failures have where the gateway answers with error 15.

Nobody has seen how a `tmall.exchange` method refuses.  In the sibling family every captured
business failure is an `error_response` of code 15 with a sub_code of its own; rule
`failure_shape: error15` answers so.  A failure whose sibling was never seen has the code of its
rule `msg_code.<failure>` as sub_code.  Source: docs/spec/evidence-2026-11.md#evidence-2.3.
"""

from collections.abc import Mapping
from types import MappingProxyType

from .errors import DomainError
from .moves import ConfirmConsign, Consigngoods

__all__ = ["CAPTURED_SUB_CODES", "find_sub_code"]

_CONSIGN = "isv.logistics-offline-service-error"
_SHIPPED_ALREADY = (f"{_CONSIGN}:B04", "订单状态不对该物流订单已经发货或者已关闭，不能重复发货")
_WRONG_STATUS = ("2101", "操作状态错误")

# By failure: the sub_codes it can have, each with the captured sub_msg; the first is the usual one.
CAPTURED_SUB_CODES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "wrong_state": (_WRONG_STATUS, _SHIPPED_ALREADY),
        "flow_over": (_WRONG_STATUS,),
        "unknown_address": (("PY-101", "查询物流信息出错"),),
        "bad_waybill": ((f"{_CONSIGN}:B60", "运单号不符合规则或已经被使用"),),
    }
)


def find_sub_code(refusal: DomainError, msg_code: str) -> tuple[str, str]:
    """Return the sub_code and sub_msg of a refusal; `msg_code` serves where none was captured."""
    captured = CAPTURED_SUB_CODES.get(refusal.failure)
    if captured is None:
        return msg_code, refusal.zh
    ships = getattr(refusal, "move", None) in (Consigngoods, ConfirmConsign)
    return captured[-1] if ships else captured[0]

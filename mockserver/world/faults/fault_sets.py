"""Named sets of planned faults: a bad network, a busy platform, a whole bad day."""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from .fault_types import TIMEOUT

__all__ = ["SETS", "FaultSet"]


class FaultSet(Struct, frozen=True):
    """Faults under one name, as users would write them."""

    name: str
    zh: str
    en: str
    faults: tuple[Mapping[str, object], ...]


SETS: Mapping[str, FaultSet] = MappingProxyType(
    {
        fault_set.name: fault_set
        for fault_set in (
            FaultSet(
                "bad_day",
                "坏日子：网络与后端时好时坏",
                "a bad day: network and back end fail now and then",
                (
                    {"fault": "reply_lost", "probability": 0.03, "times": None},
                    {"fault": "refused_reply_lost", "probability": 0.03, "times": None},
                    {
                        "fault": "platform_error",
                        "sub_code": TIMEOUT,
                        "sub_msg": "API调用服务超时",
                        "probability": 0.05,
                        "times": None,
                    },
                    {"fault": "gateway_5xx", "probability": 0.03, "times": None},
                    {"fault": "reset", "probability": 0.02, "times": None},
                    {"fault": "truncated", "probability": 0.02, "times": None},
                    {"fault": "stale_read", "probability": 0.05, "times": None},
                    {
                        "fault": "latency",
                        "distribution": "log_normal",
                        "seconds": 0.2,
                        "sigma": 1,
                        "probability": 0.3,
                        "times": None,
                    },
                ),
            ),
            FaultSet(
                "double_eleven",
                "双十一：限流、变慢、列表滞后",
                "double eleven: limits, delays, lists that lag",
                (
                    {"fault": "limited", "probability": 0.1, "times": None},
                    {"fault": "reply_lost", "as": TIMEOUT, "probability": 0.05, "times": None},
                    {
                        "fault": "platform_error",
                        "sub_code": TIMEOUT,
                        "sub_msg": "API调用服务超时",
                        "probability": 0.05,
                        "times": None,
                    },
                    {"fault": "duplicate_delivery", "probability": 0.03, "times": None},
                    {"fault": "late_rows", "by": "30s", "probability": 0.3, "times": None},
                    {"fault": "moving_rows", "probability": 0.2, "times": None},
                    {
                        "fault": "latency",
                        "distribution": "log_normal",
                        "seconds": 0.5,
                        "sigma": 0.8,
                        "probability": 0.6,
                        "times": None,
                    },
                ),
            ),
        )
    }
)

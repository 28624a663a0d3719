"""What the methods that change something other than an exchange do: each by its declared name.

A write checks all, then changes all, inside the call's unit of work, through its verbs.  A refusal
of the platform is an `error_response` 15 with the sub_code that was captured or inferred for it.

Source: docs/spec/evidence-2026-11.md#evidence-2.3.
"""

from collections.abc import Callable, Mapping

from ..protocol.shapes import Tree
from .channel_writes import CHANNEL_WRITES
from .refund_writes import REFUND_WRITES
from .shipping_writes import SHIPPING_WRITES
from .token_writes import TOKEN_WRITES
from .write_context import WriteContext

__all__ = ["WRITES"]

WRITES: Mapping[str, Callable[[WriteContext], Tree]] = {
    **CHANNEL_WRITES,
    **REFUND_WRITES,
    **SHIPPING_WRITES,
    **TOKEN_WRITES,
}

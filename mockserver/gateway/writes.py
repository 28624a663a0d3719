"""What the methods that change something other than an exchange do: each by its declared name.

A write checks all, then changes all, inside the call's unit of work, through its verbs.  A refusal
of the platform is an `error_response` 15 with the sub_code that was captured or inferred for it.

Source: docs/spec/evidence-2026-11.md#evidence-2.3.
"""

from collections.abc import Callable, Mapping

from ..api.declaration import Method
from ..domain.vocabulary import Role
from ..protocol.pictures import name_picture
from ..protocol.shapes import Tree
from .call import Call
from .channel_writes import CHANNEL_WRITES
from .refund_writes import REFUND_WRITES
from .shipping_writes import SHIPPING_WRITES
from .token_writes import TOKEN_WRITES
from .write_context import WriteContext

__all__ = ["WRITES", "note_write"]

WRITES: Mapping[str, Callable[[WriteContext], Tree]] = {
    **CHANNEL_WRITES,
    **REFUND_WRITES,
    **SHIPPING_WRITES,
    **TOKEN_WRITES,
}


def note_write(call: Call, method: Method) -> None:
    """Keep a write that went through, so that a recording of the sandbox can repeat it."""
    assert call.work is not None and call.session is not None
    own = {param.name for param in method.params}
    call.work.note_call(
        method.name,
        {name: text for name, text in call.texts.items() if name in own},
        shop=call.session.shop,
        sub=call.session.role is Role.SELLER_SUB,
        pictures={file.name: name_picture(file.content) for file in call.files if file.name in own},
    )

"""All declared methods of TOP by name, and the names of their personal fields and parameters."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ..protocol.shapes import Field
from .channel_methods import CHANNEL_METHODS
from .declaration import Method
from .exchange_methods import EXCHANGE_METHODS
from .refund_methods import REFUND_METHODS
from .related_methods import RELATED_METHODS
from .shop_methods import SHOP_METHODS
from .token_methods import TOKEN_METHODS

__all__ = ["METHODS", "PERSONAL_NAMES", "PERSONAL_REPLY_NAMES"]

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        method.name: method
        for method in (
            *EXCHANGE_METHODS,
            *RELATED_METHODS,
            *REFUND_METHODS,
            *SHOP_METHODS,
            *CHANNEL_METHODS,
            *TOKEN_METHODS,
        )
    }
)


def _list_personal_names(fields: tuple[Field, ...]) -> Iterator[str]:
    """Yield the names of the personal fields, members of objects included."""
    for field in fields:
        if field.personal:
            yield field.name
        yield from _list_personal_names(field.of)


PERSONAL_REPLY_NAMES: frozenset[str] = frozenset(
    name for method in METHODS.values() for name in _list_personal_names(method.reply)
)
PERSONAL_NAMES: frozenset[str] = PERSONAL_REPLY_NAMES | {
    param.name for method in METHODS.values() for param in method.params if param.personal
}

"""Documents drawn from their declared shapes, as users write them.

A field that is added to a shape is drawn by its type, without a word here.  What a type does not
say (which texts are ids, which names exist, what must not stand twice) callers give in `by_name`.
"""

from collections.abc import Mapping
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Union, get_args, get_origin

import msgspec
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from msgspec import Struct, UnsetType

from .values import INT64, numbers, words

__all__ = ["MAX_ITEMS", "Document", "documents_of", "documents_with", "lists_of"]

Document = dict[str, Any]
Strategies = Mapping[str, SearchStrategy[Any]]
MAX_ITEMS = 3  # shops, buyers, apps of a world: enough to be several
_TYPES: Mapping[type, SearchStrategy[Any]] = MappingProxyType(
    {bool: st.booleans(), int: numbers(0, INT64), float: st.just(1.5), str: words()}
)


def documents_of(
    shape: type[Struct], by_name: Strategies, *, without: tuple[str, ...] = ()
) -> SearchStrategy[Document]:
    """Draw documents of this shape as users write them; optional fields are often left out.

    `by_name` has strategies for fields whose type does not say enough; `without` are never drawn.
    """
    required: dict[str, SearchStrategy[Any]] = {}
    optional: dict[str, SearchStrategy[Any]] = {}
    for field in msgspec.structs.fields(shape):
        name = field.encode_name
        if name not in without:
            (required if field.required else optional)[name] = (
                by_name[name] if name in by_name else _values_of(field.type)
            )
    return st.fixed_dictionaries(required, optional=optional)


def _values_of(kind: Any) -> SearchStrategy[Any]:
    """Draw values of a declared type, as JSON has them."""
    if get_origin(kind) in (Union, UnionType):
        parts = [part for part in get_args(kind) if part not in (NoneType, UnsetType)]
        return st.one_of([_values_of(part) for part in parts])
    if get_origin(kind) is tuple:
        return st.lists(_values_of(get_args(kind)[0]), max_size=MAX_ITEMS)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return documents_of(kind, {})
    if isinstance(kind, type) and hasattr(kind, "__members__"):
        return st.sampled_from([member.value for member in kind])  # type: ignore[attr-defined]  # an enum
    return _TYPES[kind]


def documents_with(
    shape: type[Struct], by_name: Strategies, **required: SearchStrategy[Any]
) -> SearchStrategy[Document]:
    """Draw documents of this shape that always have the `required` fields."""
    rest = documents_of(shape, by_name, without=tuple(required))
    return st.builds(lambda own, more: {**own, **more}, st.fixed_dictionaries(required), rest)


def lists_of(
    documents: SearchStrategy[Document], key: str, *, least: int
) -> SearchStrategy[list[Document]]:
    """Draw lists of up to `MAX_ITEMS` documents, no two with the same `key`."""
    return st.lists(
        documents, min_size=least, max_size=MAX_ITEMS, unique_by=lambda document: str(document[key])
    )

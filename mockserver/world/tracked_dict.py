"""A dict that notes which keys were written, so that a store writes only those."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

__all__ = ["TrackedDict"]

_K = TypeVar("_K")
_V = TypeVar("_V")
_ABSENT: Any = object()


class TrackedDict(dict[_K, _V]):
    """A dict whose `changed` holds every key that was written or deleted since it was emptied.

    The order of `changed` is that of the first write.  `copy()` gives a plain dict.
    """

    __slots__ = ("changed",)

    def __init__(self, content: Mapping[_K, _V] | Iterable[tuple[_K, _V]] = ()) -> None:
        super().__init__(content)
        self.changed: dict[_K, None] = {}

    def __setitem__(self, key: _K, value: _V) -> None:
        super().__setitem__(key, value)
        self.changed[key] = None

    def __delitem__(self, key: _K) -> None:
        super().__delitem__(key)
        self.changed[key] = None

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]  # `|` stays that of dict
        self.update(other)
        return self

    def pop(self, key: _K, default: Any = _ABSENT) -> Any:
        """Delete a key and return its value."""
        if key in self:
            self.changed[key] = None
        return super().pop(key) if default is _ABSENT else super().pop(key, default)

    def popitem(self) -> tuple[_K, _V]:
        """Delete the key that was written last."""
        key, value = super().popitem()
        self.changed[key] = None
        return key, value

    def setdefault(self, key: _K, default: Any = None) -> Any:
        """Return the value of `key`, which is `default` from now on if there was none."""
        if key not in self:
            self.changed[key] = None
        return super().setdefault(key, default)

    def update(self, *others: Any, **more: Any) -> None:
        """Write all keys of other mappings."""
        added: dict[Any, Any] = dict(*others, **more)
        super().update(added)
        self.changed.update(dict.fromkeys(added))

    def clear(self) -> None:
        """Delete all keys."""
        self.changed.update(dict.fromkeys(self))
        super().clear()

"""A sandbox's quotas, as its handle shows them."""

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["Quotas"]


class Quotas:
    """The sandbox's quotas, none at first: `quotas.add(per="second", limit=5, method="tmall.exchange.agree")`."""

    def __init__(self, ask: Callable[..., Any]) -> None:
        self._ask = ask

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._ask("GET", "quotas"))

    def add(self, *, per: str, limit: int, **keys: str) -> None:
        """One more quota; `method`, `app_key` and `sub_code` as in the control API.  All counts begin anew."""
        self._ask("PUT", "quotas", [*self, {"per": per, "limit": limit, **keys}])

    def clear(self) -> None:
        """Nothing is limited."""
        self._ask("PUT", "quotas", [])

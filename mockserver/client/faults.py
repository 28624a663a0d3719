"""A sandbox's planned faults and quotas, as its handle shows them."""

from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["Faults", "Quotas"]

Ask = Callable[..., Any]


class Faults:
    """The sandbox's planned faults, in the order they are asked: `faults.add("reply_lost", method="tmall.exchange.agree")`.

    Each is a dict as the control API shows it, with `id`, `hits` and what is `left`.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._ask("GET", "faults")["items"])

    def __getitem__(self, fault_id: str) -> dict[str, Any]:
        for each in self:
            if each["id"] == fault_id:
                return each
        raise KeyError(fault_id)

    def add(self, name: str, **options: object) -> str:
        """The id of a fault planned by its name; `as_` stands for the option `as`."""
        return str(self._ask("POST", "faults", {"fault": name, **_plain(options)})["id"])

    def add_set(self, name: str, **options: object) -> list[str]:
        """The ids of all faults of a set, e.g. `bad_day`; which calls they meet may be said for all of them."""
        return [
            each["id"]
            for each in self._ask("POST", "faults", {"set": name, **_plain(options)})["items"]
        ]

    def change(self, fault_id: str, **options: object) -> None:
        """Some of a fault's keys are these from now on; its counts stay."""
        self._ask("PATCH", f"faults/{fault_id}", _plain(options))

    def drop(self, fault_id: str) -> None:
        """A fault is planned no longer."""
        self._ask("DELETE", f"faults/{fault_id}")

    def clear(self) -> None:
        """Nothing is planned."""
        self._ask("DELETE", "faults")

    @property
    def unused(self) -> list[dict[str, Any]]:
        """The faults that have struck no call yet."""
        return [each for each in self if not each["hits"]]


def _plain(options: dict[str, object]) -> dict[str, object]:
    return {name.rstrip("_"): value for name, value in options.items()}


class Quotas:
    """The sandbox's quotas, none at first: `quotas.add(per="second", limit=5, method="tmall.exchange.agree")`."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._ask("GET", "quotas"))

    def add(self, *, per: str, limit: int, **keys: str) -> None:
        """One more quota; `method`, `app_key` and `sub_code` as in the control API.  All counts begin anew."""
        self._ask("PUT", "quotas", [*self, {"per": per, "limit": limit, **keys}])

    def clear(self) -> None:
        """Nothing is limited."""
        self._ask("PUT", "quotas", [])

"""Handles on a sandbox's planned faults and quotas."""

from collections.abc import Iterator, Mapping
from typing import Literal, Unpack, cast

from ..service.control_function import ControlCall
from ..service.reply_documents import FaultDocument, QuotaDocument
from .arguments import FaultFields
from .unknown_name import UnknownName

__all__ = ["Faults", "Quotas"]


class Faults:
    """The planned faults, in the order in which a call is compared with them.

        sandbox.faults.add("reply_lost", method="tmall.exchange.agree")

    Iterating gives their documents.
    """

    def __init__(self, ask: ControlCall) -> None:
        self._ask = ask

    def __iter__(self) -> Iterator[FaultDocument]:
        return iter(cast("list[FaultDocument]", self._ask("GET", "faults")["items"]))

    def __getitem__(self, fault_id: str) -> FaultDocument:
        planned = {fault["id"]: fault for fault in self}
        if fault_id not in planned:
            raise UnknownName("故障", "fault", fault_id, planned)
        return planned[fault_id]

    def add(self, name: str, **options: Unpack[FaultFields]) -> str:
        """Plan a fault and return its id; `as_` stands for the option `as`.

        Raises:
            ControlRefused: the fault or an option is unknown.
        """
        return str(self._ask("POST", "faults", {"fault": name, **_strip(options)})["id"])

    def add_set(self, name: str, **options: Unpack[FaultFields]) -> list[str]:
        """Plan all faults of a set, e.g. `bad_day`, and return their ids.

        Options that choose calls (`method`, `session`, …) hold for all of them.
        """
        reply = self._ask("POST", "faults", {"set": name, **_strip(options)})
        return [item["id"] for item in reply["items"]]

    def change(self, fault_id: str, **options: Unpack[FaultFields]) -> None:
        """Change some keys of a fault; its counts stay."""
        self._ask("PATCH", f"faults/{fault_id}", _strip(options))

    def drop(self, fault_id: str) -> None:
        """Delete a fault."""
        self._ask("DELETE", f"faults/{fault_id}")

    def clear(self) -> None:
        """Delete all faults."""
        self._ask("DELETE", "faults")

    @property
    def unused(self) -> list[FaultDocument]:
        """The faults that have disturbed no call yet."""
        return [fault for fault in self if not fault["hits"]]


def _strip(options: Mapping[str, object]) -> dict[str, object]:
    return {name.rstrip("_"): value for name, value in options.items()}


class Quotas:
    """The limits of calls, none at first.

        sandbox.quotas.add(per="second", limit=5, method="tmall.exchange.agree")

    Iterating gives their documents.
    """

    def __init__(self, ask: ControlCall) -> None:
        self._ask = ask

    def __iter__(self) -> Iterator[QuotaDocument]:
        return iter(cast("list[QuotaDocument]", self._ask("GET", "quotas")))

    def add(
        self,
        *,
        per: Literal["second", "day"],
        limit: int,
        method: str = "",
        app_key: str | int = "",
        sub_code: str = "",
    ) -> None:
        """Add a quota: of a method, an app key, both, or of all calls.  Counts begin at zero."""
        keys = {"method": method, "app_key": app_key, "sub_code": sub_code}
        added = {name: value for name, value in keys.items() if value != ""}
        self._ask("PUT", "quotas", [*self, {"per": per, "limit": limit, **added}])

    def clear(self) -> None:
        """Delete all quotas."""
        self._ask("PUT", "quotas", [])

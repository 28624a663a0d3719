"""Handles on an exchange and on the sandbox's clock, stock and rules."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import cast, get_args
from urllib.parse import quote

import msgspec

from ..domain.durations import format_duration
from ..protocol.shapes import parse_time
from ..service.control_function import ControlCall
from ..service.reply_documents import (
    ActorName,
    DeadlineDocument,
    EventDocument,
    ExchangeDocument,
    MessageDocument,
    PlannedMoveDocument,
)
from .unknown_name import UnknownName

__all__ = ["Clock", "Exchange", "LastExchange", "Rules", "Shelf", "Stock"]

_MAX_ITEMS = 20_000  # of one reply


class _PossibleMoves(dict[ActorName, list[str]]):
    """Names of moves by actor; a name that is no actor's says what was probably meant."""

    def __missing__(self, name: str) -> list[str]:
        raise UnknownName("角色", "actor", name, get_args(ActorName))


class Exchange:
    """An exchange of a sandbox.  Every attribute but the id is read anew from the sandbox.

    `ask` calls the control API below the sandbox.
    """

    def __init__(self, ask: ControlCall, dispute_id: str) -> None:
        self._ask = ask
        self.dispute_id = dispute_id

    def __repr__(self) -> str:
        return f"<Exchange {self.dispute_id}>"

    @property
    def document(self) -> ExchangeDocument:
        """All that the control API says: status, deadline, possible, timeline, exchange."""
        return cast("ExchangeDocument", self._ask("GET", f"exchanges/{self.dispute_id}"))

    @property
    def status(self) -> int:
        """The number of the status."""
        return self.document["status"]

    @property
    def status_text(self) -> str:
        """The Chinese text of the status, as replies carry it."""
        return self.document["status_text"]

    @property
    def deadline(self) -> str | None:
        """When the system will move by itself; None for never."""
        return self.document["deadline"]

    @property
    def possible(self) -> dict[ActorName, list[str]]:
        """The names of the moves that are possible now, by actor: of all four, empty for some."""
        possible = self.document["possible"]
        return _PossibleMoves({actor: possible.get(actor, []) for actor in get_args(ActorName)})

    @property
    def timeline(self) -> list[EventDocument]:
        """What happened, in order."""
        return self.document["timeline"]

    @property
    def messages(self) -> list[MessageDocument]:
        """The messages of the negotiation, oldest first."""
        reply = self._ask("GET", f"exchanges/{self.dispute_id}/messages")
        return cast("list[MessageDocument]", reply["items"])


class LastExchange:
    """The id of the exchange opened last, which moves without an exchange mean; empty before."""

    def __init__(self) -> None:
        self.dispute_id = ""

    def choose(self, exchange: Exchange | str | int | None) -> str:
        """Return the id of `exchange`, or of the one opened last.

        Raises:
            ValueError: no exchange was given, and none has been opened.
        """
        if isinstance(exchange, Exchange):
            return exchange.dispute_id
        dispute_id = str(exchange or self.dispute_id)
        if not dispute_id:
            raise ValueError("还没有打开换货单 (no exchange is open yet)")
        return dispute_id


class Clock:
    """The sandbox's clock: `sandbox.clock.advance("7d")`."""

    def __init__(self, ask: ControlCall) -> None:
        self._ask = ask

    @property
    def now(self) -> datetime:
        """The sandbox's now, aware, GMT+8."""
        instant = parse_time(self._ask("GET", "clock", limit=0)["now"])
        assert instant is not None
        return instant

    @property
    def deadlines(self) -> list[DeadlineDocument]:
        """Coming deadlines, earliest first."""
        reply = self._ask("GET", "clock", limit=_MAX_ITEMS)
        return cast("list[DeadlineDocument]", reply["deadlines"])

    @property
    def planned(self) -> list[PlannedMoveDocument]:
        """What robots are going to do, earliest first."""
        reply = self._ask("GET", "clock", limit=_MAX_ITEMS)
        return cast("list[PlannedMoveDocument]", reply.get("planned", []))

    def advance(
        self, by: str | timedelta | None = None, *, to: str | None = None
    ) -> list[EventDocument]:
        """Move the sandbox's now forward and return the events that this caused.

        `by` is a duration such as `3d12h`; `to` is `next`, an instant, or `deadline:<dispute_id>`.
        """
        return self._shift("advance", by, to)

    def age(
        self, by: str | timedelta | None = None, *, to: str | None = None
    ) -> list[EventDocument]:
        """Make everything recorded older while now stays; return the events that this caused."""
        return self._shift("age", by, to)

    def freeze(self, at: str | None = None) -> None:
        """Stop the clock, at the instant `at` or where it is."""
        self._ask("POST", "clock", {"mode": "frozen", "now": at})

    def run(self, at: str | None = None) -> None:
        """Let the clock run, from the instant `at` or from where it is."""
        self._ask("POST", "clock", {"mode": "running", "now": at})

    def _shift(self, verb: str, by: str | timedelta | None, to: str | None) -> list[EventDocument]:
        duration = format_duration(by) if isinstance(by, timedelta) else by
        body = {name: value for name, value in (("by", duration), ("to", to)) if value is not None}
        return cast("list[EventDocument]", self._ask("POST", f"clock/{verb}", body)["fired"])


class Stock(msgspec.Struct, frozen=True):
    """The accounts of a SKU, in units."""

    name: str
    sku_id: str
    title: str
    available: int
    reserved: int
    shipped: int
    returned: int


class Shelf:
    """Stock by goods name or SKU id: `stock["wanted"].reserved`, `stock["wanted"] = 3`."""

    def __init__(self, ask: ControlCall) -> None:
        self._ask = ask

    def __getitem__(self, name: str) -> Stock:
        items = self._ask("GET", "stock")["items"]
        for item in items:
            if name in (item["name"], item["sku_id"]):
                return msgspec.convert(item, Stock)
        raise UnknownName("商品", "goods", name, [item["name"] for item in items])

    def __setitem__(self, name: str, available: int) -> None:
        self._ask("PUT", f"stock/{quote(name, safe='')}", {"available": available})


class Rules:
    """The sandbox's rules by name: `rules["deadline.2"] = "3d"`."""

    def __init__(self, ask: ControlCall) -> None:
        self._ask = ask

    def __getitem__(self, name: str) -> object:
        rules: dict[str, object] = self._ask("GET", "rules")
        if name not in rules:
            raise UnknownName("规则", "rule", name, rules)
        return rules[name]

    def __setitem__(self, name: str, value: object) -> None:
        self.update({name: value})

    def update(self, patch: Mapping[str, object]) -> None:
        """Set all rules of `patch`, or none if one of them cannot be set."""
        self._ask("PATCH", "rules", patch)

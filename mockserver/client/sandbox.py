"""`Sandbox`: a user's handle on one isolated world, in process or over HTTP.

Everything goes through the control API, so the handle does the same with and without sockets.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from ..control.control_call import sandbox_path
from ..domain.durations import format_duration
from ..domain.vocabulary import Actor
from ..protocol.shapes import read_time
from ..world.clock import FROZEN_AT
from ..world.move_parser import ACTOR_MOVES
from .control_client import ControlClient, local_control
from .faults import Faults, Quotas
from .journal import Requests
from .top_client import TopClient
from .transport import Wsgi

__all__ = ["Exchange", "Sandbox", "Stock"]


class Exchange:
    """An exchange of a sandbox: reads are fresh at every access."""

    def __init__(self, sandbox: "Sandbox", dispute_id: str) -> None:
        self._sandbox = sandbox
        self.dispute_id = dispute_id

    def __repr__(self) -> str:
        return f"<Exchange {self.dispute_id}>"

    @property
    def shown(self) -> dict[str, Any]:
        """All that the control API shows: status, deadline, possible, timeline, exchange."""
        shown: dict[str, Any] = self._sandbox._ask("GET", f"exchanges/{self.dispute_id}")
        return shown

    @property
    def status(self) -> int:
        """The status number."""
        return int(self.shown["status"])

    @property
    def status_text(self) -> str:
        """The Chinese status text, as replies carry it."""
        return str(self.shown["status_text"])

    @property
    def deadline(self) -> str | None:
        """When the system will move by itself."""
        due = self.shown["deadline"]
        return None if due is None else str(due)

    @property
    def possible(self) -> dict[str, list[str]]:
        """What each actor may do now."""
        found: dict[str, list[str]] = self.shown["possible"]
        return found

    @property
    def timeline(self) -> list[dict[str, Any]]:
        """What happened, in order."""
        found: list[dict[str, Any]] = self.shown["timeline"]
        return found

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The negotiation's messages, oldest first."""
        found: list[dict[str, Any]] = self._sandbox._ask(
            "GET", f"exchanges/{self.dispute_id}/messages"
        )["items"]
        return found


class Player:
    """One party: each of its moves is a method, e.g. `buyer.ship_back(exchange, logistics_no="SF123456")`.

    Without an exchange the one opened last is meant; `for_` stands for the field `for`.
    """

    def __init__(self, sandbox: "Sandbox", actor: Actor, *, sub: bool = False) -> None:
        self._sandbox, self._actor, self._sub = sandbox, actor, sub

    def __getattr__(self, name: str) -> Callable[..., Exchange]:
        if name.startswith("__") or name not in ACTOR_MOVES[self._actor]:
            raise AttributeError(
                f"{self._actor} 没有 {name}；可用 (use): {', '.join(ACTOR_MOVES[self._actor])}"
            )

        def play(exchange: "Exchange | str | int | None" = None, **fields: object) -> Exchange:
            body = {
                "by": self._actor.value,
                "move": name,
                **{key.rstrip("_"): value for key, value in fields.items()},
            }
            if self._sub:
                body["sub"] = True
            chosen = self._sandbox._chosen(exchange)
            self._sandbox._ask("POST", f"exchanges/{chosen}/moves", body)
            return Exchange(self._sandbox, chosen)

        return play


class Clock:
    """The sandbox's clock."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    @property
    def now(self) -> datetime:
        """The sandbox's now."""
        instant = read_time(self._sandbox._ask("GET", "clock", limit=0)["now"])
        assert instant is not None
        return instant

    @property
    def deadlines(self) -> list[dict[str, Any]]:
        """Coming deadlines, earliest first."""
        found: list[dict[str, Any]] = self._sandbox._ask("GET", "clock", limit=20_000)["deadlines"]
        return found

    @property
    def planned(self) -> list[dict[str, Any]]:
        """What robots mean to do, earliest first."""
        found: list[dict[str, Any]] = self._sandbox._ask("GET", "clock", limit=20_000).get(
            "planned", []
        )
        return found

    def advance(
        self, by: str | timedelta | None = None, *, to: str | None = None
    ) -> list[dict[str, Any]]:
        """Now is later; what fired on the way.  `to` is `next`, an instant, or `deadline:<dispute_id>`."""
        return self._go("advance", by, to)

    def age(
        self, by: str | timedelta | None = None, *, to: str | None = None
    ) -> list[dict[str, Any]]:
        """Everything recorded is older, now stays; what that made due."""
        return self._go("age", by, to)

    def freeze(self, at: str | None = None) -> None:
        """The clock stands still, at `at` if given."""
        self._sandbox._ask("POST", "clock", {"mode": "frozen", "now": at})

    def run(self, at: str | None = None) -> None:
        """The clock runs on, from `at` if given."""
        self._sandbox._ask("POST", "clock", {"mode": "running", "now": at})

    def _go(self, how: str, by: str | timedelta | None, to: str | None) -> list[dict[str, Any]]:
        span = format_duration(by) if isinstance(by, timedelta) else by
        body = {name: value for name, value in (("by", span), ("to", to)) if value is not None}
        fired: list[dict[str, Any]] = self._sandbox._ask("POST", f"clock/{how}", body)["fired"]
        return fired


class Stock(msgspec.Struct, frozen=True):
    """The accounts of a SKU."""

    name: str
    sku_id: str
    title: str
    available: int
    reserved: int
    shipped: int
    returned: int


class Shelf:
    """Stock by goods name or SKU id: `stock["wanted"].reserved`, `stock["wanted"] = 3`."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def __getitem__(self, name: str) -> Stock:
        for item in self._sandbox._ask("GET", "stock")["items"]:
            if name in (item["name"], item["sku_id"]):
                return msgspec.convert(item, Stock)
        raise KeyError(name)

    def __setitem__(self, name: str, available: int) -> None:
        self._sandbox._ask("PUT", f"stock/{quote(name, safe='')}", {"available": available})


class Rules:
    """The sandbox's rules as a mapping: `rules["deadline.2"] = "3d"`."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox

    def __getitem__(self, name: str) -> object:
        found: object = self._sandbox._ask("GET", "rules")[name]
        return found

    def __setitem__(self, name: str, value: object) -> None:
        self.update({name: value})

    def update(self, patch: Mapping[str, object]) -> None:
        """All of `patch` holds, or none."""
        self._sandbox._ask("PATCH", "rules", patch)


class Sandbox:
    """One isolated world.

    `Sandbox(goods={…}, clock=…)` alone works in process, without HTTP; its keywords are those of the
    world document.  A server's `sandbox()` gives the same handle over HTTP.  The clock is frozen unless
    another is asked for.
    """

    def __init__(
        self, *, control: ControlClient | None = None, attach: str = "", **document: object
    ) -> None:
        self._control = control = control or local_control()
        frozen = document if "from" in document else {"clock": FROZEN_AT, **document}
        made = (
            control("GET", sandbox_path(attach)) if attach else control("POST", "sandboxes", frozen)
        )
        self.id: str = made["id"]
        self.app_key: str = made["app_key"]
        self.app_secret: str = made["app_secret"]
        self.session: str = made["session"]
        self.sub_session: str = made["sub_session"]
        self.gateway_url: str = made["gateway"]
        self.shops: list[dict[str, Any]] = made["shops"]
        self.seed: int = made["seed"]
        self.buyer = Player(self, Actor.BUYER)
        self.seller = Player(self, Actor.SELLER)
        self.sub_seller = Player(self, Actor.SELLER, sub=True)
        self.cs = Player(self, Actor.CS)
        self.system = Player(self, Actor.SYSTEM)
        self.clock = Clock(self)
        self.stock = Shelf(self)
        self.rules = Rules(self)
        self.requests = Requests(self._ask)
        self.faults = Faults(self._ask)
        self.quotas = Quotas(self._ask)
        self._last = ""

    def __repr__(self) -> str:
        return f"<Sandbox {self.id}>"

    @property
    def env(self) -> dict[str, str]:
        """The variables that a client under test reads."""
        return {
            "TOP_SERVER_URL": self.gateway_url,
            "TOP_APP_KEY": self.app_key,
            "TOP_APP_SECRET": self.app_secret,
            "TOP_SESSION": self.session,
            "TOP_SUB_SESSION": self.sub_session,
            "TMALL_MOCKSERVER_URL": self._control.base_url,
            "TMALL_MOCKSERVER_TOKEN": self._control.token,
            "TMALL_MOCKSERVER_SANDBOX": self.id,
        }

    @property
    def robots(self) -> dict[str, str | None]:
        """The policy of each party that acts by itself: `sandbox.robots = {"buyer": "prompt", "cs": "random"}`."""
        found: dict[str, str | None] = self._ask("GET", "robots")
        return found

    @robots.setter
    def robots(self, policies: Mapping[str, str | None]) -> None:
        self._ask("PUT", "robots", policies)

    @property
    def wsgi(self) -> Callable[..., Any]:
        """The WSGI app of an in-process sandbox."""
        transport = self._control.transport
        if not isinstance(transport, Wsgi):
            raise AttributeError(
                "通过 HTTP 的独立环境没有 wsgi (a sandbox over HTTP has no WSGI app)"
            )
        return transport.app

    def client(self, *, sub: bool = False, sign_method: str = "md5") -> TopClient:
        """A signed client with the main session, or the sub-account's."""
        return TopClient(
            self.gateway_url,
            self.app_key,
            self.app_secret,
            self.sub_session if sub else self.session,
            sign_method=sign_method,
            transport=self._control.transport,
        )

    def open(self, **fields: object) -> Exchange:
        """A new exchange; fields by the wire names of tmall.exchange.get, `status` at any status."""
        opened = self._ask("POST", "exchanges", fields)
        self._last = (
            opened["items"][-1]["dispute_id"] if "items" in opened else opened["dispute_id"]
        )
        return Exchange(self, self._last)

    def open_many(self, count: int, **fields: object) -> list[Exchange]:
        """`count` new exchanges, all or none."""
        opened = self._ask("POST", "exchanges", {**fields, "count": count})
        self._last = opened["items"][-1]["dispute_id"]
        return [Exchange(self, item["dispute_id"]) for item in opened["items"]]

    @property
    def exchanges(self) -> list[Exchange]:
        """The exchanges, newest modified first; at most 20,000."""
        return [
            Exchange(self, item["dispute_id"])
            for item in self._ask("GET", "exchanges", limit=20_000)["items"]
        ]

    def exchange(self, dispute_id: str | int) -> Exchange:
        """The exchange with this id."""
        return Exchange(self, str(dispute_id))

    def events(self) -> list[dict[str, Any]]:
        """All facts of the sandbox, in order."""
        found: list[dict[str, Any]] = self._ask("GET", "events")["items"]
        return found

    def coverage(self) -> dict[str, Any]:
        """What was met of the state machine so far; see testing/coverage.py for reports."""
        met: dict[str, Any] = self._ask("GET", "coverage")
        return met

    def report(self) -> dict[str, Any]:
        """What the calls since the last reset or restore show of their client: `audit` of repeated writes, other `findings`, `counts`."""
        found: dict[str, Any] = self._ask("GET", "report")
        return found

    def forget_coverage(self) -> None:
        """Nothing of the state machine has been met yet."""
        self._ask("DELETE", "coverage")

    def stub(self, method: str, reply: Mapping[str, object]) -> None:
        """`method`, which the product does not know, answers with `reply` from now on."""
        self._ask("PUT", f"stubs/{method}", {"reply": reply})

    def play(
        self, story: str | Mapping[str, object], *, until: int | str | None = None, **values: object
    ) -> dict[str, Any]:
        """Plays a shipped story by its name, or the text of one; `values` replace those of its `set`.

        The report: `outcome`, `trouble`, `exchanges` by the story's names; the last one is meant from here.
        """
        what = "story" if isinstance(story, str) and "\n" not in story else "scenario"
        report: dict[str, Any] = self._ask(
            "POST", "play", {what: story, "until": until, "set": values}
        )
        self._last = report["exchanges"].get("it", self._last)
        return report

    def scenario(self) -> str:
        """The sandbox's history as the text of a scenario file that replays to the same states."""
        return str(self._ask("GET", "scenario")["scenario"])

    def snapshot(self, name: str = "saved") -> str:
        """The state is kept under `name`."""
        self._ask("PUT", f"snapshots/{quote(name, safe='')}")
        return name

    def restore(self, name: str = "saved") -> None:
        """The state is what the snapshot kept."""
        self.reset(name)

    def reset(self, to: str = "baseline") -> None:
        """The sandbox is as it was made, `empty`, or as a snapshot kept it."""
        self._ask("POST", "reset", {"to": to})

    def drop(self) -> None:
        """The sandbox is gone."""
        self._control("DELETE", sandbox_path(self.id))

    def _ask(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        return self._control(verb, sandbox_path(self.id, path), body, **query)

    def _chosen(self, exchange: Exchange | str | int | None) -> str:
        if exchange is None and not self._last:
            raise ValueError("还没有打开换货单 (no exchange is open yet)")
        return (
            exchange.dispute_id if isinstance(exchange, Exchange) else str(exchange or self._last)
        )

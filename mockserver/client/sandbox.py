"""`Sandbox`: a user's handle on one isolated world, in process or over HTTP.

Everything goes through the control API, so the handle does the same with and without sockets.
"""

from collections.abc import Callable, Mapping
from typing import Any, Unpack, cast
from urllib.parse import quote

from ..service.control_function import sandbox_path
from ..service.reply_documents import (
    CoverageDocument,
    EventDocument,
    ExchangeDocument,
    ReportDocument,
    RobotsDocument,
    ScenarioResultDocument,
    ShopDocument,
)
from ..world.clock import FROZEN_AT
from .arguments import ExchangeFields, OpenFields, WorldFields
from .control_client import ControlClient, ControlRefused, local_control
from .exchange import Clock, Exchange, LastExchange, Rules, Shelf
from .faults import Faults, Quotas
from .messages import Messages
from .players import Buyer, CustomerService, Seller, System
from .recorded_requests import Requests
from .top_client import TopClient
from .transport import Wsgi

__all__ = ["Sandbox", "SandboxGone"]

_MAX_ITEMS = 20_000  # of one reply


class SandboxGone(ControlRefused):
    """The handle has outlived its sandbox."""

    def __init__(self, name: str, problem: Mapping[str, object]) -> None:
        zh = f"独立环境 {name} 已不存在：它已被删除，用它的测试已结束，或服务重新启动过"
        en = f"the sandbox {name} is gone: dropped, its test has ended, or the server was restarted"
        super().__init__({**problem, "title": zh, "detail": en})


class Sandbox:
    """One isolated world.

    `Sandbox(goods={…}, clock=…)` alone works in process, without HTTP; its keywords are those of
    the world document.  A server's `sandbox()` gives the same handle over HTTP.  The clock is
    frozen unless the keywords say otherwise.
    """

    def __init__(
        self,
        *,
        control: ControlClient | None = None,
        attach: str = "",
        **document: Unpack[WorldFields],
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
        self.tmc_url: str = made.get("tmc", "")
        self.shops: list[ShopDocument] = made["shops"]
        self.seed: int = made["seed"]
        self._last = LastExchange()
        self.buyer = Buyer(self._ask, self._last)
        self.seller = Seller(self._ask, self._last)
        self.sub_seller = Seller(self._ask, self._last, sub=True)
        self.cs = CustomerService(self._ask, self._last)
        self.system = System(self._ask, self._last)
        self.clock = Clock(self._ask)
        self.stock = Shelf(self._ask)
        self.rules = Rules(self._ask)
        self.requests = Requests(self._ask)
        self.faults = Faults(self._ask)
        self.quotas = Quotas(self._ask)
        self.messages = Messages(self._ask)

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
            **({"TOP_TMC_URL": self.tmc_url} if self.tmc_url else {}),
            "TOP_OAUTH_URL": self.gateway_url.removesuffix("/router/rest"),
            "TMALL_MOCKSERVER_URL": self._control.base_url,
            "TMALL_MOCKSERVER_TOKEN": self._control.token,
            "TMALL_MOCKSERVER_SANDBOX": self.id,
        }

    @property
    def robots(self) -> RobotsDocument:
        """The behaviour of each party that acts by itself; None for one that is played by hand.

        Set it with names of behaviours: `sandbox.robots = {"buyer": "prompt", "cs": "random"}`.
        """
        return cast("RobotsDocument", self._ask("GET", "robots"))

    @robots.setter
    def robots(self, behaviours: Mapping[str, str | None]) -> None:
        self._ask("PUT", "robots", behaviours)

    @property
    def wsgi(self) -> Callable[..., Any]:
        """The WSGI app of an in-process sandbox.

        Raises:
            AttributeError: the sandbox is reached over HTTP.
        """
        transport = self._control.transport
        if not isinstance(transport, Wsgi):
            raise AttributeError(
                "通过 HTTP 的独立环境没有 wsgi (a sandbox over HTTP has no WSGI app)"
            )
        return transport.app

    def client(self, *, sub: bool = False, sign_method: str = "md5") -> TopClient:
        """Return a signed client with the session of the main account, or of the sub-account."""
        return TopClient(
            self.gateway_url,
            self.app_key,
            self.app_secret,
            self.sub_session if sub else self.session,
            sign_method=sign_method,
            transport=self._control.transport,
            look=self._look,
        )

    def _look(self) -> None:
        """Raise SandboxGone if the sandbox is not there any more."""
        self._ask("GET", "")

    def open(self, **fields: Unpack[OpenFields]) -> Exchange:
        """Open an exchange and return its handle.

        Fields have the wire names of tmall.exchange.get; `status` is a number or a text.

        Raises:
            ControlRefused: a field is unknown or cannot be.
        """
        reply = self._ask("POST", "exchanges", fields)
        item = reply["items"][-1] if "items" in reply else reply
        self._last.dispute_id = item["dispute_id"]
        return Exchange(self._ask, self._last.dispute_id)

    def open_many(self, count: int, **fields: Unpack[ExchangeFields]) -> list[Exchange]:
        """Open `count` exchanges with the same fields, all or none."""
        reply = self._ask("POST", "exchanges", {**fields, "count": count})
        self._last.dispute_id = reply["items"][-1]["dispute_id"]
        return [Exchange(self._ask, item["dispute_id"]) for item in reply["items"]]

    @property
    def exchanges(self) -> list[Exchange]:
        """The exchanges, newest modified first; at most 20,000."""
        documents = self.newest_exchanges(_MAX_ITEMS)[1]
        return [Exchange(self._ask, document["dispute_id"]) for document in documents]

    def newest_exchanges(self, limit: int) -> tuple[int, list[ExchangeDocument]]:
        """Return how many exchanges there are, and those `limit` that were modified last."""
        reply = self._ask("GET", "exchanges", limit=limit)
        return reply["total"], reply["items"]

    def exchange(self, dispute_id: str | int) -> Exchange:
        """Return the handle of the exchange with this id, without asking whether there is one."""
        return Exchange(self._ask, str(dispute_id))

    def events(self) -> list[EventDocument]:
        """Return all events of the sandbox, in order."""
        return cast("list[EventDocument]", self._ask("GET", "events")["items"])

    def coverage(self) -> CoverageDocument:
        """Return what clients reached of the state machine so far; see testing/coverage.py."""
        return cast("CoverageDocument", self._ask("GET", "coverage"))

    def report(self) -> ReportDocument:
        """Return what the calls since the last reset or restore show of their client."""
        return cast("ReportDocument", self._ask("GET", "report"))

    def forget_coverage(self) -> None:
        """Set all coverage counts to zero."""
        self._ask("DELETE", "coverage")

    def stub(self, method: str, reply: Mapping[str, object]) -> None:
        """Let `method`, which the product does not know, answer with `reply` from now on."""
        self._ask("PUT", f"stubs/{method}", {"reply": reply})

    def play(
        self, story: str | Mapping[str, object], *, until: int | str | None = None, **values: object
    ) -> ScenarioResultDocument:
        """Play a shipped scenario by its name, or one given as text or mapping.

        `values` replace those of the scenario's `set`; `until` is the status to stop at.  The
        scenario's exchange `it` counts as opened last from here.

        Raises:
            ControlRefused: the scenario is unknown or has mistakes.
        """
        key = "story" if isinstance(story, str) and "\n" not in story else "scenario"
        reply = self._ask("POST", "play", {key: story, "until": until, "set": values})
        result = cast("ScenarioResultDocument", reply)
        self._last.dispute_id = result["exchanges"].get("it", self._last.dispute_id)
        return result

    def scenario(self) -> str:
        """Return the sandbox's history as the text of a scenario file that replays to it."""
        return str(self._ask("GET", "scenario")["scenario"])

    def snapshot(self, name: str = "saved") -> str:
        """Keep the state under `name` and return the name."""
        self._ask("PUT", f"snapshots/{quote(name, safe='')}")
        return name

    def restore(self, name: str = "saved") -> None:
        """Set the state to that of the snapshot `name`."""
        self.reset(name)

    def reset(self, to: str = "baseline") -> None:
        """Set the state to what was made at first (`baseline`), to `empty`, or to a snapshot."""
        self._ask("POST", "reset", {"to": to})

    def drop(self) -> None:
        """Delete the sandbox.

        Raises:
            SandboxGone: it is not there any more.
        """
        self._ask("DELETE", "")

    def _ask(self, verb: str, path: str, body: object = None, **query: object) -> Any:
        try:
            return self._control(verb, sandbox_path(self.id, path), body, **query)
        except ControlRefused as refused:
            if refused.status == 404 and refused.problem.get("field") == "id":
                raise SandboxGone(self.id, refused.problem) from None
            raise

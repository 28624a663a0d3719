"""How a scenario is run, and what is known of the client that it tests.

A client under test is not asked to do what it does not do.  Its *profile* says which methods it
calls and at which statuses it acts; a probe learns it (`cli/client_probe.py`), or the user gives
it.  Steps of the seller outside the profile are played for it, as its user's colleague would do.

A client acts only in its *turn* (`ClientTurn`): while a step waits for it.  Between its turns it is
held, so that it does not agree to an application which the scenario's buyer is about to cancel.
"""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from ..api.methods import METHODS
from .client_waiter import ClientWaiter
from .cost import MAX_STEPS
from .target import ScenarioTarget

__all__ = ["ClientProfile", "ClientTurn", "HeldClient", "RunSettings"]


class RunSettings(Struct, frozen=True):
    """How to run a scenario.

    `waiter` reads and passes real time.  `until` stops at a status (number or text).  `client`
    awaits the seller's steps. `shared` means that the sandbox is older than the scenario, so that
    instants are shifted to its clock.  `max_steps` bounds the steps.
    """

    waiter: ClientWaiter
    until: str = ""
    client: bool = False
    shared: bool = False
    max_steps: int = MAX_STEPS


class ClientProfile(Struct, frozen=True, kw_only=True):
    """What a client under test does: the methods that it calls, the statuses at which it acts.

    Without a new event it counts as having nothing to do after `quiet_seconds`, if it has made
    `quiet_calls` calls meanwhile.  `asks_all`: nothing could be learnt, so the client is asked
    for everything.
    """

    methods: frozenset[str] = frozenset(METHODS)
    handles: frozenset[int] = frozenset()
    quiet_seconds: float = 2.0
    quiet_calls: int = 0
    asks_all: bool = False

    def does(self, method: str) -> bool:
        """Return True if the client calls the method."""
        return self.asks_all or method in self.methods


class HeldClient(Protocol):
    """A client under test that can be held."""

    def go(self) -> None:
        """Let the client act: start it, or let it go on."""
        ...

    def hold(self) -> None:
        """Let the client do nothing, until `go`."""
        ...

    def forget(self) -> None:
        """Start the client anew at the next `go`: what it remembers is no longer so."""
        ...


class ClientTurn:
    """The time in which the client under test acts, and whether it has nothing left to do."""

    def __init__(
        self,
        target: ScenarioTarget,
        client: HeldClient,
        profile: ClientProfile,
        now: Callable[[], float],
    ) -> None:
        self._target = target
        self._client = client
        self._profile = profile
        self._now = now
        self.count = 0  # of turns
        self._events = 0
        self._calls = 0
        self._since = 0.0

    def begin(self) -> None:
        """Let the client act."""
        self.count += 1
        self._client.go()
        self._events = self._count("events")
        self._calls = self._count("requests")
        self._since = self._now()

    def end(self) -> None:
        """Hold the client."""
        self._client.hold()

    def is_quiet(self) -> bool:
        """Return True if for long enough the client has made calls and moved nothing."""
        if self._now() - self._since < self._profile.quiet_seconds:
            return False
        events = self._count("events")
        calls = self._count("requests")
        if events == self._events:
            # Before its first move a client reads pages, and more of them where there is more.
            return calls - self._calls >= self._profile.quiet_calls + self._count("exchanges") // 4
        self._events = events
        self._calls = calls
        self._since = self._now()
        return False

    def _count(self, path: str) -> int:
        query = {} if path == "events" else {"limit": 0 if path == "requests" else 1}
        return int(self._target.ask("GET", path, **query)["total"])

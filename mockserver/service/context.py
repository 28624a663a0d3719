"""What the doors of one server share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Event

from msgspec import Struct, field

from ..protocol.messages import Inbound, Reply
from ..world.directory import Directory
from ..world.journal import CAPACITY, Journal
from .access_tokens import AccessTokens
from .console_access import ConsoleAccess
from .webhook_bridge import WebhookBridge

__all__ = ["ServerContext"]

_MAX_WAITERS = 8  # a third of the embedded server's threads


class ServerContext(Struct, frozen=True):
    """One server's state and settings, shared by its doors.

    `answer` answers a call of the gateway; `unassigned_calls` is the journal of calls that name no
    sandbox.  `token` opens the control API from other hosts than `hosts`, `tokens` are the named
    ones.  Addresses handed out begin with `public_url`, else with the request's Host and
    `url_prefix`.  `journal` is the capacity of a new sandbox's journal; `lax` accepts unknown
    keys, sessions and signatures.  `stopping` is set when the server is about to stop.
    `number_call` gives the number and the request id of the next call, `tmc_port` the port of the
    message channel, 0 without one.  `console` knows who is signed in to the pages.
    `webhook_hosts` are the hosts beside this machine that a webhook may post to.
    """

    directory: Directory
    answer: Callable[[Inbound], Reply]
    unassigned_calls: Journal
    token: str
    public_url: str = ""
    url_prefix: str = ""
    hosts: tuple[str, ...] = ()
    journal: int = CAPACITY
    lax: bool = False
    number_call: Callable[[], tuple[int, str]] = lambda: (0, "")
    tmc_port: Callable[[], int] = lambda: 0
    tokens: AccessTokens = field(default_factory=AccessTokens)
    waiters: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(_MAX_WAITERS))
    stopping: Event = field(default_factory=Event)
    console: ConsoleAccess = field(default_factory=ConsoleAccess)
    webhook_hosts: tuple[str, ...] = ()
    _bridges: list[WebhookBridge] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Let the tokens of a sandbox go with it; make the bridge, which copies of this share."""
        self.directory.dropped = self.tokens.revoke_of
        if not self._bridges:
            self._bridges.append(WebhookBridge(self.directory, self.stopping))

    @property
    def webhooks(self) -> WebhookBridge:
        """The webhooks of this server."""
        return self._bridges[0]

    @contextmanager
    def waiting(self, seconds: float) -> Iterator[float]:
        """Give the seconds that a request may wait: 0 while too many do, so calls find threads."""
        free = seconds > 0 and self.waiters.acquire(blocking=False)
        try:
            yield seconds if free else 0.0
        finally:
            if free:
                self.waiters.release()

    def close(self) -> None:
        """End all waiting, for calls and in scenarios: the server is about to stop."""
        self.stopping.set()
        for journal in (
            self.unassigned_calls,
            *(world.journal for world in self.directory.loaded()),
        ):
            journal.close()

    def close_store(self) -> None:
        """Close the connections to the store: nobody works any more."""
        if self.directory.store is not None:
            self.directory.store.close()

"""When each sandbox was used last, who is at work in it, and which have not been used for long.

A use is a call of the gateway, or a control call that names the sandbox; a list of all sandboxes
is none.  Instants are of the server's real clock: the clock of a sandbox may stand still.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock

__all__ = ["SandboxUses"]

_CHECK_EVERY = timedelta(seconds=1)


class SandboxUses:
    """Last uses and leases of sandboxes by id; any thread may use it.

    `expire_after` is how long a sandbox may be unused, None for ever.
    """

    def __init__(self, real: Callable[[], datetime]) -> None:
        self._real = real
        self.expire_after: timedelta | None = None
        self._last: dict[str, datetime] = {}
        self._leases: dict[str, int] = {}
        self._permanent = {"default"}
        self._lock = Lock()
        self._next_check = real()

    def note(self, id: str) -> None:
        """Note that the sandbox is used now."""
        self._last[id] = self._real()

    def keep(self, id: str) -> None:
        """Let the sandbox never expire: the settings file names it."""
        self._permanent.add(id)

    def forget(self, id: str) -> None:
        """Forget a sandbox that is gone."""
        self._last.pop(id, None)

    @contextmanager
    def lease(self, id: str) -> Iterator[None]:
        """Hold the sandbox while a call is at work in it, however long it waits or plays."""
        with self._lock:
            self._leases[id] = self._leases.get(id, 0) + 1
        try:
            yield
        finally:
            with self._lock:
                self._leases[id] -= 1
                if not self._leases[id]:
                    del self._leases[id]
            if id in self._last:
                self.note(id)

    def last(self, id: str) -> datetime | None:
        """Return when the sandbox was used last, None if it is gone."""
        return self._last.get(id)

    def expires(self, id: str) -> datetime | None:
        """Return when the sandbox expires unless it is used, None for never."""
        last = self._last.get(id)
        if self.expire_after is None or last is None or id in self._permanent:
            return None
        return last + self.expire_after

    def list_expired(self) -> list[str]:
        """Return the ids of sandboxes that have expired and that nobody holds.

        Looks at most once a second, else returns none: every call asks.
        """
        now = self._real()
        if self.expire_after is None or abs(now - self._next_check) < _CHECK_EVERY:
            return []
        self._next_check = now
        with self._lock:
            return [
                name
                for name in tuple(self._last)
                if name not in self._leases and (at := self.expires(name)) is not None and at <= now
            ]

"""A diagnosis that is made when somebody reads it first; journal.py says why."""

from collections.abc import Callable
from threading import Lock

from msgspec import Struct

__all__ = ["Explanation", "LateDiagnosis"]


class LateDiagnosis:
    """The diagnosis of one call, made by `make` when it is read first; any thread may read it.

    Until then it holds about `size` bytes of the call.
    """

    def __init__(self, make: Callable[[], "Explanation"], size: int) -> None:
        self.size = size
        self._make: Callable[[], Explanation] | None = make
        self._explanation: Explanation | None = None
        self._lock = Lock()

    @property
    def is_made(self) -> bool:
        """Whether reading it costs nothing any more."""
        return self._explanation is not None

    def read(self) -> "Explanation":
        """Return the diagnosis; the first reader waits until it is made."""
        with self._lock:
            if self._explanation is None:
                assert self._make is not None
                self._explanation = self._make()
                self._make = None  # what it held is no longer needed
            return self._explanation


class Explanation(Struct, frozen=True, gc=False):
    """What is known of why a call was answered so, masked; the members are those of an `Entry`."""

    cause_zh: str
    cause_en: str
    warnings: bytes
    doctor: bytes

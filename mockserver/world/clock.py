"""A sandbox's own time.

`advance` and `age` both move inner time forward; only setting the clock can turn it back.  What users and the wire see is inner
time less `aged`, so after `advance` now is later, and after `age` everything recorded is older while
now stays.  Knows no machine clock: `real` instants come from the shell.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["EARLIEST", "FROZEN_AT", "LATEST", "Clock", "is_reachable"]

FROZEN_AT = "2026-03-01 10:00:00"
EARLIEST, LATEST = (
    1970,
    2999,
)  # years that a sandbox can be in: every deadline and every aged instant stays a date


def is_reachable(instant: datetime) -> bool:
    """Whether a sandbox can be at this instant."""
    return EARLIEST <= instant.year <= LATEST


class Clock(Struct, frozen=True):
    """`at` is the inner instant when `anchor` was the real one; a clock without anchor stands still there.

    Both in whole seconds, so that a clock saved and resumed many times stays in step.
    """

    at: datetime
    anchor: datetime | None = None
    aged: timedelta = timedelta()

    @property
    def running(self) -> bool:
        """Whether time passes by itself."""
        return self.anchor is not None

    def is_valid(self) -> bool:
        """Whether what it shows is an instant that a sandbox can be at."""
        try:
            return is_reachable(self.at) and is_reachable(self.show(self.at))
        except OverflowError:
            return False

    def inner(self, real: datetime) -> datetime:
        """Inner time in whole seconds, as instants are recorded."""
        now = self.at if self.anchor is None else self.at + (real - self.anchor)
        return now.replace(microsecond=0)

    def outer(self, real: datetime) -> datetime:
        """The sandbox's now as users see it."""
        return self.inner(real) - self.aged

    def show(self, instant: datetime) -> datetime:
        """A recorded inner instant as users see it."""
        return instant - self.aged

    def to_inner(self, instant: datetime) -> datetime:
        """An instant that a user named, in inner time; beyond all dates, the last or first of them."""
        try:
            return instant + self.aged
        except OverflowError:
            year, month, day = (9999, 12, 31) if self.aged > timedelta() else (1, 1, 1)
            return instant.replace(year=year, month=month, day=day)

    def advance(self, by: timedelta) -> "Clock":
        """The clock with now moved on."""
        return replace(self, at=self.at + by)

    def age(self, by: timedelta) -> "Clock":
        """The clock with everything recorded made older, now staying."""
        return replace(self, at=self.at + by, aged=self.aged + by)

    def set(self, *, running: bool, now: datetime, real: datetime) -> "Clock":
        """The clock showing `now`, frozen there or running from there."""
        return replace(
            self, at=now + self.aged, anchor=real.replace(microsecond=0) if running else None
        )

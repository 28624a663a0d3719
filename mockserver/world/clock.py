"""A sandbox's own time.

The model.  Every instant that a sandbox records (of an event, of a message, of a deadline) is inner
time. Users and the wire see outer time, which is inner time less `aged`:

    inner now = at                     while the clock is frozen
    inner now = at + (real - anchor)   while it runs; `real` is the computer's time
    outer     = inner - aged

Two verbs move a sandbox in time.  `advance` moves now on: deadlines come, and what was recorded
keeps its outer instant.  `age` makes everything that was recorded older while now stays: inner now
and `aged` grow by the same duration, so outer now is unchanged and every recorded instant is shown
earlier.

Why two times.  To make a sandbox older without inner time, every instant of every exchange, event,
message and plan would have to be rewritten, and one forgotten place would set a deadline wrong.
With inner time `age` changes two values, and deadlines follow by themselves, since they compare
inner instants only.

Inner time never goes back except when a user sets the clock.  What would break otherwise: events
are in the order of their instants, and so are the sorted lists of deadlines and planned actions.

No machine clock is read here.  The caller passes `real`, so a test can choose it, and a call that
reads the time twice gets the same answer twice.  Instants are aware datetimes in whole seconds, as
on the wire: a clock that is saved and resumed many times does not drift by fractions of a second.
"""

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

__all__ = ["EARLIEST", "FROZEN_AT", "LATEST", "Clock", "is_reachable"]

FROZEN_AT = "2026-03-01 10:00:00"
# The years that a sandbox can be in: every deadline and every aged instant stays a date.
EARLIEST = 1970
LATEST = 2999


def is_reachable(instant: datetime) -> bool:
    """Return True if a sandbox can be at this instant: its year is from EARLIEST to LATEST."""
    return EARLIEST <= instant.year <= LATEST


class Clock(Struct, frozen=True):
    """A clock that was at the inner instant `at` when the real instant was `anchor`.

    Without `anchor` it is frozen at `at`.  Both are in whole seconds.
    """

    at: datetime
    anchor: datetime | None = None
    aged: timedelta = timedelta()

    @property
    def running(self) -> bool:
        """Whether time passes by itself."""
        return self.anchor is not None

    def is_valid(self) -> bool:
        """Return True if a sandbox can be at `at`, in inner and in outer time."""
        try:
            return is_reachable(self.at) and is_reachable(self.show(self.at))
        except OverflowError:
            return False

    def inner(self, real: datetime) -> datetime:
        """Return the inner now at the real instant `real`, in whole seconds."""
        now = self.at if self.anchor is None else self.at + (real - self.anchor)
        return now.replace(microsecond=0)

    def outer(self, real: datetime) -> datetime:
        """Return the sandbox's now as users see it, at the real instant `real`."""
        return self.inner(real) - self.aged

    def show(self, instant: datetime) -> datetime:
        """Return a recorded (inner) instant as users see it."""
        return instant - self.aged

    def to_inner(self, instant: datetime) -> datetime:
        """Return an instant that a user named in inner time; the last or first date beyond all
        dates."""
        try:
            return instant + self.aged
        except OverflowError:
            year, month, day = (9999, 12, 31) if self.aged > timedelta() else (1, 1, 1)
            return instant.replace(year=year, month=month, day=day)

    def advance(self, by: timedelta) -> "Clock":
        """Return the clock with now moved on by `by`."""
        return replace(self, at=self.at + by)

    def age(self, by: timedelta) -> "Clock":
        """Return the clock with everything recorded older by `by`, and the outer now unchanged."""
        return replace(self, at=self.at + by, aged=self.aged + by)

    def set(self, *, running: bool, now: datetime, real: datetime) -> "Clock":
        """Return the clock that shows `now` (outer) at `real`, frozen there or running from
        there."""
        anchor = real.replace(microsecond=0) if running else None
        return replace(self, at=now + self.aged, anchor=anchor)

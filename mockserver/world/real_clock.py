"""A clock for waits and deadlines that no test can freeze.

Test suites freeze time.  freezegun replaces `time.monotonic` in every module, and then a loop that
waits "at most half a second" never ends, and every connection looks as old as the test's date.
What a sandbox calls now is not meant here: that is its own clock, which follows Python's.
"""

import sys
import time

__all__ = ["monotonic_seconds"]

if sys.platform == "win32":

    def monotonic_seconds() -> float:
        """Return seconds of a clock that only goes forward, also while Python's clock is frozen."""
        freezegun = sys.modules.get("freezegun.api")
        clock = time.monotonic if freezegun is None else freezegun.real_monotonic
        return float(clock())

else:

    def monotonic_seconds() -> float:
        """Return seconds of a clock that only goes forward, also while Python's clock is frozen.

        Neither freezegun nor time-machine replaces this way to ask the operating system.
        """
        return time.clock_gettime(time.CLOCK_MONOTONIC)

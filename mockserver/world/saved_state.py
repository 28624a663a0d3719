"""Save a sandbox's state and go on from a saved one; names of sandboxes and snapshots."""

import re
from datetime import datetime

from msgspec.structs import replace

from .clock import EARLIEST, LATEST, is_reachable
from .coverage import CoverageCounts
from .document import BadDocument
from .state import State

__all__ = ["check_name", "resume", "save"]

_RESERVED = re.compile(r"s\d+|none|baseline|empty", re.ASCII)


def check_name(name: str) -> str:
    """Return `name` if a user may give it to a sandbox or snapshot and it can stand in a URL.

    Raises:
        BadDocument: another.
    """
    if not re.fullmatch(r"\w[\w.-]{0,63}", name) or _RESERVED.fullmatch(name):
        raise BadDocument(
            "name",
            "应为 1–64 个字母、数字、汉字、点、横线，且不是保留名(s1、none、baseline、empty)",
            "1–64 letters, digits, dots, hyphens; s1, none, baseline, empty are taken",
        )
    return name


def save(state: State, real: datetime, covered: CoverageCounts) -> State:
    """Return a copy of the state whose clock is anchored at the instant `real`."""
    real = real.replace(microsecond=0)
    saved = state.copy()
    saved.covered = covered
    anchor = real if saved.clock.running else None
    saved.clock = replace(saved.clock, at=saved.clock.inner(real), anchor=anchor)
    return saved


def resume(saved: State, real: datetime, start: datetime | None) -> State:
    """Return a copy of `saved` to go on with; a running clock shows `start`, None: what it would by now.

    Raises:
        BadDocument: that is beyond the years that a sandbox can be in.
    """
    fresh, clock = saved.copy(), saved.clock
    fresh.covered = None
    if clock.anchor is not None:
        real = real.replace(microsecond=0)
        shown = start or clock.show(clock.at) + (real - clock.anchor)
        if not is_reachable(shown):
            raise BadDocument(
                "clock", f"超出 {EARLIEST}–{LATEST} 年", f"beyond the years {EARLIEST} to {LATEST}"
            )
        fresh.clock = replace(clock, anchor=real, aged=clock.at - shown)
    return fresh

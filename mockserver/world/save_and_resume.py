"""Save a sandbox's state and go on from a saved one; names of snapshots, limits of the clock."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime

from msgspec.structs import replace

from .clock import EARLIEST, LATEST, Clock, is_reachable
from .coverage import CoverageCounts
from .document import BadDocument
from .state import State

__all__ = ["NAME", "RESERVED_NAMES", "check_name", "find_snapshot", "move_clock", "resume", "save"]

NAME = r"\w[\w.-]{0,63}"  # how a sandbox or snapshot may be called
RESERVED_NAMES = r"s[0-9]+|none|baseline|empty"
_RESERVED = re.compile(RESERVED_NAMES)


def check_name(name: str) -> str:
    """Return `name` if a user may give it to a sandbox or snapshot and it can stand in a URL.

    Raises:
        BadDocument: another.
    """
    if not re.fullmatch(NAME, name) or _RESERVED.fullmatch(name):
        raise BadDocument(
            "name",
            "应为 1–64 个字母、数字、汉字、点、横线，且不是保留名(s1、none、baseline、empty)",
            "1–64 letters, digits, dots, hyphens; s1, none, baseline, empty are taken",
        )
    return name


def _beyond_years(field: str) -> BadDocument:
    return BadDocument(
        field,
        f"超出 {EARLIEST}–{LATEST} 年",
        f"beyond the years {EARLIEST} to {LATEST}",
        conflict=True,
    )


def find_snapshot(snapshots: Mapping[str, State], name: str) -> State:
    """Return the snapshot kept under `name`.

    Raises:
        BadDocument: no such snapshot; lists those there are.
    """
    if name not in snapshots:
        names = "、".join(["baseline", "empty", *snapshots])
        raise BadDocument(
            "to", f"没有这个快照；可用：{names}", f"no such snapshot; use: {names}", missing=True
        )
    return snapshots[name]


def move_clock(clock: Clock, change: Callable[[Clock], Clock], real: datetime, field: str) -> Clock:
    """Return what `change` makes of the clock at the machine's instant `real`.

    Raises:
        BadDocument: that is beyond the years that a sandbox can be in; names `field`.
    """
    try:
        changed = change(clock)
        now = changed.inner(real)
        reachable = is_reachable(now) and is_reachable(changed.show(now))
    except OverflowError:
        reachable = False
    if not reachable:
        raise _beyond_years(field)
    return changed


def save(state: State, real: datetime, covered: CoverageCounts) -> State:
    """Return a copy of the state whose clock is anchored at the instant `real`."""
    real = real.replace(microsecond=0)
    saved = state.copy()
    saved.covered = covered
    anchor = real if saved.clock.running else None
    saved.clock = replace(saved.clock, at=saved.clock.inner(real), anchor=anchor)
    return saved


def resume(saved: State, real: datetime, start: datetime | None) -> State:
    """Return a copy of `saved` to go on with; a running clock shows `start`, None: what it would by
    now.

    Raises:
        BadDocument: that is beyond the years that a sandbox can be in.
    """
    fresh = saved.copy()
    clock = saved.clock
    fresh.covered = None
    if clock.anchor is not None:
        real = real.replace(microsecond=0)
        outer_now = start or clock.show(clock.at) + (real - clock.anchor)
        if not is_reachable(outer_now):
            raise _beyond_years("clock")
        fresh.clock = replace(clock, anchor=real, aged=clock.at - outer_now)
    return fresh

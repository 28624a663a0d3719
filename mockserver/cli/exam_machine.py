"""The part of the exam that the state machine plays, group by group.

The choices are the same each time, so an exam that is repeated asks the same questions.  The time
is shared out among the groups; each is played once at least, however slow the client is.  A check
that fails in one group is not counted again in the next: it has the first group's cause.  Imports
Hypothesis.
"""

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from ..testing.machine.machine import exchange_machine
from ..world.real_clock import monotonic_seconds
from .bounded_machine import run_bounded
from .command_client import CommandClient
from .console import one_line
from .exam_parts import MACHINE_GROUPS, Habits, describe_failure
from .exam_report import ExamItem

__all__ = ["MachinePlan", "play_groups"]

_SEED = 1
_ALL_GROUPS = tuple(group.name for group in MACHINE_GROUPS)


class MachinePlan(Struct, frozen=True, kw_only=True):
    """How the machine plays: runs of a group, steps of a run, seconds of all groups together."""

    handles: Sequence[int]
    examples: int
    steps: int
    seconds: float
    write_to: str


def play_groups(
    client: CommandClient, plan: MachinePlan, habits: Habits, names: Collection[str] = _ALL_GROUPS
) -> Iterator[ExamItem]:
    """Yield the items of each group, or of those of these names: what failed, or that it passed."""
    groups = [group for group in MACHINE_GROUPS if group.name in names]
    checks_failed: set[str] = set()
    end = monotonic_seconds() + plan.seconds
    for number, group in enumerate(groups):
        began = monotonic_seconds()
        share = max(0.0, end - began) / (len(groups) - number)
        machine = exchange_machine(
            client,
            plays=group.plays,
            world=group.world,
            handles=plan.handles,
            invariants=(habits.watch,),
            ages=True,
            write_to=plan.write_to,
        )
        try:
            played, trouble = run_bounded(
                machine,
                examples=plan.examples,
                steps=plan.steps,
                end=began + share,
                seed_number=_SEED,
            )
        finally:
            client.stop()  # the next machine has another address
        items = [
            describe_failure(group.name, group.level, failing.failure, failing.steps)
            for failing in played.failures.values()
            if failing.failure.check not in checks_failed
        ]
        checks_failed |= {failing.failure.check for failing in played.failures.values()}
        if not items and trouble and not played.failures:
            items = [_describe_trouble(group.name, group.level, trouble)]
        yield from items or [
            ExamItem(
                kind="machine",
                id=group.name,
                level=group.level,
                outcome="passed",
                seconds=monotonic_seconds() - began,
            )
        ]


def _describe_trouble(group: str, level: int, trouble: str) -> ExamItem:
    """Return the item of what the client raised before it could act."""
    sentence = one_line(trouble)
    return ExamItem(
        kind="machine",
        id=group,
        level=level,
        outcome="failed",
        zh=sentence,
        en=sentence,
        mistake="unread_content",
    )

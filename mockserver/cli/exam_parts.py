"""The parts of the go-live exam: scenarios, state machine, habits of the calls.

Each part gives items.  Scenarios are all that ship, around what the client does; the machine plays
one group of parties and troubles after another, so that a failure has one cause; the habits are
what the lint finds in calls that are the client's alone (of the probe and of the machine).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from ..client.sandbox import Sandbox
from ..domain.moves import Agree, ConfirmConsign, Consigngoods, ReturngoodsAgree
from ..review.client_mistakes import (
    CLIENT_MISTAKES,
    find_mistake_of_check,
    find_mistake_of_finding,
    find_mistake_of_scenario,
)
from ..review.lint_rules import LINT_RULES
from ..scenario.report import says_something
from ..scenario.result import ScenarioResult
from ..scenario.step_calls import METHOD_OF_MOVE
from ..scenario.target import ScenarioTarget, TargetFactory
from ..testing.machine.check_failure import CheckFailure
from .exam_report import ExamItem

__all__ = [
    "MACHINE_GROUPS",
    "Habits",
    "MachineGroup",
    "describe_failure",
    "describe_scenario",
    "report_target",
]

_LEVEL_OF_FOLDER: Mapping[str, int] = {
    "classic": 1,
    "upgraded": 1,
    "faults": 3,
    "platform": 3,
    "refused": 3,
    "rules": 3,
    "time": 3,
    "sub-account": 3,
}
_EVERYDAY = 2


class MachineGroup(Struct, frozen=True):
    """What the machine plays together, of which level, in what world."""

    name: str
    plays: tuple[str, ...]
    level: int
    world: Mapping[str, Any] = MappingProxyType({})


# Few runs have to meet what a group is about, so its world plans it: one unit of stock, a lost
# reply to the first call of each write.  What failed for want of stock is not looked at again
# until the window of the changes has gone by: so time passes in that group.  The first group that
# fails keeps its check to itself.
_LOST_REPLIES = tuple(
    {"fault": "reply_lost", "method": METHOD_OF_MOVE[move]}
    for move in (Agree, ReturngoodsAgree, Consigngoods, ConfirmConsign)
)
MACHINE_GROUPS: Sequence[MachineGroup] = (
    MachineGroup("buyer", ("buyer", "cs", "rounds"), 1),
    MachineGroup("stock", ("buyer", "stock", "time"), 2, {"goods": {"wanted": {"stock": 1}}}),
    MachineGroup("lists", ("buyer", "lists"), 2),
    MachineGroup("texts", ("buyer", "texts"), 2),
    MachineGroup("replies", ("buyer", "replies"), 3, {"faults": _LOST_REPLIES}),
    MachineGroup("trouble", ("buyer", "trouble"), 3),
)
_SUFFIX = ".scenario.yaml"


def describe_scenario(result: ScenarioResult) -> ExamItem:
    """Return the item of a scenario; one that says nothing about the client does not apply."""
    parts = result.path.replace("\\", "/").removesuffix(_SUFFIX).split("/")
    name = "/".join(parts[-2:])
    failure = result.trouble
    outcome = result.outcome
    if outcome == "passed" and not says_something(result):
        outcome = "inapplicable"
    if outcome == "broken" and result.steps:
        outcome = "failed"  # the client did not do its part in time, or has ended
    if outcome == "interrupted":
        outcome = "broken"
    evidence: list[str] = []
    if failure is not None and outcome == "failed":
        evidence = [f"{result.path}:{failure.line}: {failure.source.strip()}".rstrip(": ")]
        evidence += failure.log.splitlines()
    return ExamItem(
        kind="scenario",
        id=name,
        level=_LEVEL_OF_FOLDER.get(parts[-2] if len(parts) > 1 else "", _EVERYDAY),
        outcome=outcome,
        zh=failure.zh if failure else "",
        en=failure.en if failure else "",
        evidence=tuple(evidence),
        mistake=find_mistake_of_scenario(name).id if outcome == "failed" else "",
        seconds=result.seconds,
    )


def describe_failure(
    group: str, level: int, failure: CheckFailure, steps: Sequence[Mapping[str, Any]]
) -> ExamItem:
    """Return the item of a failure that the machine found while it played a group."""
    mistake = find_mistake_of_check(failure.check, group)
    if failure.mistake:
        mistake = (
            CLIENT_MISTAKES.get(failure.mistake)
            or find_mistake_of_finding(failure.mistake)
            or mistake
        )
    return ExamItem(
        kind="machine",
        id=f"{group}.{failure.check}",
        level=level,
        outcome="failed",
        zh=failure.zh,
        en=failure.en,
        evidence=tuple(str(step) for step in steps),
        mistake=mistake.id,
    )


class _Habit(Struct, frozen=True):
    """A finding of the lint, as the control API gives it, and where it was seen."""

    finding: Mapping[str, Any]
    place: str


class Habits:
    """Collects what the lint finds in the client's own calls; of a rule the first that was seen."""

    def __init__(self) -> None:
        self._habits: dict[str, _Habit] = {}
        self.calls = 0

    def add(
        self, report: Mapping[str, Any], place: str, own: Collection[str] | None = None
    ) -> None:
        """Take in a report of the control API (`S/report`).

        With `own`, the request ids of the client's calls, a finding counts only if all its calls
        are among them: rather miss one here, which the scenarios show too, than accuse.
        """
        self.calls += int(report["calls"])
        for finding in (*report["audit"]["findings"], *report["findings"]):
            if own is not None and not set(finding["request_ids"]).issubset(own):
                continue
            self._habits.setdefault(finding["id"], _Habit(finding, place))

    def describe(self) -> Iterator[ExamItem]:
        """Yield an item for each lint rule: failed with its evidence, or passed."""
        for rule in LINT_RULES.values():
            habit = self._habits.get(rule.id)
            if habit is None:
                outcome = "passed" if self.calls else "inapplicable"
                yield ExamItem(
                    kind="conduct",
                    id=rule.id,
                    level=_EVERYDAY,
                    outcome=outcome,
                    severity=rule.severity,
                )
                continue
            mistake = find_mistake_of_finding(rule.id)
            yield ExamItem(
                kind="conduct",
                id=rule.id,
                level=_EVERYDAY,
                outcome="failed",
                zh=habit.finding["zh"],
                en=habit.finding["en"],
                evidence=(
                    f"{habit.place}  {habit.finding['at']}  × {habit.finding['count']}",
                    *habit.finding["request_ids"],
                ),
                mistake=mistake.id if mistake else "",
                severity=rule.severity,
            )

    def watch(self, client: Any, sandbox: Sandbox) -> None:
        """Take in what a sandbox of the machine shows; an invariant that never fails.

        The machine makes moves of the shop's staff by signed calls of the same app: they are not
        the client's, `client.own_requests` are.
        """
        self.add(sandbox.report(), "fuzz", client.own_requests)


class _ReportedTarget:
    """A target whose report is taken in before it is closed."""

    def __init__(self, target: ScenarioTarget, habits: Habits) -> None:
        self._target = target
        self._habits = habits
        self.info = target.info
        self.ask = target.ask
        self.call = target.call

    def close(self) -> None:
        """Take in the report, then close the target."""
        try:
            self._habits.add(self._target.ask("GET", "report"), "probe")
        finally:
            self._target.close()


def report_target(make_target: TargetFactory, habits: Habits) -> TargetFactory:
    """Return a factory whose targets give their report to `habits` when they are closed."""
    return lambda document: _ReportedTarget(make_target(document), habits)

"""Finds names that a scenario gives and nothing uses."""

from collections.abc import Iterator
from typing import Any

from .model import (
    CallStep,
    ForEachStep,
    MoveStep,
    RepeatStep,
    RestoreStep,
    Scenario,
    SnapshotStep,
    Step,
)
from .references import find_references
from .yaml_text import FileMistake, Node

__all__ = ["find_unused_names"]


def find_unused_names(scenario: Scenario) -> Iterator[FileMistake]:
    """Yield a mistake for each exchange's name, kept value and snapshot that no step refers to."""
    steps = list(_list_steps(scenario.steps))
    used = {name.partition(".")[0] for step in steps for name in _list_used_names(step)}
    for step in steps:
        for what, name in _list_new_names(step):
            if name and name not in used:
                yield FileMistake(
                    step.line, step.column, f"{what} {name} 没有用到", f"{name} is never used"
                )


def _list_steps(steps: tuple[Step, ...]) -> Iterator[Step]:
    """Yield the steps and the steps inside them."""
    for step in steps:
        yield step
        if isinstance(step, RepeatStep | ForEachStep):
            yield from _list_steps(step.do)


def _list_new_names(step: Step) -> Iterator[tuple[str, str]]:
    """Yield `(kind in Chinese, name)` of what a step names."""
    if isinstance(step, MoveStep):
        yield "名称", step.name
    elif isinstance(step, SnapshotStep):
        yield "快照", step.name
    elif isinstance(step, CallStep):
        yield from (("名称", name) for name in step.keep)


def _list_used_names(step: Step) -> Iterator[str]:
    if step.on != "it":
        yield step.on
    if isinstance(step, RestoreStep):
        yield step.name
    if isinstance(step, ForEachStep):
        yield from step.names
    for member in step.__struct_fields__:
        yield from _list_references(getattr(step, member))


def _list_references(value: Any) -> Iterator[str]:
    if isinstance(value, Node):
        yield from (name for name, _ in find_references(value))
    elif isinstance(value, str) and "$" in value:
        yield from (name for name, _ in find_references(Node(value, 0, 0)))

"""Names that a story gives and nothing uses."""

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


def find_unused_names(story: Scenario) -> Iterator[FileMistake]:
    """A mistake for each exchange's name, kept value and snapshot that no step refers to."""
    steps = list(_every(story.steps))
    used = {name.partition(".")[0] for step in steps for name in _referred(step)}
    for step in steps:
        for what, name in _given(step):
            if name and name not in used:
                yield FileMistake(
                    step.line, step.column, f"{what} {name} 没有用到", f"{name} is never used"
                )


def _every(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step, RepeatStep | ForEachStep):
            yield from _every(step.do)


def _given(step: Step) -> Iterator[tuple[str, str]]:
    if isinstance(step, MoveStep):
        yield "名称", step.name
    elif isinstance(step, SnapshotStep):
        yield "快照", step.name
    elif isinstance(step, CallStep):
        yield from (("名称", name) for name in step.keep)


def _referred(step: Step) -> Iterator[str]:
    if step.on != "it":
        yield step.on
    if isinstance(step, RestoreStep):
        yield step.name
    if isinstance(step, ForEachStep):
        yield from step.names
    for value in (getattr(step, name) for name in step.__struct_fields__):
        yield from _in(value)


def _in(value: Any) -> Iterator[str]:
    if isinstance(value, Node):
        yield from (name for name, _ in find_references(value))
    elif isinstance(value, str) and "$" in value:
        yield from (name for name, _ in find_references(Node(value, 0, 0)))

"""What a story is: a world, then steps.  Values keep their place in the file, so that a failure can name it.

Pure values; `reader.py` makes them, `runner.py` plays them.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from msgspec import Struct

from ..domain.moves import Move
from ..domain.vocabulary import Actor
from .yaml_text import Node

__all__ = [
    "AwaitStep",
    "CallStep",
    "ControlStep",
    "ExpectStep",
    "ForEachStep",
    "MoveStep",
    "RepeatStep",
    "RestoreStep",
    "Scenario",
    "SnapshotStep",
    "Step",
    "TimeStep",
]


class Step(Struct, frozen=True, kw_only=True):
    """One step and where it stands; `on` names the exchange it is about."""

    line: int
    column: int
    note: str = ""
    on: str = "it"


class MoveStep(Step, frozen=True):
    """`by` makes `move`; an application opens an exchange, which `name` names.

    `refused` is the failure that is wanted instead of success; `expect` is about the exchange afterwards.
    """

    by: Actor
    move: type[Move]
    fields: Node
    sub: bool = False
    name: str = ""
    refused: Node | None = None
    expect: Node | None = None


class CallStep(Step, frozen=True):
    """A signed call; `expect` compares paths of the reply, `keep` names values of it."""

    method: str
    params: Node
    sub: bool = False
    shop: str = ""
    refused: Node | None = None
    expect: Node | None = None
    keep: Mapping[str, str] = {}


class TimeStep(Step, frozen=True):
    """Time passes: by a duration, or to `next`, an instant or `deadline`; with `age` data gets older instead."""

    by: str
    age: bool = False


class ExpectStep(Step, frozen=True):
    """Something holds about an exchange and the sandbox around it."""

    wanted: Node


class AwaitStep(Step, frozen=True):
    """Something comes to hold within real time; `method` waits for a client's successful call."""

    wanted: Node
    within: timedelta
    method: str = ""


class ControlStep(Step, frozen=True):
    """A control call: rules, stock, rights, faults."""

    what: str
    body: Node


class SnapshotStep(Step, frozen=True):
    """The state is kept under a name."""

    name: str


class RestoreStep(Step, frozen=True):
    """The state is what was kept, or as at the beginning."""

    name: str


class RepeatStep(Step, frozen=True):
    """The steps happen `times` times."""

    times: int
    do: tuple[Step, ...]


class ForEachStep(Step, frozen=True):
    """The steps happen for each of the exchanges, which is `it` meanwhile; no names: all that the story opened."""

    names: tuple[str, ...]
    do: tuple[Step, ...]


class Scenario(Struct, frozen=True, kw_only=True):
    """A whole story; `given` is its world document with the ruleset in it, `options` its own values by name."""

    title: str
    path: str
    given: Mapping[str, Any]
    steps: tuple[Step, ...]
    about: str = ""
    evidence: tuple[str, ...] = ()
    options: Mapping[str, Any] = {}

"""The values that a scenario file is read into: a world document, then steps.

Values inside a step stay `Node`s, which remember their place in the file, so that a failure can
name it. `reader.py` makes these values; `runner.py` and `static_check.py` interpret them.
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
    """One step.

    `line` and `column` in the file from 1, `on` the name of the exchange that it is about.
    """

    line: int
    column: int
    note: str = ""
    on: str = "it"


class MoveStep(Step, frozen=True):
    """`actor` makes `move`.

    An application opens an exchange, which gets the name `name` if it is not empty.

    `refused` describes the refusal that is expected instead of success; `expectations` hold
    afterwards.
    """

    actor: Actor
    move: type[Move]
    fields: Node
    sub: bool = False
    name: str = ""
    refused: Node | None = None
    expectations: Node | None = None


class CallStep(Step, frozen=True):
    """A signed call.

    `reply` maps paths of the reply to expected values, `keep` maps names to paths.  `host` is the
    Host that the request names, as behind a proxy; "" is the server's own.
    """

    method: str
    params: Node
    sub: bool = False
    shop: str = ""
    refused: Node | None = None
    reply: Node | None = None
    keep: Mapping[str, str] = {}
    host: str = ""


class TimeStep(Step, frozen=True):
    """Time passes by a duration or to `next`, an instant or `deadline`.

    With `age` data gets older instead.
    """

    by: str
    age: bool = False


class ExpectStep(Step, frozen=True):
    """Something is expected of an exchange and the sandbox around it."""

    expectations: Node


class AwaitStep(Step, frozen=True):
    """Something comes to hold within real time.

    `method` is a call that a client is to make with success.
    """

    expectations: Node
    within: timedelta
    method: str = ""


class ControlStep(Step, frozen=True):
    """A change of the sandbox: `kind` is a key of `STEP_KINDS`, e.g. `rules`, `stock`, `fault`."""

    kind: str
    body: Node


class SnapshotStep(Step, frozen=True):
    """The state is saved under a name."""

    name: str


class RestoreStep(Step, frozen=True):
    """The state becomes what was saved, or `baseline` or `empty`."""

    name: str


class RepeatStep(Step, frozen=True):
    """The steps inside happen `times` times."""

    times: int
    do: tuple[Step, ...]


class ForEachStep(Step, frozen=True):
    """The steps inside happen for each of the exchanges, as `it`.

    Without names for all that were opened.
    """

    names: tuple[str, ...]
    do: tuple[Step, ...]


class Scenario(Struct, frozen=True, kw_only=True):
    """A whole file.

    `world` is the world document with the ruleset in it, `options` the values of `set`.
    """

    title: str
    path: str
    world: Mapping[str, Any]
    steps: tuple[Step, ...]
    about: str = ""
    evidence: tuple[str, ...] = ()
    options: Mapping[str, Any] = {}

"""Routes of scenarios: list the shipped ones, play one, write a sandbox's history as one.

A scenario played here names no files and runs no commands; its size, steps and time have limits.
What reads and plays scenarios is imported on the first use: a server that plays none starts
without YAML.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from ..domain.vocabulary import Ruleset
from ..service.problem import Problem
from ..service.reply_documents import ScenarioResultDocument
from ..service.route_replies import Listing, ScenarioTextDocument, StoryDocument
from ..world.document import BadDocument, read_world, unknown_name
from ..world.opening_document import read_status, status_texts
from ..world.real_clock import monotonic_seconds
from ..world.world import World
from ..world.world_factory import make_state
from .route import ControlRequest, Route

if TYPE_CHECKING:
    from ..scenario.model import Scenario
    from ..scenario.yaml_text import InvalidFile

__all__ = ["ROUTES"]

_MAX_STEPS = 5_000
_MAX_SECONDS = (
    25  # including the wait for another scenario to end: clients give up after half a minute
)
_LOOK_SECONDS = 0.02  # between two looks at whether another scenario has ended
_YAML = "text/yaml; charset=utf-8"


class PlayBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A shipped scenario by name (`story`), or a `scenario` as YAML or JSON.

    `until` is a status.
    """

    story: str | None = None
    scenario: str | dict[str, Any] | None = None
    set: dict[str, bool | int | float | str | None] = {}
    until: int | str | None = None


@cache
def _read_library() -> "tuple[Scenario, ...]":
    """Return the shipped scenarios; they are read once, as reading all takes half a second."""
    from ..scenario.library import list_shipped, read_shipped
    from ..scenario.reader import read_scenario

    return tuple([read_scenario(read_shipped(name), name) for name in list_shipped()])


def _list(request: ControlRequest) -> tuple[int, Any]:
    items = [
        {
            "name": scenario.path,
            "title": scenario.title,
            "about": scenario.about,
            "evidence": scenario.evidence,
            "ruleset": scenario.world.get("ruleset", Ruleset.CLASSIC),
            "set": scenario.options,
        }
        for scenario in _read_library()
    ]
    return 200, {"total": len(items), "items": items}


def _play(request: ControlRequest) -> tuple[int, Any]:
    from ..scenario.client_waiter import ClientWaiter
    from ..scenario.report import collect_secrets, mask_secrets
    from ..scenario.runner import RunSettings, run_scenario
    from .scenario_target import SharedSandboxTarget, gateway_sender

    world, body = request.world, request.body
    scenario = _read_scenario(request)
    until = _parse_until(world, body.until)
    _check_world(request, scenario)
    waiter = ClientWaiter(
        monotonic_seconds, partial(_pause, request), total=timedelta(seconds=_MAX_SECONDS)
    )
    waits = _waits_for_client(scenario.steps)
    with _exclusive(request, world, waits=waits), _frozen(world):
        ignored = _apply(world, scenario.world)
        target = SharedSandboxTarget(
            request.call,
            gateway_sender(request.context.answer, request.base_url),
            world.id,
            ruleset=scenario.world.get("ruleset", Ruleset.CLASSIC),
            now=request.context.directory.real,
        )
        result = run_scenario(
            scenario,
            target,
            RunSettings(waiter=waiter, until=until, shared=True, max_steps=_MAX_STEPS),
        )
    return 200, {
        **msgspec.to_builtins(mask_secrets(result, collect_secrets(target.info))),
        "ignored": ignored,
    }


def _pause(request: ControlRequest, seconds: float) -> None:
    """Pass real time in a scenario.

    Raises:
        ScenarioAborted: the server is about to stop.
    """
    from ..scenario.result import ScenarioAborted

    if request.context.stopping.wait(seconds):
        raise ScenarioAborted("服务正在停止", "the server is stopping")


def _read_scenario(request: ControlRequest) -> "Scenario":
    """Return the scenario that the body names or holds.

    Raises:
        BadDocument: not exactly one of `story` and `scenario`, or no such shipped scenario.
        Problem: the scenario has mistakes.
    """
    from ..scenario.library import find_shipped_file, list_shipped
    from ..scenario.loading import load_scenario
    from ..scenario.yaml_text import InvalidFile

    body = request.body
    if (body.story is None) == (body.scenario is None):
        raise BadDocument(
            "story", "story 与 scenario 必须且只能给一个", "exactly one of story and scenario"
        )
    try:
        if body.story is not None:
            name = body.story
            text = find_shipped_file(name).read_text("utf-8")
        else:
            name = "scenario"
            source = body.scenario
            text = source if isinstance(source, str) else _write_text(source)
        return load_scenario(text, name, body.set)
    except KeyError:
        raise unknown_name("story", body.story[:100], list_shipped(), what="场景") from None
    except InvalidFile as error:
        raise _describe_mistakes(error) from None


def _write_text(scenario: dict[str, Any]) -> str:
    """Return a scenario given as JSON as YAML text, whose lines its mistakes name.

    One that is too large stays JSON: it is refused for its size anyway.
    """
    from ..scenario.yaml_text import MAX_FILE_BYTES
    from ..scenario.yaml_writer import write_yaml

    raw = msgspec.json.encode(scenario)
    return write_yaml(scenario) if len(raw) <= MAX_FILE_BYTES else raw.decode()


def _describe_mistakes(error: "InvalidFile") -> Problem:
    first, count = error.mistakes[0], len(error.mistakes)
    return Problem(
        400,
        f"场景有 {count} 处错误；第 {first.line} 行：{first.zh}",
        f"{count} mistakes in the scenario; line {first.line}: {first.en}",
        field=first.field or "scenario",
        mistakes=msgspec.to_builtins(error.mistakes),
    )


def _parse_until(world: World, until: int | str | None) -> str:
    """Return the number of the status to stop at, as text; empty for none."""
    if until is None:
        return ""
    try:
        return str(read_status(until, status_texts(world.view.rules)).value)
    except BadDocument as wrong:
        raise BadDocument("until", wrong.zh, wrong.en, missing=wrong.missing) from None


# the sandbox that exists


def _check_world(request: ControlRequest, scenario: "Scenario") -> None:
    """Check that the scenario's world can be made.

    Raises:
        BadDocument: names what could not be.
    """
    world = {key: value for key, value in scenario.world.items() if key not in ("name", "seed")}
    make_state(read_world(world), "s1", request.context.directory.real())


def _apply(world: World, document: Mapping[str, Any]) -> list[str]:
    """Set rules and the stock of goods that exist; return the keys that are ignored."""
    stocks = {
        name: goods["stock"]
        for name, goods in document.get("goods", {}).items()
        if goods.get("stock") is not None
    }
    with world.unit_of_work():
        applied = {name: units for name, units in stocks.items() if world.view.goods_named(name)}
        for name, units in applied.items():
            world.put_stock(name, units)
        world.patch_rules(document.get("rules", {}))
    keys = sorted(set(document) - {"rules", "goods", "ruleset"})
    parts = (
        f"goods.{name}" if name not in applied else f"goods.{name}.{key}"
        for name, goods in document.get("goods", {}).items()
        for key in (goods if name in applied else ("",))
        if key != "stock"
    )
    return [*keys, *parts]


def _waits_for_client(steps: Iterable[Any]) -> bool:
    """Return True if any step waits for a client."""
    from ..scenario.model import AwaitStep

    return any(
        isinstance(step, AwaitStep) or _waits_for_client(getattr(step, "do", ())) for step in steps
    )


@contextmanager
def _exclusive(request: ControlRequest, world: World, *, waits: bool) -> Iterator[None]:
    """Let no other scenario be played in the sandbox meanwhile.

    A request that waits, for that or for a client, counts among those of `context.waiting`.

    Raises:
        Problem: 409, another scenario is played for too long; 503, too many requests wait.
    """
    free = world.begin_playing()
    with request.context.waiting(_MAX_SECONDS if waits or not free else 0) as patience:
        if not free and not _acquire_playing(request, world, patience):
            raise Problem(
                409,
                "这个独立环境正在运行另一个场景，稍后再试",
                "another scenario is being played in this sandbox; try again later",
            )
        try:
            if waits and not patience:
                raise Problem(
                    503,
                    "同时等待的请求太多，稍后再试",
                    "too many requests wait already; try again later",
                )
            yield
        finally:
            world.end_playing()


def _acquire_playing(request: ControlRequest, world: World, seconds: float) -> bool:
    """Wait for the end of the scenario that is played; return False if it does not come in time.

    Raises:
        Problem: 503, the server is about to stop.
    """
    end = monotonic_seconds() + seconds
    while not request.context.stopping.wait(_LOOK_SECONDS):
        if world.begin_playing():
            return True
        if monotonic_seconds() >= end:
            return False
    raise Problem(503, "服务正在停止", "the server is stopping")


@contextmanager
def _frozen(world: World) -> Iterator[None]:
    """Stop a running clock meanwhile, so that a scenario's seconds are exact.

    Afterwards it runs on as if it had not been stopped.
    """
    with world.unit_of_work():
        running = world.view.clock.running
        start = world.directory.real()
        if running:
            world.set_clock(running=False, now=None)
    try:
        yield
    finally:
        with world.unit_of_work():
            if running and not world.view.clock.running:
                world.set_clock(running=True, now=world.now + (world.directory.real() - start))


# recording


def _scenario(request: ControlRequest) -> tuple[int, Any]:
    return 200, {"scenario": _record(request)[1]}


def _record(request: ControlRequest) -> tuple[int, Any]:
    from ..scenario.history_writer import HistoryTooLong
    from ..scenario.recorder import record_scenario

    world = request.world
    with world.unit_of_work() as work:
        view = work.view.copy()
    try:
        text = record_scenario(view, work.now, world.id)
    except HistoryTooLong as wrong:
        raise Problem(409, wrong.zh, wrong.en) from None
    return 200, request.context.directory.secrets.mask(text)


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/_sandbox/stories",
        _list,
        "内置场景",
        "scenarios that ship",
        reply=Listing[StoryDocument],
    ),
    Route(
        "POST",
        f"{_S}/play",
        _play,
        "在本独立环境中运行一个场景",
        "play a scenario in the sandbox",
        body=PlayBody,
        reply=ScenarioResultDocument,
    ),
    Route(
        "GET",
        f"{_S}/scenario",
        _scenario,
        "本独立环境的历史，写成场景文件",
        "the sandbox's history as a scenario",
        reply=ScenarioTextDocument,
    ),
    Route(
        "GET",
        f"{_S}/scenario.yaml",
        _record,
        "同上，YAML 文件",
        "the same as a YAML file",
        kind=_YAML,
    ),
)

"""Routes about stories: those that ship, playing one in a living sandbox, a sandbox's history as one.

A story played here names no files and runs no commands; its size, steps and time are bounded.  What reads and
plays stories is imported on the first use: a server that plays none starts without YAML.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct

from ..domain.vocabulary import Ruleset
from ..service.problem import Problem
from ..world.document import BadDocument, read_world, unknown_name
from ..world.opening import read_status, status_texts
from ..world.world import World
from ..world.world_factory import make_state
from .route import ControlRequest, Route

if TYPE_CHECKING:
    from ..scenario.model import Scenario
    from ..scenario.yaml_text import InvalidFile

__all__ = ["ROUTES"]

_STEPS_AT_MOST = 5_000
_SECONDS_AT_MOST = 25  # waiting for a turn included: clients give up after half a minute
_YAML = "text/yaml; charset=utf-8"


class PlayBody(Struct, frozen=True, forbid_unknown_fields=True):
    """A shipped `story` by name, or a `scenario` as YAML text or as JSON; `until` is a status."""

    story: str | None = None
    scenario: str | dict[str, Any] | None = None
    set: dict[str, bool | int | float | str | None] = {}
    until: int | str | None = None


def _stories(request: ControlRequest) -> tuple[int, Any]:
    from ..scenario.library import list_shipped, read_shipped
    from ..scenario.reader import read_scenario

    stories = [read_scenario(read_shipped(name), name) for name in list_shipped()]
    items = [
        {
            "name": each.path,
            "title": each.title,
            "about": each.about,
            "evidence": each.evidence,
            "ruleset": each.given.get("ruleset", Ruleset.CLASSIC),
            "set": each.options,
        }
        for each in stories
    ]
    return 200, {"total": len(items), "items": items}


def _play(request: ControlRequest) -> tuple[int, Any]:
    from ..scenario.client_waiter import ClientWaiter
    from ..scenario.report import collect_secrets, mask_secrets
    from ..scenario.runner import RunSettings, run_scenario
    from .scenario_target import SharedSandboxTarget, gateway_sender

    world, body = request.world, request.body
    story, until = _read(request), _until(world, body.until)
    _check_world(request, story)
    waiter = ClientWaiter(time.monotonic, time.sleep, total=timedelta(seconds=_SECONDS_AT_MOST))
    with _turn(request, world, waits=_waits(story.steps)), _still(world):
        ignored = _apply(world, story.given)
        target = SharedSandboxTarget(
            request.call,
            gateway_sender(request.context.answer, request.base_url),
            world.id,
            ruleset=story.given.get("ruleset", Ruleset.CLASSIC),
            now=request.context.directory.real,
        )
        result = run_scenario(
            story,
            target,
            RunSettings(waiter=waiter, until=until, shared=True, max_steps=_STEPS_AT_MOST),
        )
    return 200, {
        **msgspec.to_builtins(mask_secrets(result, collect_secrets(target.info))),
        "ignored": ignored,
    }


def _read(request: ControlRequest) -> "Scenario":
    """The story asked for, without a mistake.

    Raises:
        BadDocument, Problem: which story is not clear, or it has mistakes.
    """
    from ..scenario.library import find_shipped_file, list_shipped
    from ..scenario.reader import read_scenario
    from ..scenario.static_check import check_scenario
    from ..scenario.yaml_text import InvalidFile

    body = request.body
    if (body.story is None) == (body.scenario is None):
        raise BadDocument(
            "story", "story 与 scenario 必须且只能给一个", "exactly one of story and scenario"
        )
    try:
        if body.story is not None:
            name, text = body.story, find_shipped_file(body.story).read_text("utf-8")
        else:
            name, text = (
                "scenario",
                body.scenario if isinstance(body.scenario, str) else _written(body.scenario),
            )
        story = read_scenario(text, name, body.set)
        mistakes = check_scenario(story)
        if mistakes:
            raise InvalidFile(list(mistakes))
    except KeyError:
        raise unknown_name("story", body.story[:100], list_shipped(), what="场景") from None
    except InvalidFile as wrong:
        raise _problem(wrong) from None
    return story


def _written(scenario: dict[str, Any]) -> str:
    """A story given as JSON as the text whose lines its mistakes name; one too large for a text is not written first."""
    from ..scenario.yaml_text import MAX_FILE_BYTES
    from ..scenario.yaml_writer import write_yaml

    raw = msgspec.json.encode(scenario)
    return write_yaml(scenario) if len(raw) <= MAX_FILE_BYTES else raw.decode()


def _problem(wrong: "InvalidFile") -> Problem:
    first, count = wrong.mistakes[0], len(wrong.mistakes)
    return Problem(
        400,
        f"场景有 {count} 处错误；第 {first.line} 行：{first.zh}",
        f"{count} mistakes in the story; line {first.line}: {first.en}",
        field="scenario",
        mistakes=msgspec.to_builtins(wrong.mistakes),
    )


def _until(world: World, until: int | str | None) -> str:
    """The number of the status to stop at, as text; empty for none."""
    if until is None:
        return ""
    try:
        return str(read_status(until, status_texts(world.view.rules)).value)
    except BadDocument as wrong:
        raise BadDocument("until", wrong.zh, wrong.en) from None


# the living sandbox


def _check_world(request: ControlRequest, story: "Scenario") -> None:
    """The story's world could be made.

    Raises:
        BadDocument: names what could not be.
    """
    given = {key: value for key, value in story.given.items() if key not in ("name", "seed")}
    make_state(read_world(given), 1, request.context.directory.real())


def _apply(world: World, given: Mapping[str, Any]) -> list[str]:
    """Rules and stock of the goods that there are become as given; what is not applied is named."""
    stocks = {
        name: goods["stock"]
        for name, goods in given.get("goods", {}).items()
        if goods.get("stock") is not None
    }
    with world.lock:
        applied = {name: units for name, units in stocks.items() if world.view.goods_named(name)}
        for name, units in applied.items():
            world.put_stock(name, units)
        world.patch_rules(given.get("rules", {}))
    whole = sorted(set(given) - {"rules", "goods", "ruleset"})
    parts = (
        f"goods.{name}" if name not in applied else f"goods.{name}.{key}"
        for name, goods in given.get("goods", {}).items()
        for key in (goods if name in applied else ("",))
        if key != "stock"
    )
    return [*whole, *parts]


def _waits(steps: Iterable[Any]) -> bool:
    """Whether any step waits for a client."""
    from ..scenario.model import AwaitStep

    return any(isinstance(step, AwaitStep) or _waits(getattr(step, "do", ())) for step in steps)


@contextmanager
def _turn(request: ControlRequest, world: World, *, waits: bool) -> Iterator[None]:
    """No other story is played in the sandbox.  Who waits, for that or for a client, counts among those who do.

    Raises:
        Problem: another was played for too long, or too many wait already.
    """
    free = world.playing.acquire(blocking=False)
    with request.context.waiting(_SECONDS_AT_MOST if waits or not free else 0) as patience:
        if not free and not world.playing.acquire(timeout=patience):
            raise Problem(
                409,
                "这个独立环境正在运行另一个场景，稍后再试",
                "another story is being played in this sandbox; try again later",
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
            world.playing.release()


@contextmanager
def _still(world: World) -> Iterator[None]:
    """A running clock stands still meanwhile, so that a story's seconds are exact, and runs on as if it had not."""
    with world.lock:
        running, began = world.view.clock.running, world.directory.real()
        if running:
            world.set_clock(running=False, now=None)
    try:
        yield
    finally:
        with world.lock:
            if running and not world.view.clock.running:
                world.set_clock(running=True, now=world.now + (world.directory.real() - began))


# recording


def _scenario(request: ControlRequest) -> tuple[int, Any]:
    return 200, {"scenario": _recorded(request)[1]}


def _recorded(request: ControlRequest) -> tuple[int, Any]:
    from ..scenario.history_writer import HistoryTooLong
    from ..scenario.recorder import record_scenario

    world = request.world
    with world.unit_of_work() as work:
        view = work.view.copy()
    try:
        return 200, record_scenario(view, work.now, world.id)
    except HistoryTooLong as wrong:
        raise Problem(409, wrong.zh, wrong.en) from None


_S = "/_sandbox/sandboxes/{id}"
ROUTES: tuple[Route, ...] = (
    Route("GET", "/_sandbox/stories", _stories, "内置场景", "stories that ship"),
    Route(
        "POST",
        f"{_S}/play",
        _play,
        "在本独立环境中运行一个场景",
        "play a story in the sandbox",
        body=PlayBody,
    ),
    Route(
        "GET",
        f"{_S}/scenario",
        _scenario,
        "本独立环境的历史，写成场景文件",
        "the sandbox's history as a story",
    ),
    Route(
        "GET",
        f"{_S}/scenario.yaml",
        _recorded,
        "同上，YAML 文件",
        "the same as a YAML file",
        kind=_YAML,
    ),
)

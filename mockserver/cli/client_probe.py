"""Learns what a client under test does, before scenarios are run around it.

The client is started for a sandbox with one exchange at each status at which a seller can act, in
both flows.  Which methods it calls, and at which statuses it moves an exchange on, is its profile;
how long it takes until the first move, and between moves, says when it has nothing left to do.

A client that calls nothing has no profile: it is asked for everything.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any

from ..api.methods import METHODS
from ..domain.vocabulary import Actor, Ruleset, Status
from ..scenario.run_settings import ClientProfile
from ..scenario.step_calls import METHOD_OF_MOVE
from ..scenario.target import ScenarioTarget, TargetFactory
from ..world.real_clock import monotonic_seconds
from .client_process import ClientProcess
from .console import WRONG_USE, fail, translate

__all__ = [
    "describe_profile",
    "parse_handles",
    "parse_methods",
    "probe_client",
    "read_profile_options",
]

_OPENINGS: tuple[Mapping[str, Any], ...] = (
    {"status": 1},
    {"status": 3},
    {"status": 12},
    {"status": 1, "ruleset": Ruleset.UPGRADED.value},
    {"status": 3, "ruleset": Ruleset.UPGRADED.value},
)
_WORLD: Mapping[str, Any] = {"clock": {"mode": "frozen"}}
_POLL_SECONDS = 0.02
_FIRST_CALL_SECONDS = 5.0  # how long a client may take to start
_LEAST_QUIET_SECONDS = 0.8
_IDLE_SECONDS = 2.0  # of a client that has made no call
_LEAST_QUIET_CALLS = 6
_MAX_CALLS = 1000


def probe_client(
    make_target: TargetFactory,
    start: Callable[[Mapping[str, Any]], ClientProcess],
    pause: Callable[[float], None],
    within: timedelta,
) -> ClientProfile:
    """Return what the client does; it is started once, in a sandbox of its own.

    `within` bounds the wait for its next move.

    Raises:
        ControlRefused, Unreachable, OSError: there is no sandbox or no command.
    """
    target = make_target(_WORLD)
    try:
        for opening in _OPENINGS:
            target.ask("POST", "exchanges", opening)
        client = start(target.info)
        try:
            quiet, calls = _watch(target, client, pause, within.total_seconds())
        finally:
            client.stop()
        return _read_profile(target, quiet, calls)
    finally:
        target.close()


def _watch(
    target: ScenarioTarget, client: ClientProcess, pause: Callable[[float], None], longest: float
) -> tuple[float, int]:
    """Wait until the client moves nothing any more.

    Return the longest time, and the most calls, between two moves.
    """
    began = last = monotonic_seconds()
    moves = calls_at_last = most_calls = 0
    gap = 0.0
    while client.alive():
        pause(_POLL_SECONDS)
        now = monotonic_seconds()
        count = _count_moves(target)
        calls = int(target.ask("GET", "requests", limit=0)["total"])
        if not calls:
            if now - began > min(longest, _FIRST_CALL_SECONDS):
                break
            last = now
        elif count != moves:
            gap = max(gap, now - last)
            most_calls = max(most_calls, calls - calls_at_last)
            moves = count
            last = now
            calls_at_last = calls
        else:
            quiet = max(_LEAST_QUIET_SECONDS, 3 * gap)
            rounds = calls - calls_at_last >= max(_LEAST_QUIET_CALLS, most_calls)
            if now - last > (quiet if rounds else longest):
                break
    return gap, most_calls


def _count_moves(target: ScenarioTarget) -> int:
    return sum(event["by"] == Actor.SELLER for event in target.ask("GET", "events")["items"])


def _read_profile(target: ScenarioTarget, gap: float, most_calls: int) -> ClientProfile:
    requests = target.ask("GET", "requests", limit=_MAX_CALLS)["items"]
    methods = {call["method"] for call in requests if call["method"] in METHODS}
    openings = len(_OPENINGS)  # their events come first, by whomever
    events = target.ask("GET", "events")["items"]
    opened = {event["dispute_id"] for event in events}
    assert len(opened) == openings
    called = {(call["dispute_id"], call["method"]) for call in requests if call["outcome"] == "ok"}
    names = {move.name(): method for move, method in METHOD_OF_MOVE.items()}
    first_moves: dict[str, Mapping[str, Any]] = {}  # by exchange: what follows may be one round
    for event in events:
        if (
            event["by"] == Actor.SELLER
            and event["from"] != event["to"]
            and (event["dispute_id"], names.get(event["move"])) in called
        ):
            first_moves.setdefault(event["dispute_id"], event)
    handles = {event["from"] for event in first_moves.values()}
    if not handles:
        return ClientProfile(asks_all=True, quiet_seconds=_IDLE_SECONDS)
    return ClientProfile(
        methods=frozenset(methods),
        handles=frozenset(handles),
        quiet_seconds=max(_LEAST_QUIET_SECONDS, 3 * gap),
        quiet_calls=max(_LEAST_QUIET_CALLS, most_calls),
    )


def describe_profile(profile: ClientProfile) -> str:
    """Return a line that says what the client does."""
    if profile.asks_all:
        return translate(
            "试运行：被测程序没有办理任何换货单，所以每一步都等它",
            "probe: the client moved no exchange on, so every step waits for it",
        )
    statuses = ", ".join(map(str, sorted(profile.handles)))
    writes = sorted(set(METHOD_OF_MOVE.values()) & profile.methods)
    return translate(
        f"被测程序办理状态 {statuses}，写操作 {', '.join(writes)}",
        f"the client handles {statuses} and writes by {', '.join(writes)}",
    )


def read_profile_options(handles: str, methods: str) -> dict[str, Any]:
    """Return the members of a profile that the options give; empty ones give none."""
    members: dict[str, Any] = {}
    if handles:
        members["handles"] = parse_handles(handles)
    if methods:
        members["methods"] = parse_methods(methods)
    return {**members, "asks_all": False} if members else {}


def parse_handles(text: str) -> frozenset[int]:
    """Return the statuses of `--handles`, numbers with commas; a wrong one ends with exit 2."""
    statuses = {str(status.value): status.value for status in Status}
    return frozenset(statuses[word] for word in _split("--handles", text, statuses))


def parse_methods(text: str) -> frozenset[str]:
    """Return the methods of `--methods`, full names or without `tmall.exchange.`; else exit 2."""
    names = {name: name for name in METHODS}
    names |= {name.removeprefix("tmall.exchange."): name for name in METHODS}
    return frozenset(names[word] for word in _split("--methods", text, names))


def _split(option: str, text: str, choices: Iterable[str]) -> list[str]:
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if word not in choices:
            names = ", ".join(name for name in choices if not name.startswith("taobao."))
            fail(
                WRONG_USE,
                f"{option}：没有 {word!r}；可以是 {names}",
                f"{option}: no {word!r}; one of {names}",
            )
    return words

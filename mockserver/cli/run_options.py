"""Runs the stories of one `run`: where they are played, by how many, until all are done or Ctrl-C comes."""

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import partial
from typing import Any

from msgspec import Struct

from ..client.control_client import Control
from ..client.http_target import http_targets
from ..client.sandbox import Sandbox
from ..client.server import Server
from ..client.transport import Http
from ..embedded.server import CannotStart
from ..scenario.result import ScenarioResult
from .client_process import Client
from .client_variables import client_variables
from .console import NOT_STARTED, connect, fail, is_linked, one_line
from .scenario_executor import RunOptions, ScenarioExecutor, in_living_sandbox, in_process
from .scenario_files import ScenarioSource
from .workers import Played, in_processes, in_threads, in_turn

__all__ = ["RunArguments", "collect_results", "crew_for"]

_WORTH = 30  # stories that pay for starting processes
_THREADS = 4  # stories at a time on a running server
_PROGRESS_AT_MOST = 36  # characters, so that Chinese ones stay on one line of a terminal


class RunArguments(Struct, frozen=True, kw_only=True):
    """The options of `run` that say how to play and what to write."""

    until: str
    client: str
    env: tuple[str, ...]
    junit: str
    json: str
    jobs: int | None
    within: timedelta
    keep: bool
    options: Mapping[str, str]
    record: str


def crew_for(
    scripts: Sequence[ScenarioSource],
    link: Mapping[str, Any],
    asked: RunArguments,
    stack: ExitStack,
) -> Played:
    """Who plays: this process, several, or threads against a server; what was opened is closed with the stack."""
    order = RunOptions(asked.until, asked.within, asked.options, asked.record)
    if not is_linked(link) and not asked.client:
        jobs = min(asked.jobs or (_cores() if len(scripts) >= _WORTH else 1), len(scripts))
        make = partial(in_process, order)
        return in_turn(scripts, make()) if jobs == 1 else in_processes(scripts, make, jobs)
    stopping = threading.Event()
    control = connect(link).control if is_linked(link) else _own_server(stack)
    if link["sandbox"]:
        return in_threads(scripts, in_living_sandbox(control, link["sandbox"], order), 1, stopping)

    def client(info: Mapping[str, Any]) -> Client:
        return Client(
            asked.client, client_variables(Sandbox(control=control, attach=info["id"]), asked.env)
        )

    stages = http_targets(control, keep=asked.keep or bool(asked.until))
    perform = ScenarioExecutor(
        stages,
        order,
        client=client if asked.client else None,
        token=control.token,
        stopping=stopping,
    )
    return in_threads(
        scripts,
        perform,
        min(asked.jobs or (1 if asked.client else _THREADS), len(scripts)),
        stopping,
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _own_server(stack: ExitStack) -> Control:
    try:
        server = stack.enter_context(Server())
    except CannotStart as wrong:
        fail(NOT_STARTED, wrong.zh, wrong.en)
    http = Http(server.url)
    stack.callback(http.close)
    return Control(http, server.token)


def collect_results(
    scripts: Sequence[ScenarioSource], crew: Played
) -> tuple[list[ScenarioResult], bool, float]:
    """The results in the order of the stories, whether Ctrl-C cut them short, and the seconds it took."""
    found: dict[int, ScenarioResult] = {}
    began, interrupted = time.monotonic(), False
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for place, result in crew:
            found[place] = result
            _progress(f"{len(found)}/{len(scripts)} {result.title}")
    except KeyboardInterrupt:
        interrupted = True
        crew.close()
    _progress("")
    results = [
        found.get(place)
        or ScenarioResult(
            title=each.story.title, path=each.story.path, outcome="interrupted", steps=0
        )
        for place, each in enumerate(scripts)
    ]
    return results, interrupted, time.monotonic() - began


def _progress(text: str) -> None:
    """One line on a terminal, rewritten; elsewhere nothing."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{one_line(text, _PROGRESS_AT_MOST)}")
        sys.stderr.flush()

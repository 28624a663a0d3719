"""Plays one story on a fresh stage, with or without a client under test; whatever happens is a result."""

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..client.control_client import Control
from ..client.transport import Unreachable
from ..control.control_call import sandbox_path
from ..control.in_process import in_process_targets
from ..scenario.client_waiter import ClientWaiter
from ..scenario.model import Scenario
from ..scenario.report import collect_secrets, mask_secrets
from ..scenario.result import ScenarioFailure, ScenarioResult
from ..scenario.runner import RunSettings, run_scenario
from ..scenario.target import ControlRefused, ScenarioTarget, TargetFactory
from ..server import make_context
from .client_process import Client
from .scenario_files import ScenarioSource

__all__ = ["RunOptions", "ScenarioExecutor", "in_living_sandbox", "in_process"]

_CALLS_SHOWN = 8
_OWN = ("name", "apps", "shops")  # what two sandboxes of a server cannot both have
ClientMaker = Callable[[Mapping[str, Any]], Client]  # from how the control API shows the sandbox


class RunOptions(Struct, frozen=True):
    """How the stories of a run are played: to which status, with which values, how long a step waits for a client.

    `record` is where the history of the story's sandbox is written as a story of its own.
    """

    until: str = ""
    within: timedelta = timedelta(seconds=10)
    options: Mapping[str, str] = {}
    record: str = ""


class _Stopped(Exception):
    """The run is over before the story is."""


class ScenarioExecutor:
    """Plays stories by one order; several threads may use it.

    A story for a client stands at the real now, since a client polls by its own clock.  `token` is the
    control API's, which is kept out of results.
    """

    def __init__(
        self,
        make: TargetFactory,
        order: RunOptions,
        *,
        client: ClientMaker | None = None,
        token: str = "",
        stopping: threading.Event | None = None,
    ) -> None:
        self._make, self._order, self._client, self._token = make, order, client, token
        self._stopping = stopping or threading.Event()
        self._alone = threading.Lock()

    def __call__(self, script: ScenarioSource) -> ScenarioResult:
        """What came of a story."""
        if not any(key in script.story.given for key in _OWN):
            return self._performed(script)
        with self._alone:
            return self._performed(script)

    def _performed(self, script: ScenarioSource) -> ScenarioResult:
        story, given = script.story, script.story.given
        stage: ScenarioTarget | None = None
        try:
            stage = self._make({**given, "clock": {"mode": "frozen"}} if self._client else given)
            result = self._played(story, stage)
            if self._order.record:
                Path(self._order.record).write_text(
                    stage.ask("GET", "scenario")["scenario"], "utf-8"
                )
        except _Stopped:
            result = _ended(story, "interrupted", "", "")
        except (ControlRefused, Unreachable) as wrong:
            result = _ended(story, "broken", *_reason(wrong))
        except Exception as wrong:  # the door: a fault of ours breaks one story, not the run
            result = _ended(
                story,
                "broken",
                f"程序出错，请报告：{wrong!r}",
                f"a fault of ours, please report: {wrong!r}",
            )
        finally:
            if stage is not None:
                with suppress(
                    ControlRefused, Unreachable
                ):  # the sandbox may be gone, or its server
                    stage.close()
        secrets = {"token": self._token, **({} if stage is None else stage.info)}
        return mask_secrets(_sourced(result, script), collect_secrets(secrets))

    def _played(self, story: Scenario, stage: ScenarioTarget) -> ScenarioResult:
        if self._client is None:
            return run_scenario(story, stage, self._run(lambda: True))
        client = self._client(stage.info)
        try:
            result = run_scenario(story, stage, self._run(client.alive))
        finally:
            code = client.stop()
        if result.trouble is None:
            return result
        ended = [] if code is None else [f"(退出码 exit code {code})"]
        log = "\n".join([*_calls(stage), client.log(), *ended])
        return replace(result, trouble=replace(result.trouble, log=log))

    def _run(self, alive: Callable[[], bool]) -> RunSettings:
        waiting = ClientWaiter(time.monotonic, self._pause, longest=self._order.within, alive=alive)
        return RunSettings(
            waiting=waiting, until=self._order.until, client=self._client is not None
        )

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _Stopped


def in_living_sandbox(
    control: Control, sandbox: str, order: RunOptions
) -> Callable[[ScenarioSource], ScenarioResult]:
    """Plays in a sandbox that there is, by the server itself: its data, time and credentials stay its own."""

    def perform(script: ScenarioSource) -> ScenarioResult:
        body = {"scenario": script.text, "set": order.options, "until": order.until or None}
        try:
            played = control("POST", sandbox_path(sandbox, "play"), body)
            result = replace(msgspec.convert(played, ScenarioResult), path=script.story.path)
            if order.record:
                Path(order.record).write_text(
                    control("GET", sandbox_path(sandbox, "scenario"))["scenario"], "utf-8"
                )
        except (ControlRefused, Unreachable) as wrong:
            result = _ended(script.story, "broken", *_reason(wrong))
        return mask_secrets(_sourced(result, script), (control.token,))

    return perform


def in_process(order: RunOptions) -> ScenarioExecutor:
    """Plays on a desk of its own, without sockets."""
    return ScenarioExecutor(in_process_targets(make_context()), order)


def _ended(story: Scenario, outcome: str, zh: str, en: str) -> ScenarioResult:
    trouble = ScenarioFailure(line=1, column=1, zh=zh, en=en) if zh else None
    return ScenarioResult(
        title=story.title, path=story.path, outcome=outcome, steps=0, trouble=trouble
    )


def _reason(wrong: ControlRefused | Unreachable) -> tuple[str, str]:
    if isinstance(wrong, Unreachable):
        return str(wrong), str(wrong)
    return str(wrong.problem.get("title", "")), str(wrong.problem.get("detail", ""))


def _sourced(result: ScenarioResult, script: ScenarioSource) -> ScenarioResult:
    """The result with the line of the file where it broke."""
    trouble = result.trouble
    lines = script.text.splitlines() if trouble else []
    if trouble is None or not 1 <= trouble.line <= len(lines):
        return result
    return replace(result, trouble=replace(trouble, source=lines[trouble.line - 1]))


def _calls(stage: ScenarioTarget) -> list[str]:
    """The last calls that reached the sandbox, oldest first."""
    items = stage.ask("GET", "requests", limit=_CALLS_SHOWN)["items"]
    return [
        f"{item['method'] or '-'} {item['dispute_id']} {item['outcome']} {item['msg_code'] or item['code'] or ''}".rstrip()
        for item in reversed(items)
    ]

"""Run one scenario, with or without a client under test; whatever happens is a result."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from ..client.control_client import Control
from ..client.transport import Unreachable
from ..control.in_process import in_process_targets
from ..scenario.client_run import ClientRun
from ..scenario.client_waiter import ClientWaiter
from ..scenario.cost import measure_running
from ..scenario.library import is_shipped
from ..scenario.model import Scenario
from ..scenario.report import collect_secrets, mask_secrets
from ..scenario.result import ScenarioFailure, ScenarioResult
from ..scenario.run_settings import ClientProfile, RunSettings
from ..scenario.runner import run_scenario
from ..scenario.target import ControlRefused, ScenarioTarget, TargetFactory
from ..server import make_context
from ..service.control_function import sandbox_path
from ..world.real_clock import monotonic_seconds
from .client_probe import describe_profile, probe_client, read_profile_options
from .client_process import ClientProcess, HeldProcess
from .console import say, translate
from .output_files import write_output
from .scenario_files import ScenarioSource

__all__ = ["RunOptions", "ScenarioExecutor", "in_process_executor", "shared_sandbox_executor"]

_CALLS_IN_LOG = 8
_UNIQUE_KEYS = ("name", "apps", "shops")  # of `given`: two sandboxes of a server cannot share them
StartClient = Callable[[Mapping[str, Any]], ClientProcess]  # takes the sandbox as GET shows it


class RunOptions(Struct, frozen=True, kw_only=True):
    """How the scenarios of one `run` are executed, and what is written afterwards.

    `until` is a status at which to stop, `within` how long a step waits for the client, `values`
    replace those of the scenario's `set`, `handles` and `methods` are what the client does (empty:
    a probe learns it), `record` is a file for the sandbox's history.  `jobs` None: as many as are
    worth it.
    """

    until: str = ""
    client: str = ""
    env: tuple[str, ...] = ()
    handles: str = ""
    methods: str = ""
    junit: str = ""
    json: str = ""
    record: str = ""
    jobs: int | None = None
    within: timedelta = timedelta(seconds=10)
    keep: bool = False
    values: Mapping[str, str] = {}


class _Stopped(Exception):
    """The run ends before the scenario does."""


class ScenarioExecutor:
    """Runs scenarios, each in a sandbox of its own from `make_target`; several threads may use it.

    With a client the sandbox's clock stands at the real now, because a client polls by its own
    clock. A shipped scenario is run around what the client does, by its profile; a user's own file
    says itself what the client has to do. `token` is the control API's: it is kept out of results.
    `profile` is what the client does; without it a probe learns it when it is first needed.
    """

    def __init__(
        self,
        make_target: TargetFactory,
        options: RunOptions,
        *,
        start_client: StartClient | None = None,
        token: str = "",
        stopping: threading.Event | None = None,
        profile: ClientProfile | None = None,
    ) -> None:
        self._make_target = make_target
        self._options = options
        self._start_client = start_client
        self._profile = profile
        self._profile_lock = threading.Lock()
        self._token = token
        self._stopping = stopping or threading.Event()
        self._unique_keys_lock = threading.Lock()

    def __call__(self, source: ScenarioSource) -> ScenarioResult:
        """Run a scenario; one that names its own keys runs while no other of that kind does."""
        if not any(key in source.scenario.world for key in _UNIQUE_KEYS):
            return self._execute(source)
        with self._unique_keys_lock:
            return self._execute(source)

    def _execute(self, source: ScenarioSource) -> ScenarioResult:
        scenario = source.scenario
        document = scenario.world
        if self._start_client:
            document = {**document, "clock": {"mode": "frozen"}}
        target: ScenarioTarget | None = None
        try:
            target = self._make_target(document)
            result = self._run_in(target, source)
            if self._options.record:
                history = target.ask("GET", "scenario")["scenario"]
                write_output(self._options.record, history)
        except _Stopped:
            result = _result_without_steps(scenario, "interrupted", "", "")
        except (ControlRefused, Unreachable, OSError) as error:
            result = _result_without_steps(scenario, "broken", *_reason(error))
        except Exception as error:  # the door: a fault of ours breaks one scenario, not the run
            zh = f"程序出错，请报告：{error!r}"
            en = f"a fault of ours, please report: {error!r}"
            result = _result_without_steps(scenario, "broken", zh, en)
        finally:
            if target is not None:
                with suppress(ControlRefused, Unreachable):  # sandbox or server may be gone
                    target.close()
        secrets = {"token": self._token, **({} if target is None else target.info)}
        return mask_secrets(_with_source_line(result, source), collect_secrets(secrets))

    def _run_in(self, target: ScenarioTarget, source: ScenarioSource) -> ScenarioResult:
        scenario = source.scenario
        if self._start_client is None:
            settings = self._make_run(lambda: True, measure_running(scenario))
            return run_scenario(scenario, target, settings)
        profile = self._find_profile(source)
        client = HeldProcess(partial(self._start_client, target.info))
        settings = self._make_run(client.alive)
        try:
            if profile is None:
                client.go()
                result = run_scenario(scenario, target, settings)
            else:
                result = ClientRun(scenario, target, settings, profile, client).run()
        finally:
            code = client.stop()
        if result.trouble is None or result.outcome == "inapplicable":
            return result
        exit_line = [] if code is None else [translate(f"(退出码 {code})", f"(exit code {code})")]
        log = "\n".join([*_last_calls(target), client.log(), *exit_line])
        return replace(result, trouble=replace(result.trouble, log=log))

    def _find_profile(self, source: ScenarioSource) -> ClientProfile | None:
        """Return what the client does, None for a file of the user's own without options.

        As far as the options leave it open a probe learns it, once.
        """
        options = self._options
        if not (options.handles or options.methods or is_shipped(source.scenario.path)):
            return None
        assert self._start_client is not None
        with self._profile_lock:
            if self._profile is None:
                self._profile = replace(
                    probe_client(
                        self._make_target, self._start_client, self._pause, options.within
                    ),
                    **read_profile_options(options.handles, options.methods),
                )
                say(describe_profile(self._profile))
            return self._profile

    def _make_run(self, alive: Callable[[], bool], total: timedelta | None = None) -> RunSettings:
        waiting = ClientWaiter(
            monotonic_seconds, self._pause, longest=self._options.within, alive=alive, total=total
        )
        return RunSettings(
            waiter=waiting, until=self._options.until, client=self._start_client is not None
        )

    def _pause(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise _Stopped


def in_process_executor(options: RunOptions) -> ScenarioExecutor:
    """Return an executor whose sandboxes live in this process, without sockets."""
    return ScenarioExecutor(in_process_targets(make_context()), options)


def shared_sandbox_executor(
    control: Control, sandbox: str, options: RunOptions
) -> Callable[[ScenarioSource], ScenarioResult]:
    """Return a function that lets the server itself play scenarios in an existing sandbox.

    The sandbox keeps its data, time and credentials.
    """

    def execute(source: ScenarioSource) -> ScenarioResult:
        body = {"scenario": source.text, "set": options.values, "until": options.until or None}
        try:
            reply = control("POST", sandbox_path(sandbox, "play"), body)
            result = replace(msgspec.convert(reply, ScenarioResult), path=source.scenario.path)
            if options.record:
                history = control("GET", sandbox_path(sandbox, "scenario"))["scenario"]
                write_output(options.record, history)
        except (ControlRefused, Unreachable, OSError) as error:
            result = _result_without_steps(source.scenario, "broken", *_reason(error))
        return mask_secrets(_with_source_line(result, source), (control.token,))

    return execute


def _result_without_steps(scenario: Scenario, outcome: str, zh: str, en: str) -> ScenarioResult:
    failure = ScenarioFailure(line=1, column=1, zh=zh, en=en) if zh else None
    return ScenarioResult(
        title=scenario.title, path=scenario.path, outcome=outcome, steps=0, trouble=failure
    )


def _reason(error: ControlRefused | Unreachable | OSError) -> tuple[str, str]:
    if not isinstance(error, ControlRefused):
        return str(error), str(error)
    return str(error.problem.get("title", "")), str(error.problem.get("detail", ""))


def _with_source_line(result: ScenarioResult, source: ScenarioSource) -> ScenarioResult:
    """Return the result with the text of the line at which the scenario failed."""
    failure = result.trouble
    lines = source.text.splitlines() if failure else []
    if failure is None or not 1 <= failure.line <= len(lines):
        return result
    return replace(result, trouble=replace(failure, source=lines[failure.line - 1]))


def _last_calls(target: ScenarioTarget) -> list[str]:
    """Return a line for each of the last 8 calls that reached the sandbox, oldest first."""
    lines = []
    for call in reversed(target.ask("GET", "requests", limit=_CALLS_IN_LOG)["items"]):
        code = call["msg_code"] or call["code"] or ""
        method = call["method"] or "-"
        lines.append(f"{method} {call['dispute_id']} {call['outcome']} {code}".rstrip())
    return lines

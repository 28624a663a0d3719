"""Scenarios in pytest: files as test items, and `scenario(…)` in a test's sandbox."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import sleep
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ..client.control_client import ControlRefused
from ..client.http_target import http_targets
from ..client.remote_server import RemoteServer
from ..client.sandbox import Sandbox
from ..control.in_process import in_process_targets
from ..scenario.client_waiter import ClientWaiter
from ..scenario.cost import measure_running
from ..scenario.loading import load_scenario
from ..scenario.model import Scenario
from ..scenario.report import format_transcript
from ..scenario.result import ScenarioResult
from ..scenario.runner import RunSettings, run_scenario
from ..scenario.target import ScenarioTarget
from ..scenario.yaml_text import FileMistake, InvalidFile
from ..server import make_context
from ..world.real_clock import monotonic_seconds

__all__ = ["ScenarioFile", "ScenarioItem", "scenario_player"]


class ScenarioBroken(AssertionError):
    """A scenario did not hold; the text is its transcript."""


class ScenarioFile(pytest.File):
    """A scenario file; its one item has the scenario's title."""

    def collect(self) -> "Iterator[ScenarioItem]":
        """Yield the scenario as an item.

        Raises:
            CollectError: the file has mistakes; names all of them.
        """
        try:
            scenario = load_scenario(self.path.read_text("utf-8"), str(self.path))
        except UnicodeDecodeError:
            raise self.CollectError(f"{self.path}: 不是 UTF-8 (not UTF-8)") from None
        except InvalidFile as wrong:
            text = _format_mistakes(wrong.mistakes, str(self.path))
            raise self.CollectError(text) from None
        yield ScenarioItem.from_parent(self, name=scenario.title, scenario=scenario)


class ScenarioItem(pytest.Item):
    """One scenario as a test: in process, or on the server of --mockserver-url."""

    def __init__(self, *, scenario: Scenario, **more: Any) -> None:
        super().__init__(**more)
        self._scenario = scenario

    def runtest(self) -> None:
        """Play the scenario.

        Raises:
            ScenarioBroken: it did not hold.
        """
        target = _make_target(self._scenario.world, self.config)
        try:
            waiter = ClientWaiter(monotonic_seconds, sleep, total=measure_running(self._scenario))
            result = run_scenario(self._scenario, target, RunSettings(waiter=waiter))
        finally:
            target.close()
        if not result.ok:
            raise ScenarioBroken(format_transcript(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Return the transcript, which names the line of the file."""
        if isinstance(excinfo.value, ScenarioBroken):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the file and the scenario's title."""
        return self.path, 0, self._scenario.title


def _format_mistakes(mistakes: Sequence[FileMistake], path: str) -> str:
    return "\n".join(f"{mistake.text(path)} ({mistake.en})" for mistake in mistakes)


def _make_target(world: Mapping[str, Any], config: pytest.Config) -> ScenarioTarget:
    url = config.getoption("mockserver_url")
    if url:
        with RemoteServer(url, config.getoption("mockserver_token") or "") as remote:
            return http_targets(remote.control)(world)
    return in_process_targets(make_context())(world)


def scenario_player(sandbox: Sandbox, folder: Path) -> Callable[..., ScenarioResult]:
    """Return a function that plays a scenario in `sandbox`.

    It takes a file (relative ones below `folder`), the text of one, or a mapping.  Of the
    scenario's `given` only rules and stock count, since the sandbox exists already.

    Raises (the function):
        ScenarioBroken: the scenario has mistakes, or did not hold.
    """

    def play(
        story: str | Path | Mapping[str, Any], *, until: str | int | None = None, **options: object
    ) -> ScenarioResult:
        __tracebackhide__ = True
        path = "scenario"
        text = story
        if isinstance(story, Path) or (isinstance(story, str) and "\n" not in story):
            path = str(folder / story)
            text = Path(path).read_text("utf-8")
        try:
            document = sandbox.play(text, until=until, **options)  # type: ignore[arg-type]  # a path has been read by now
        except ControlRefused as refused:
            mistakes = refused.problem.get("mistakes")
            if not mistakes:
                raise
            raise ScenarioBroken(
                _format_mistakes(msgspec.convert(mistakes, list[FileMistake]), path)
            ) from None
        result = replace(msgspec.convert(document, ScenarioResult), path=path)
        if not result.ok:
            raise ScenarioBroken(format_transcript(result))
        return result

    return play

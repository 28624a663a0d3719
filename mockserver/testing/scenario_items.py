"""Stories in pytest: scenario files as test items, and `scenario(...)`, which plays one in a test's sandbox."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
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
from ..scenario.model import Scenario
from ..scenario.reader import read_scenario
from ..scenario.report import format_transcript
from ..scenario.result import ScenarioResult
from ..scenario.runner import RunSettings, run_scenario
from ..scenario.static_check import check_scenario
from ..scenario.target import ScenarioTarget
from ..scenario.yaml_text import FileMistake, InvalidFile
from ..server import make_context

__all__ = ["ScenarioFile", "ScenarioItem", "scenario_player"]


class StoryBroken(AssertionError):
    """A story was not as written; the text is its transcript."""


class ScenarioFile(pytest.File):
    """A scenario file; its one item bears the story's title."""

    def collect(self) -> "Iterator[ScenarioItem]":
        """The story, if it reads well.

        Raises:
            CollectError: with every mistake of the file.
        """
        try:
            story = read_scenario(self.path.read_text("utf-8"), str(self.path))
            mistakes = check_scenario(story)
        except UnicodeDecodeError:
            raise self.CollectError(f"{self.path}: 不是 UTF-8 (not UTF-8)") from None
        except InvalidFile as wrong:
            mistakes = wrong.mistakes
        if mistakes:
            raise self.CollectError(_mistakes(mistakes, str(self.path)))
        yield ScenarioItem.from_parent(self, name=story.title, story=story)


class ScenarioItem(pytest.Item):
    """One story as a test: in process, or on the server of --mockserver-url."""

    def __init__(self, *, story: Scenario, **more: Any) -> None:
        super().__init__(**more)
        self._story = story

    def runtest(self) -> None:
        """The story holds.

        Raises:
            StoryBroken: with its transcript.
        """
        stage = _stage(self._story.given, self.config)
        try:
            result = run_scenario(
                self._story, stage, RunSettings(waiting=ClientWaiter(monotonic, sleep))
            )
        finally:
            stage.close()
        if not result.ok:
            raise StoryBroken(format_transcript(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The transcript, which names the line of the file."""
        if isinstance(excinfo.value, StoryBroken):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file and the story's title."""
        return self.path, 0, self._story.title


def _mistakes(mistakes: Sequence[FileMistake], path: str) -> str:
    return "\n".join(f"{each.text(path)} ({each.en})" for each in mistakes)


def _stage(given: Mapping[str, Any], config: pytest.Config) -> ScenarioTarget:
    url = config.getoption("mockserver_url")
    if url:
        with RemoteServer(url, config.getoption("mockserver_token") or "") as remote:
            return http_targets(remote.control)(given)
    return in_process_targets(make_context())(given)


def scenario_player(sandbox: Sandbox, folder: Path) -> Callable[..., ScenarioResult]:
    """A function that plays a story in `sandbox`: a file (relative ones below `folder`), a text, or a mapping.

    Of the story's `given` rules and stock count; the sandbox is there already.
    """

    def tell(
        story: str | Path | Mapping[str, Any], *, until: str | int | None = None, **options: object
    ) -> ScenarioResult:
        __tracebackhide__ = True
        path, text = "scenario", story
        if isinstance(story, Path) or (isinstance(story, str) and "\n" not in story):
            path = str(folder / story)
            text = Path(path).read_text("utf-8")
        try:
            played = sandbox.play(text, until=until, **options)  # type: ignore[arg-type]  # a path has been read by now
        except ControlRefused as refused:
            mistakes = refused.problem.get("mistakes")
            if not mistakes:
                raise
            raise StoryBroken(
                _mistakes(msgspec.convert(mistakes, list[FileMistake]), path)
            ) from None
        result = replace(msgspec.convert(played, ScenarioResult), path=path)
        if not result.ok:
            raise StoryBroken(format_transcript(result))
        return result

    return tell

"""Stories in pytest: scenario files as test items, and `scenario(...)`, which plays one in a test's sandbox."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ..control.blueprint import ROUTES
from ..control.stage import DeskStage
from ..scenario.checker import check_story
from ..scenario.reader import read_story
from ..scenario.report import transcript
from ..scenario.result import Result
from ..scenario.runner import Run, play_story
from ..scenario.stage import Stage
from ..scenario.story import Story
from ..scenario.waiting import Waiting
from ..scenario.yaml_text import Mistake, Unreadable
from ..server import make_desk
from ..world.clock import FROZEN_AT
from ..world.document import read_world
from ..world.world import World
from .control import ControlRefused
from .remote import RemoteServer
from .sandbox import Sandbox
from .stage import server_stages

__all__ = ["StoryFile", "StoryItem", "teller"]


class StoryBroken(AssertionError):
    """A story was not as written; the text is its transcript."""


class StoryFile(pytest.File):
    """A scenario file; its one item bears the story's title."""

    def collect(self) -> "Iterator[StoryItem]":
        """The story, if it reads well.

        Raises:
            CollectError: with every mistake of the file.
        """
        try:
            story = read_story(self.path.read_text("utf-8"), str(self.path))
            mistakes = check_story(story)
        except UnicodeDecodeError:
            raise self.CollectError(f"{self.path}: 不是 UTF-8 (not UTF-8)") from None
        except Unreadable as wrong:
            mistakes = wrong.mistakes
        if mistakes:
            raise self.CollectError(_mistakes(mistakes, str(self.path)))
        yield StoryItem.from_parent(self, name=story.title, story=story)


class StoryItem(pytest.Item):
    """One story as a test: in process, or on the server of --mockserver-url."""

    def __init__(self, *, story: Story, **more: Any) -> None:
        super().__init__(**more)
        self._story = story

    def runtest(self) -> None:
        """The story holds.

        Raises:
            StoryBroken: with its transcript.
        """
        stage = _stage(self._story.given, self.config)
        try:
            result = play_story(self._story, stage, Run(waiting=Waiting(monotonic, sleep)))
        finally:
            stage.close()
        if not result.ok:
            raise StoryBroken(transcript(result))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The transcript, which names the line of the file."""
        if isinstance(excinfo.value, StoryBroken):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int, str]:
        """The file and the story's title."""
        return self.path, 0, self._story.title


def _mistakes(mistakes: Sequence[Mistake], path: str) -> str:
    return "\n".join(f"{each.text(path)} ({each.en})" for each in mistakes)


def _stage(given: Mapping[str, Any], config: pytest.Config) -> Stage:
    url = config.getoption("mockserver_url")
    if url:
        with RemoteServer(url, config.getoption("mockserver_token") or "") as remote:
            return server_stages(remote.control)(given)
    desk = make_desk()
    world = World(desk.directory, read_world({"clock": FROZEN_AT, **given}))
    desk.directory.add(world)
    return DeskStage(desk, ROUTES, world, made=True)


def teller(sandbox: Sandbox, folder: Path) -> Callable[..., Result]:
    """A function that plays a story in `sandbox`: a file (relative ones below `folder`), a text, or a mapping.

    Of the story's `given` rules and stock count; the sandbox is there already.
    """

    def tell(story: str | Path | Mapping[str, Any], *, until: str | int | None = None, **options: object) -> Result:
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
            raise StoryBroken(_mistakes(msgspec.convert(mistakes, list[Mistake]), path)) from None
        result = replace(msgspec.convert(played, Result), path=path)
        if not result.ok:
            raise StoryBroken(transcript(result))
        return result

    return tell

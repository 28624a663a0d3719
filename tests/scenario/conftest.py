"""A story is played on a fresh sandbox of a desk without HTTP."""

import time
from collections.abc import Callable

import pytest

from mockserver.control.blueprint import ROUTES
from mockserver.control.stage import DeskStage
from mockserver.domain.durations import parse_duration
from mockserver.scenario.reader import read_story
from mockserver.scenario.result import Result
from mockserver.scenario.runner import Run, play_story
from mockserver.scenario.waiting import Waiting
from mockserver.server import make_desk
from mockserver.world.clock import FROZEN_AT
from mockserver.world.document import read_world
from mockserver.world.world import World

Tell = Callable[..., Result]


@pytest.fixture
def tell() -> Tell:
    """Plays the text of a story: what came of it."""
    desk = make_desk()

    def play(
        text: str, *, until: str = "", clock: str = "", before: str = "0s", guest: bool = False, most: int = 0, **options: object
    ) -> Result:
        # `clock`, and advanced by `before`: where the sandbox stands when the story begins
        story = read_story(text, "story.yaml", options)
        world = World(desk.directory, read_world({"clock": FROZEN_AT, **story.given, **({"clock": clock} if clock else {})}))
        desk.directory.add(world)
        world.advance(parse_duration(before))
        stage = DeskStage(desk, ROUTES, world, made=True)
        try:
            return play_story(story, stage, Run(waiting=Waiting(time.monotonic, time.sleep), until=until, guest=guest, most=most))
        finally:
            stage.close()

    return play

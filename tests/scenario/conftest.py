"""A scenario is run in a fresh sandbox without HTTP."""

import time
from collections.abc import Callable

import pytest

from mockserver.control.in_process import InProcessControl, in_process_target
from mockserver.domain.durations import parse_duration
from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.result import ScenarioResult
from mockserver.scenario.runner import RunSettings, run_scenario
from mockserver.server import make_context
from mockserver.world.clock import FROZEN_AT
from mockserver.world.document import read_world
from mockserver.world.world import World

RunText = Callable[..., ScenarioResult]


@pytest.fixture
def run_text() -> RunText:
    """Return a function that runs the text of a scenario and returns its result."""
    context = make_context()

    def play(
        text: str,
        *,
        until: str = "",
        clock: str = "",
        before: str = "0s",
        guest: bool = False,
        most: int = 100_000,
        **options: object,
    ) -> ScenarioResult:
        # `clock`, and advanced by `before`: where the sandbox stands when the scenario begins
        scenario = read_scenario(text, "story.yaml", options)
        world = World(
            context.directory,
            read_world(
                {"clock": FROZEN_AT, **scenario.world, **({"clock": clock} if clock else {})}
            ),
        )
        context.directory.add(world)
        world.advance(parse_duration(before))
        target = in_process_target(InProcessControl(context), world.id)
        try:
            return run_scenario(
                scenario,
                target,
                RunSettings(
                    waiter=ClientWaiter(time.monotonic, time.sleep),
                    until=until,
                    shared=guest,
                    max_steps=most,
                ),
            )
        finally:
            target.close()

    return play

"""The shipped scenarios: each is valid, has a text and evidence, and passes."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from itertools import count

import pytest

from mockserver.control.in_process import in_process_targets
from mockserver.domain.evidence import SOURCES
from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.library import list_shipped, read_shipped
from mockserver.scenario.model import CallStep
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.result import ScenarioResult
from mockserver.scenario.runner import RunSettings, ScenarioRun, run_scenario
from mockserver.scenario.static_check import check_scenario
from mockserver.scenario.step_calls import build_signed_call, convert_pictures
from mockserver.server import make_context

SCENARIOS = {
    name: read_scenario(read_shipped(name), str(path)) for name, path in list_shipped().items()
}


PLACES = {
    "guide": r"[1-9]|1[01]",
    "api": r"\d\d?(\.\d\d?)?",
    "top": r"\d\d?(\.\d)?",
    "tmc": r"\d{4}",
    "evidence": r"\d(\.\d)?",
}


def known_place(evidence):
    """Whether evidence is a known source, or a place in one that has numbered places."""
    source, _, place = evidence.partition("-")
    return source in SOURCES and (
        not place or re.fullmatch(PLACES.get(source, "(?!)"), place) is not None
    )


def test_there_is_a_library():
    """The scenarios are many, lie in folders by subject, and have short names."""
    assert len(SCENARIOS) >= 70
    assert [name for name in SCENARIOS if not re.fullmatch(r"[a-z-]+/[a-z0-9-]+", name)] == []


def test_no_two_scenarios_are_called_the_same():
    """A title says what only this scenario shows."""
    assert [
        title
        for title, count in Counter(scenario.title for scenario in SCENARIOS.values()).items()
        if count > 1
    ] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_says_what_it_shows_and_how_that_is_known(name):
    """A Chinese title, an English sentence, and sources that the product knows."""
    scenario = SCENARIOS[name]

    assert re.search(r"[\u4e00-\u9fff]", scenario.title)
    assert re.fullmatch(r"[\x20-\x7e]{20,200}\.", scenario.about)
    assert scenario.evidence
    assert [source for source in scenario.evidence if not known_place(source)] == []


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_can_work(name):
    """The static check finds nothing in a shipped scenario."""
    assert check_scenario(SCENARIOS[name]) == ()


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_passes(run_text, name):
    """Every step of a shipped scenario goes as written."""
    result = run_text(read_shipped(name))

    assert (result.outcome, result.trouble) == ("passed", None)


@pytest.fixture
def obeyed(monkeypatch) -> Callable[[str], ScenarioResult]:
    """Play a scenario with a client under test that does the seller's moves.

    It does each once, as soon as it is waited for.
    """
    awaited = []
    run_step = ScenarioRun.run_step

    def remember_step(run, step):
        awaited.append((run, step))
        run_step(run, step)

    monkeypatch.setattr(ScenarioRun, "run_step", remember_step)

    def play(name: str) -> ScenarioResult:
        scenario, clock = SCENARIOS[name], count()
        target = in_process_targets(make_context())({**scenario.world, "clock": {"mode": "frozen"}})

        def pause(seconds: float) -> None:
            if awaited:
                target.call(*build_call(*awaited.pop(), target))
                awaited.clear()

        waiting = ClientWaiter(lambda: float(next(clock)), pause, longest=timedelta(seconds=5))
        return run_scenario(scenario, target, RunSettings(waiter=waiting, client=True))

    return play


def build_call(run, step, target):
    """Return method, parameters and session of the call that a step waits for."""
    executor = run._executor
    if isinstance(step, CallStep):
        params = convert_pictures(run._fill_plain(step.params))
        return step.method, params, executor.find_session(step.shop, sub=step.sub)
    dispute_id = run.find_exchange(step.on)
    session = executor.find_session(executor._find_shop(dispute_id), sub=step.sub)
    fields = run._fill_plain(step.fields)
    return *build_signed_call(step.move, dispute_id, fields, target, session), session


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_can_test_a_client(obeyed, name):
    """Against a client that plays the seller, at the real time, every step passes too."""
    result = obeyed(name)

    assert (result.outcome, result.trouble) == ("passed", None)

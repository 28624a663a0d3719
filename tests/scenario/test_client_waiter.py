"""Waiting in real time: as long as a step may, never longer than everything together."""

from datetime import timedelta

import pytest

from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.result import ScenarioAborted


class Watch:
    """Real time that passes only while somebody waits."""

    def __init__(self):
        self.at = 100.0

    def now(self):
        return self.at

    def pause(self, seconds):
        self.at += seconds


@pytest.mark.parametrize(
    ("within", "total", "waited"),
    [(10, None, 10), (10, 30, 10), (10, 4, 4), (None, 4, 4), (None, None, 10)],
)
def test_a_wait_ends_in_time(within, total, waited):
    """What never holds is waited for as long as the step may, and no longer than everything may."""
    watch = Watch()
    waiting = ClientWaiter(
        watch.now, watch.pause, total=None if total is None else timedelta(seconds=total)
    )
    assert not waiting.wait_until(
        lambda: False, None if within is None else timedelta(seconds=within)
    )
    assert watch.at == pytest.approx(100 + waited, abs=0.1)
    if total == 4:
        with pytest.raises(ScenarioAborted, match="4s"):
            waiting.require_time()
    else:
        waiting.require_time()


def test_what_holds_is_not_waited_for():
    """Something that holds already costs no time, even when none is left."""
    watch = Watch()
    waiting = ClientWaiter(watch.now, watch.pause, total=timedelta())
    with pytest.raises(ScenarioAborted, match="时间已用完"):
        waiting.require_time()
    assert waiting.wait_until(lambda: True)
    assert watch.at == 100

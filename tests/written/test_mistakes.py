"""Each planted mistake of the example client is found within 200 runs, by the check named here."""

import pytest

from tests.honest.mistakes_table import CLIENTS, find_check

CHECKS = {
    "RoundsIds": {"offences"},
    "IgnoresFailure": {"left_lying", "unhandled", "unread"},
    "DropsMovedRows": {"left_lying", "converged", "unhandled"},
    "ForgetsLateRows": {"left_lying", "converged", "unhandled"},
    "KnowsOneText": {"converged"},
    "GivesUp": {"left_lying", "gave_up", "unhandled"},
    "CallsOnInBan": {"pressed_on"},
    "FirstAddress": {"wrong_target"},
    "CodeAsName": {"wrong_target"},
    "SplitsMessages": {"exception"},
    "SplitsAtOneCaret": {"exception"},
    "SkipsSecondRound": {"unhandled"},
    "RetriesBlindly": {"repeats"},
    "NewWaybillEachTime": {"repeats"},
    "ShipsAnyway": {"offences", "unread"},
    "ReturnsOwnWaybill": {"wrong_target"},
}


@pytest.mark.parametrize("name", CLIENTS)
def test_each_mistake_is_found(name: str) -> None:
    """By a check that is about this kind of mistake."""
    assert find_check(name) in CHECKS[name]

"""Steps in which an honest client was accused once: each replays without a failure now.

`accusations.py` found them.  Each is what was left after reduction, so it does nothing but lead to
the accusation.
"""

from typing import Any

import pytest

from mockserver.testing import exchange_machine
from tests.honest.accusations import CLIENTS, OPTIONS, WORLDS, make_client

STEPS: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "moved_behind_the_window": (
        "BookKeeper",
        "moving_rows",
        [
            {"buyer": "apply", "as": "e1", "status": 2},
            {"buyer": "apply", "as": "e2", "status": 1},
            {"buyer": "apply", "as": "e3", "status": 2},
            {"client": 1},
            {"advance": "10d1s"},
            {"buyer": "apply", "as": "e4", "status": 2},
            {"buyer": "apply", "as": "e5", "status": 2},
            {"buyer": "ship_back", "on": "e5"},
            {"buyer": "apply", "as": "e6", "status": 2},
            {"advance": "2d1s"},
            {"buyer": "ship_back", "on": "e6"},
            {"buyer": "apply", "as": "e7", "status": 2},
            {"client": 1},
            {"client": 1},
            {"client": 1},
            {"client": 1},
        ],
    ),
    "moved_after_it_closed": (
        "ErpStore",
        "moving_rows",
        [
            {"buyer": "apply", "as": "e1", "status": 1},
            {"buyer": "apply", "as": "e2", "status": 1},
            {"advance": "6d23h59m59s"},
            {"buyer": "apply", "as": "e3", "status": 1},
            {"buyer": "apply", "as": "e4", "status": 6},
            {"client": 1},
            {"advance": "5d"},
            {"client": 2},
            {"client": 1},
            {"client": 1},
        ],
    ),
    "two_lists_disturbed_forward": (
        "ErpStore",
        "late_rows",
        [
            {"buyer": "apply", "as": "e1", "status": 6, "cs_status": 2},
            {"buyer": "apply", "as": "e2", "status": 12},
            {"buyer": "apply", "as": "e3", "status": 6},
            {"client": 1},
            {"client": 1},
            {"advance": "5d"},
            {"client": 1},
            {"client": 1},
            {"fault": "moving_rows", "row": "seen", "method": "tmall.exchange.receive.get"},
            {"buyer": "apply", "as": "e4", "status": 12},
            {"advance": "3d1s"},
            {"client": 1},
            {"client": 1},
            {"buyer": "apply", "as": "e5", "status": 2},
            {"client": 1},
            {"buyer": "apply", "as": "e6", "status": 3},
            {"advance": "6d23h59m59s"},
            {"buyer": "ship_back", "on": "e5"},
            {"client": 1},
            {"client": 1},
            {"fault": "none"},
            {"client": 3},
        ],
    ),
    "two_lists_disturbed_backward": (
        "NightBatch",
        "skewed",
        [
            {"buyer": "apply", "as": "e1", "status": 6},
            {"buyer": "apply", "as": "e2", "status": 2},
            {"client": 1},
            {"buyer": "apply", "as": "e3", "status": 2},
            {"advance": "1d23h59m59s"},
            {"buyer": "apply", "as": "e4", "status": 1},
            {"client": 1},
            {"fault": "moving_rows", "row": "seen", "method": "tmall.exchange.receive.get"},
            {"advance": "6d23h59m59s"},
            {"advance": "3d2s"},
            {"buyer": "apply", "as": "e5", "status": 1},
            {"client": 1},
            {"fault": "none"},
            {"client": 3},
        ],
    ),
    "moved_by_night": (
        "NightBatch",
        "moving_rows",
        [
            {"buyer": "apply", "as": "e1", "status": 3},
            {"seller": "returngoods_refuse", "on": "e1"},
            {"buyer": "apply", "as": "e2", "status": 3},
            {"client": 1},
            {"buyer": "apply", "as": "e3", "status": 3},
            {"advance": "1s"},
            {"advance": "1h"},
            {"buyer": "cancel", "on": "e1"},
            {"client": 1},
            {"buyer": "apply", "as": "e4", "status": 6},
            {"buyer": "apply", "as": "e5", "status": 1},
            {"client": 1},
            {"buyer": "apply", "as": "e6", "status": 1},
            {"advance": "7d"},
            {"client": 1},
            {"client": 1},
            {"client": 1},
            {"client": 1},
        ],
    ),
    "acted_on_an_old_state": (
        "BookKeeper",
        "bad_day",
        [
            {"buyer": "apply", "as": "e1", "status": 6},
            {"buyer": "apply", "as": "e2", "status": 6},
            {"buyer": "apply", "as": "e3", "status": 1},
            {"client": 1},
            {"client": 1},
            {"client": 1},
            {"advance": "5d"},
            {"client": 1},
            {"buyer": "ship_back", "on": "e3"},
            {"buyer": "apply", "as": "e4", "status": 6},
            {"client": 1},
            {"client": 1},
        ],
    ),
    "banned_by_a_second_delivery": (
        "ErpStore",
        "quota",
        [
            {"buyer": "apply", "as": "e1", "status": 12},
            {"buyer": "apply", "as": "e2", "status": 13},
            {"buyer": "apply", "as": "e3", "status": 6},
            {"buyer": "apply", "as": "e4", "status": 6},
            {"buyer": "apply", "as": "e5", "status": 6},
            {"buyer": "modify", "on": "e5"},
            {"buyer": "apply", "as": "e6", "status": 6},
            {"buyer": "apply", "as": "e7", "status": 6, "cs_status": 3},
            {"client": 1},
            {"fault": "duplicate_delivery", "method": "tmall.exchange.agree"},
            {"cs": "judge", "on": "e7"},
            {"client": 1},
            {"advance": "1d"},
            {"client": 3},
        ],
    ),
    "looked_and_was_shown_an_old_state": (
        "NightBatch",
        "bad_day",
        [
            {"buyer": "apply", "as": "e1", "status": 12},
            {"buyer": "apply", "as": "e2", "status": 12},
            {"buyer": "apply", "as": "e3", "status": 6},
            {"client": 2},
            {"advance": "2d23h59m59s"},
            {"fault": "reply_lost", "method": "tmall.exchange.consigngoods"},
            {"client": 1},
            {"client": 1},
            {"advance": "1d"},
            {"client": 1},
            {"fault": "none"},
            {"client": 3},
        ],
    ),
}


@pytest.mark.parametrize("case", STEPS)
def test_an_honest_client_is_not_accused(case: str) -> None:
    """What a disturbed list hid, a ban or an old reply is not held against it."""
    name, world, steps = STEPS[case]
    kind = CLIENTS[name]
    machine = exchange_machine(
        lambda sandbox: make_client(kind, sandbox),
        write_to=None,
        **WORLDS[world],
        **OPTIONS.get(name, {}),
    )
    machine.replay(steps)

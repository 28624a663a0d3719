"""A sandbox whose table is not the shipped one: every answer about its flow goes by its own table.

The table of these tests has one row more (the seller cancels a new application, which ends it at 5)
and lacks another (nobody ships back).
"""

import pytest
from msgspec.structs import replace

from mockserver.control.in_process import InProcessControl
from mockserver.domain.moves import ShipBack
from mockserver.domain.table_index import SHIPPED_TABLE, index_table
from mockserver.domain.vocabulary import Actor, Status
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.static_check import check_scenario
from mockserver.scenario.target import ControlRefused
from mockserver.server import make_context
from mockserver.testing.machine.local_server import LocalServer
from mockserver.testing.machine.machine import exchange_machine

OWN_TABLE = index_table(
    (
        *(row for row in SHIPPED_TABLE.rows if row.move is not ShipBack),
        replace(SHIPPED_TABLE.rows_by_name["1-cancel-4"], by=Actor.SELLER, target=Status.SUCCESS),
    ),
    SHIPPED_TABLE.cs_rows,
)


@pytest.fixture
def control():
    """Call the control API below a sandbox of the own table."""
    call = InProcessControl(make_context(table=OWN_TABLE))
    name = call("POST", "sandboxes", {})["id"]
    return lambda verb, path, body=None: call(verb, f"sandboxes/{name}/{path}", body)


def make_move(control, by, move, status=1):
    """Make a move on a new exchange at `status`."""
    number = control("POST", "exchanges", {"status": status})["dispute_id"]
    return control("POST", f"exchanges/{number}/moves", {"by": by, "move": move})


def test_a_row_more_is_a_move_more(control):
    """The seller's cancelling is possible, and coverage counts its row and status."""
    assert make_move(control, "seller", "cancel")["status"] == 5
    counted = control("GET", "coverage")["rulesets"]["classic"]
    assert counted["rows"] == {"0-apply-1": 1, "1-cancel-5": 1}
    assert counted["states"]["5"] == 1


def test_a_refusal_names_the_status_of_the_row_more(control):
    """At 2 the seller cannot cancel: the refusal says that he could at 1."""
    with pytest.raises(ControlRefused) as refused:
        make_move(control, "seller", "cancel", status=2)
    assert refused.value.problem["legal_from"] == [1]


def test_a_row_less_is_an_unknown_move(control):
    """Without a row the buyer has no `ship_back`: it is refused as an unknown name."""
    with pytest.raises(ControlRefused) as refused:
        make_move(control, "buyer", "ship_back", status=2)
    assert refused.value.problem["field"] == "move"


def test_a_way_does_not_lead_over_the_row_less(control):
    """At 2 nothing leads to the seller's receipt any more, since nobody ships back."""
    with pytest.raises(ControlRefused) as refused:
        make_move(control, "seller", "returngoods_agree", status=2)
    assert refused.value.problem["way"] is None


def test_a_scenario_is_checked_by_the_own_table():
    """A step by the row that is missing is a mistake there, and none on the shipped table."""
    scenario = read_scenario(
        "scenario: x\nsteps:\n  - buyer: apply\n  - seller: agree\n  - buyer: ship_back\n", "x.yaml"
    )
    assert check_scenario(scenario) == ()
    [mistake] = check_scenario(scenario, OWN_TABLE)
    assert mistake.line == 5


def test_a_machine_goes_by_the_own_table():
    """Its rows are the own table's, and so are the moves that its sandbox allows."""
    options = replace(exchange_machine(lambda sandbox: lambda: None).options, table=OWN_TABLE)
    names = {row.name for row in options.rows}
    assert "2-ship_back-3" not in names
    world, _, _ = LocalServer(options.table).open(options)
    assert world.view.table is OWN_TABLE

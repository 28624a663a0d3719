"""Strategies: laws of what they draw, held against the product itself; what they reach.

How they shrink.
"""

import time
from contextlib import nullcontext, suppress
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from mockserver import Sandbox
from mockserver.api.methods import METHODS
from mockserver.client.control_client import ControlRefused
from mockserver.client.top_client import TopRefused
from mockserver.control.in_process import InProcessControl, in_process_target
from mockserver.domain.vocabulary import Actor
from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.result import ScenarioResult
from mockserver.scenario.runner import RunSettings, run_scenario
from mockserver.scenario.static_check import check_scenario
from mockserver.server import make_context
from mockserver.testing import strategies
from mockserver.testing.strategies import BadCall, Mistake, ValidCall
from mockserver.world.clock import FROZEN_AT
from mockserver.world.document import BadDocument, read_world
from mockserver.world.move_parser import ACTOR_MOVES
from mockserver.world.world import World

STATUSES = (1, 2, 3, 4, 5, 6, 12, 13, 14)
FEW = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MANY = settings(FEW, max_examples=200)
_INDEPENDENT_DRAWS = 10


@pytest.fixture(scope="module")
def shop() -> Sandbox:
    """A default world with an exchange at every status; for calls that come to nothing."""
    return Sandbox(samples=True)


def refusal(sandbox: Sandbox, call: ValidCall | BadCall) -> tuple[int, str] | None:
    """Code and sub_code that a drawn call is refused with, signed by our own client."""
    texts = {"fields": None, **call.params}
    try:
        sandbox.client().call(call.method, **texts)
    except TopRefused as refused:
        return refused.code, refused.sub_code
    return None


def run_document(document: dict[str, Any]) -> ScenarioResult:
    """What comes of a drawn scenario: read, checked and played like a file."""
    scenario = read_scenario(msgspec.json.encode(document).decode(), "drawn.scenario.yaml")
    assert check_scenario(scenario) == ()
    context = make_context()
    world = World(context.directory, read_world({"clock": FROZEN_AT, **scenario.world}))
    context.directory.add(world)
    target = in_process_target(InProcessControl(context), world.id)
    return run_scenario(
        scenario, target, RunSettings(waiter=ClientWaiter(time.monotonic, time.sleep))
    )


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Draw at least `count` values, none of which follows from another.

    From one draw Hypothesis makes up to five that resemble it, so that many draws are few choices.
    It does so only after its first ten, the first of which is the smallest that there is: nine
    lists hold the values.
    """
    lists: list[list[Any]] = []
    size = -(-count // (_INDEPENDENT_DRAWS - 1))

    @settings(FEW, max_examples=_INDEPENDENT_DRAWS, phases=[Phase.generate])
    @given(st.lists(strategy, min_size=size, max_size=size))
    def collect(items: list[Any]) -> None:
        lists.append(items)

    collect()
    return [item for items in lists for item in items]


# laws


@FEW
@given(strategies.worlds(), st.sampled_from(STATUSES))
def test_a_drawn_world_can_be(document: dict[str, Any], status: int) -> None:
    """Every drawn world document makes a sandbox, where an exchange can be opened at any status."""
    context = make_context()
    world = World(context.directory, read_world(document))
    context.directory.add(world)
    [exchange] = world.open({"status": status})
    assert exchange.status == status


@MANY
@given(strategies.faults())
def test_a_drawn_fault_can_be_planned(fault: dict[str, Any]) -> None:
    """Every drawn fault is planned with the options that were drawn; a set as several."""
    world = World(make_context().directory, read_world({}))
    world.plan_faults(fault)
    first, *others = world.planned_faults()
    assert bool(others) is ("set" in fault)
    spelt = {"set", "method", "dispute_id", "until"}  # shown in a spelling of the product's own
    assert {name: first[name] for name in fault if name not in spelt} == {
        name: fault[name] for name in fault if name not in spelt
    }


@FEW
@given(strategies.shops(), strategies.goods(), strategies.buyers())
def test_drawn_parts_fit_into_a_world(
    shop: dict[str, Any], goods: dict[str, Any], buyer: dict[str, Any]
) -> None:
    """A drawn shop, SKU and buyer stand in a world document as they are, and are kept as given."""
    state = World(
        make_context().directory,
        read_world({"shops": [shop], "goods": {"wanted": goods}, "buyers": [buyer]}),
    )._state
    [own_shop] = state.shops.values()
    assert own_shop.nick == shop["nick"]
    assert shop.get("session", "") in (*state.sessions, "")
    assert state.accounts[state.goods["wanted"].sku_id].available == goods.get("stock", 100)
    assert list(state.buyers) == [buyer["nick"]]


@FEW
@given(strategies.addresses())
def test_a_drawn_address_is_kept(address: dict[str, Any]) -> None:
    """A drawn address is the shop's, with every value as it was drawn.

    Alone, it is the default one.
    """
    [shop] = World(
        make_context().directory, read_world({"shops": [{"addresses": [address]}]})
    )._state.shops.values()
    [own_address] = shop.addresses
    assert {name: str(getattr(own_address, name)) for name in address} == {
        **{name: str(value) for name, value in address.items()},
        **({"cancel_def": "True"} if "cancel_def" in address else {}),
    }


@FEW
@given(strategies.exchanges())
def test_a_drawn_exchange_opens(document: dict[str, Any]) -> None:
    """Every drawn open document is taken, and its id is kept."""
    [exchange] = World(make_context().directory, read_world({"clock": FROZEN_AT})).open(document)
    assert exchange.dispute_id == int(document.get("dispute_id", exchange.dispute_id))


@FEW
@given(st.sampled_from(("classic", "upgraded")), st.sampled_from(STATUSES), st.data())
def test_a_drawn_move_is_possible(ruleset: str, status: int, data: st.DataObject) -> None:
    """A move drawn from the possible ones is taken, unless stock or the verdict forbid it."""
    sandbox = Sandbox(ruleset=ruleset)
    exchange = sandbox.open(status=status)
    while exchange.possible and len(exchange.timeline) < 12:
        move = data.draw(strategies.moves(None, exchange.possible))
        with suppress(ControlRefused) if move["move"] in ("agree", "judge") else nullcontext():
            sandbox._ask("POST", f"exchanges/{exchange.dispute_id}/moves", move)


@MANY
@given(strategies.calls())
def test_a_drawn_call_is_never_refused_for_its_parameters(shop: Sandbox, call: ValidCall) -> None:
    """Whatever comes of a valid call, it passes all checks of the gateway.

    Neighbours also check that what a value names is there, and texts with a form of their own: they
    answer error 15, or 41 with the name of a parameter that was sent.  Source: neighbours.yaml.
    """
    refused = refusal(shop, call)
    if refused is not None and not call.method.startswith("tmall.exchange."):
        assert refused[0] == 15 or refused in {
            (41, f"isv.invalid-parameter:{name}") for name in call.params
        }
    else:
        assert refused is None


@MANY
@given(strategies.bad_calls())
def test_a_bad_call_is_refused_for_its_one_mistake(shop: Sandbox, call: BadCall) -> None:
    """A call with a named mistake is refused by error 40 or 41 that names the parameter."""
    kind = {40: "missing", 41: "invalid"}[call.code]
    assert refusal(shop, call) == (call.code, f"isv.{kind}-parameter:{call.param}")


def test_drawn_scenarios_pass_and_reach_everything() -> None:
    """A drawn scenario reads well, can work, and comes out as it says.

    Together they have every kind of step in them.
    """
    reached: set[str] = set()
    for document in drawn(strategies.stories(), 120):
        result = run_document(document)
        assert result.ok, (document, result.trouble)
        reached |= {key for step in document["steps"] for key in step}
    assert reached >= {
        "buyer",
        "seller",
        "cs",
        "advance",
        "age",
        "stock",
        "call",
        "expect",
        "refused",
        "as",
        "on",
    }


# what is reached


@pytest.mark.parametrize("method", METHODS)
def test_calls_of_a_method_take_the_ids_given(method: str) -> None:
    """Calls of one method can be drawn alone, with ids that there are."""
    for call in drawn(strategies.calls(method, {"dispute_id": ["123"]}), 5):
        assert call.method == method
        assert call.params.get("dispute_id", "123") == "123"


@pytest.mark.parametrize("mistake", Mistake)
def test_every_mistake_can_be_asked_for(shop: Sandbox, mistake: Mistake) -> None:
    """Each mistake can be drawn alone, is refused as it says, and has words in both languages."""
    for call in drawn(strategies.bad_calls(mistake=mistake), 5):
        answer = refusal(shop, call)
        assert answer is not None
        assert (call.mistake, answer[0]) == (mistake, mistake.code)
    assert mistake.zh
    assert mistake.en


@pytest.mark.slow
def test_bad_calls_reach_every_mistake() -> None:
    """Mistakes come equally often, however few parameters they can be made in.

    Of 297 independent draws from eleven a given one is missing once in 10¹² runs.
    """
    assert {call.mistake for call in drawn(strategies.bad_calls(), 290)} == set(Mistake)


def test_moves_reach_all_of_every_actor() -> None:
    """Every move of buyer, seller and customer service is drawn, applications apart.

    Of 405 independent draws from seventeen a given one is missing once in 10¹⁰ runs.
    """
    reached = {(move["by"], move["move"]) for move in drawn(strategies.moves(), 400)}
    assert reached == {
        (by.value, name)
        for by in (Actor.BUYER, Actor.SELLER, Actor.CS)
        for name in ACTOR_MOVES[by]
        if name != "apply"
    }


# shrinking


@pytest.mark.slow
def test_documents_shrink_to_nothing() -> None:
    """Where nothing matters nothing is left."""
    assert find(strategies.worlds(), lambda document: True) == {}
    assert find(strategies.exchanges(), lambda document: True) == {}
    assert find(strategies.moves("buyer", {"buyer": ["ship_back"]}), lambda move: True) == {
        "by": "buyer",
        "move": "ship_back",
    }


@pytest.mark.slow
def test_documents_shrink_to_what_matters() -> None:
    """Of a document little more than the field that matters is left, with its smallest value."""
    assert find(strategies.exchanges(), lambda document: document.get("num", 1) > 1) == {"num": 2}
    world = find(strategies.worlds(), lambda document: "samples" in document)
    assert world["samples"] is False
    assert len(world) <= 2  # the last field of many sometimes keeps the company of an earlier one


@pytest.mark.slow
def test_a_shrunk_shop_can_still_be() -> None:
    """Reduced to their smallest, two sessions of a shop are still two."""
    shop = find(
        strategies.shops(),
        lambda shop: "session" in shop and any("session" in sub for sub in shop.get("subs", ())),
    )
    sessions = World(make_context().directory, read_world({"shops": [shop]}))._state.sessions
    assert {shop["session"], shop["subs"][0]["session"]} <= set(sessions)


def test_a_bad_call_shrinks_to_its_mistake() -> None:
    """Only what the method requires stands beside the mistake."""
    call = find(
        strategies.bad_calls("tmall.exchange.agree", mistake=Mistake.TOO_LONG), lambda call: True
    )
    assert set(call.params) == {"dispute_id", "address_id", "fields", "leave_message"}


def test_a_scenario_shrinks_to_two_steps() -> None:
    """A scenario with a refusal is an application and the move that is refused."""
    scenario = find(
        strategies.stories(),
        lambda scenario: any("refused" in step for step in scenario["steps"]),
        settings=settings(FEW, max_examples=500),
    )
    assert [next(iter(step)) for step in scenario["steps"]] in (
        ["buyer", "buyer"],
        ["buyer", "seller"],
        ["buyer", "cs"],
    )


# what cannot be


@pytest.mark.parametrize(
    ("draw", "given_name"),
    [
        (strategies.calls, "tmall.exchange.agre"),
        (strategies.bad_calls, "x"),
        (strategies.moves, "byuer"),
    ],
)
def test_an_unknown_name_is_reported(draw: Any, given_name: str) -> None:
    """A method or actor that there is not is reported at once, with those there are."""
    with pytest.raises(BadDocument, match=given_name):
        draw(given_name)


def test_nothing_is_drawn_where_nothing_is_possible() -> None:
    """Of an exchange that has ended no move can be drawn.

    Of a method without parameters no mistake.
    """
    assert strategies.moves(None, {}).is_empty
    assert strategies.bad_calls("taobao.time.get").is_empty

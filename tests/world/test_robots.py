"""Robots: runs that replay exactly at any steps of the clock, within the rules, and end."""

import json
from collections import Counter
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.domain.errors import DomainError
from mockserver.domain.moves import MOVES
from mockserver.domain.vocabulary import Role
from mockserver.protocol.shapes import BEIJING
from mockserver.world.directory import Directory
from mockserver.world.document import BadDocument, RobotsDocument, WorldDocument, read_document
from mockserver.world.snapshot import read_snapshot, write_snapshot
from mockserver.world.world import World
from tests.oracle import DEADLINES, END_STATUSES, LEGAL_MOVES, MOVES_BY_ACTOR, OPEN_STATUSES

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)
NAMES = ("prompt", "slow", "forgetful", "adversarial", "random")
LEGAL = {  # (move, from, to) of each party but the seller
    actor: {
        (row.move, row.start["status"], row.target)
        for row in LEGAL_MOVES
        if row.by == actor and row.move != "apply"
    }
    for actor in ("buyer", "cs")
}

policy = st.none() | st.sampled_from(NAMES)
robots = st.fixed_dictionaries({"buyer": policy, "courier": policy, "cs": policy})
lively = st.fixed_dictionaries(
    {"buyer": policy, "courier": policy, "cs": policy, "applies": st.none() | st.just("4d")}
)
worlds = st.fixed_dictionaries(
    {
        "robots": robots,
        "ruleset": st.sampled_from(["classic", "upgraded"]),
        "seed": st.sampled_from([0, 1, 7]),
        "goods": st.fixed_dictionaries(
            {"wanted": st.fixed_dictionaries({"stock": st.sampled_from([0, 1, 100])})}
        ),
        "rules": st.fixed_dictionaries(
            {"modify_to": st.sampled_from([1, 3]), "strict_logistics": st.booleans()}
        ),
    }
)
openings = st.lists(st.sampled_from(OPEN_STATUSES), min_size=1, max_size=5)
operations = st.lists(
    st.tuples(st.integers(0, 200), st.integers(0, 4), st.sampled_from(MOVES_BY_ACTOR["seller"])),
    max_size=8,
)  # hours, whose, what
law = settings(
    max_examples=80,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


class Machine:
    """The machine's clock, moved by hand."""

    def __init__(self):
        self.now = datetime(2026, 3, 1, 10, 0, 0, tzinfo=BEIJING)

    def __call__(self):
        return self.now


def grow(document, statuses=(), machine=None):
    """A world with an exchange at each of the statuses."""
    world = World(
        Directory(machine or Machine()), read_document(document, WorldDocument), id="default"
    )
    for place, status in enumerate(statuses):
        world.open({"status": status, "dispute_id": 1000 + place})
    return world


def sell(world, place, move):
    """The seller moves, if it may."""
    try:
        world.move(1000 + place % len(world._state.exchanges), MOVES[move](), Role.SELLER_MAIN)
    except DomainError:
        return


def live(world, script, go):
    """Plays the seller's moves; `go` passes the hours between its moves, then forty days."""
    for hours, place, move in script:
        go(world, timedelta(hours=hours))
        sell(world, place, move)
    go(world, 40 * DAY)


def jump(world, span):
    """Passes time at once."""
    world.advance(span)


def life(world):
    """All that happened: facts, messages and where the goods are."""
    state = world._state
    return state.events, state.messages, state.accounts, state.exchanges


def facts_of(world):
    """Return every event after the openings, in order, with the time in its state before."""
    for events in world._state.events.values():
        began = None
        for event in events:
            if began is not None:
                yield event, event.at - began
            if event.move != "leave_message":
                began = event.at


def by_robots(world):
    """What buyers and customer service did, without the openings' history."""
    return [
        (event, lasted)
        for event, lasted in facts_of(world)
        if event.role in (Role.BUYER, Role.CS)
        and event.at > datetime(2026, 3, 1, 10, tzinfo=BEIJING)
    ]


# laws


@law
@given(document=worlds, robots=lively, statuses=openings, script=operations, data=st.data())
def test_steps_of_the_clock_change_nothing(document, robots, statuses, script, data):
    """In one jump or many steps, advanced or aged, the same events happen at the same time."""
    document = {**document, "robots": robots}
    at_once, in_steps = grow(document, statuses), grow(document, statuses)

    def step(world, span):
        for part in data.draw(st.lists(st.floats(0, 1), max_size=6), "steps"):
            some = timedelta(seconds=int(span.total_seconds() * part))
            (world.age if part < 0.2 else world.advance)(some)
            span -= some
        world.advance(span)

    live(at_once, script, jump)
    live(in_steps, script, step)
    assert life(in_steps) == life(at_once)


@law
@given(
    document=worlds,
    statuses=openings,
    script=operations,
    looks=st.lists(st.integers(1, 90_000), max_size=6),
)
def test_a_running_clock_lives_the_same_life(document, statuses, script, looks):
    """A running clock has the same events as a frozen one that is advanced."""
    machine = Machine()
    running = grow({**document, "clock": {"mode": "running"}}, statuses, machine)
    frozen = grow(document, statuses)

    def wait(world, span):
        for seconds in looks:
            part = min(timedelta(seconds=seconds, microseconds=7), span)
            machine.now += part
            span -= part
            world.run_until_now()
        machine.now += span
        world.run_until_now()

    live(running, script, wait)
    live(frozen, script, jump)
    assert life(running) == life(frozen)


@law
@given(document=worlds, statuses=openings, script=operations)
def test_stock_is_neither_made_nor_lost(document, statuses, script):
    """In any run the units of each SKU stay constant; reserved is what exchanges hold."""
    world = grow(document, statuses)
    before = {sku: accounts.total for sku, accounts in world._state.accounts.items()}
    live(world, script, jump)
    held = Counter()
    for exchange in world._state.exchanges.values():
        held[exchange.exchange_sku] += exchange.reserved
    for sku, accounts in world._state.accounts.items():
        assert accounts.total == before[sku]
        assert accounts.reserved == held[sku]
        assert min(accounts.available, accounts.reserved, accounts.shipped, accounts.returned) >= 0


@law
@given(document=worlds, statuses=openings, script=operations)
def test_robots_keep_to_the_rules(document, statuses, script):
    """Robots make only moves documented for their party, before the deadline, if one runs."""
    world = grow(document, statuses)
    live(world, script, jump)
    for event, lasted in by_robots(world):
        assert (event.move, event.source, event.target) in LEGAL[event.role.actor]
        if event.role is Role.BUYER:
            assert lasted < DEADLINES[event.source]
    for events in world._state.events.values():
        assert [event.at for event in events] == sorted(event.at for event in events)
    numbers = sorted(
        (event.number, event.at) for events in world._state.events.values() for event in events
    )
    later = [at for _, at in numbers if at > datetime(2026, 3, 1, 10, tzinfo=BEIJING)]
    assert later == sorted(later)


@law
@given(document=worlds, statuses=openings)
def test_every_life_ends(document, statuses):
    """With any robots and a silent seller every exchange ends, and nothing is planned any more."""
    world = grow(document, statuses)
    world.advance(400 * DAY)
    assert {int(exchange.status) for exchange in world._state.exchanges.values()} <= set(
        END_STATUSES
    )
    assert (world.planned(), world.deadlines()) == ([], [])


@law
@given(
    document=worlds, robots=lively, statuses=openings, script=operations, cut=st.integers(0, 300)
)
def test_a_kept_life_goes_on_as_it_would_have(document, robots, statuses, script, cut):
    """A world restored in the middle goes on as one that was not stopped.

    From memory or from its document.
    """
    document = {**document, "robots": robots}

    def begin():
        world = grow(document, statuses)
        for hours, place, move in script[:3]:
            world.advance(timedelta(hours=hours))
            sell(world, place, move)
        world.advance(timedelta(hours=cut))
        return world

    straight, restored, document_kept = begin(), begin(), begin()
    restored.snapshot("one")
    restored.advance(100 * DAY)
    restored.restore("one")
    document_kept.snapshot(
        "one", read_snapshot(json.loads(write_snapshot(document_kept.snapshot("two"))))
    )
    document_kept.advance(DAY)
    document_kept.restore("one")
    for world in (straight, restored, document_kept):
        live(world, script[3:], jump)
    assert life(restored) == life(straight) == life(document_kept)
    assert restored._state.robots == straight._state.robots == document_kept._state.robots


# one party, one policy


def whole(name):
    """A document in which every party follows one policy."""
    return {"robots": {"buyer": name, "courier": name, "cs": name}}


def test_the_same_seed_lives_the_same_life():
    """Two sandboxes of one seed live one life; another seed lives another."""
    lives = []
    for seed in (3, 3, 4):
        world = grow({**whole("random"), "seed": seed}, OPEN_STATUSES * 3)
        world.advance(60 * DAY)
        lives.append(
            [(event.move, event.at) for events in world._state.events.values() for event in events]
        )
    assert lives[0] == lives[1] != lives[2]


def test_an_exchange_lives_by_itself():
    """What an exchange lives through does not depend on which others there are."""
    alone, among = grow(whole("random"), [2]), grow(whole("random"), [2, 6, 13, 2, 6])
    for world in (alone, among):
        world.advance(60 * DAY)
    lives = [
        [(f.move, f.at, f.target) for f in world._state.events[1000]] for world in (alone, among)
    ]
    assert lives[0] == lives[1]


def test_prompt_buyers_come_to_success(world, act):
    """A prompt buyer ships back within a day and confirms within half a day of delivery.

    The seller does the rest.
    """
    world.set_robots(RobotsDocument(buyer="prompt"))
    [exchange] = world.open({"status": 1})
    act(world, exchange, "agree")
    world.advance(DAY)
    assert world.exchange(exchange.dispute_id).status == 3
    act(world, exchange, "returngoods_agree")
    act(world, exchange, "consigngoods")
    world.advance(DAY / 2)
    assert world.exchange(exchange.dispute_id).status == 5


def test_adversarial_buyers_use_the_last_second():
    """An adversarial buyer ships back, cancels or confirms one second before the deadline."""
    world = grow(whole("adversarial"), [2, 13] * 20)
    world.advance(7 * DAY - 2 * SECOND)
    assert {int(exchange.status) for exchange in world._state.exchanges.values()} == {2, 13}
    world.advance(SECOND)
    assert {int(exchange.status) for exchange in world._state.exchanges.values()} == {3, 4, 13}
    world.advance(20 * DAY)
    confirmed = [lasted for event, lasted in facts_of(world) if event.move == "confirm_receipt"]
    assert confirmed
    assert set(confirmed) == {10 * DAY - SECOND}


def test_forgetful_buyers_leave_it_to_the_system():
    """Four of five exchanges of forgetful buyers, give or take, end by the system's hand."""
    world = grow(whole("forgetful"), [2] * 60)
    fired = world.advance(7 * DAY)
    by = Counter(event.move for event in fired if event.source == 2)
    assert by["expire"] + by["ship_back"] == 60
    assert 5 <= by["ship_back"] <= 20


def test_goods_travel_before_they_are_confirmed():
    """With a slow courier a prompt buyer confirms after four days, without one the same day."""
    for courier, least, most in (("slow", 4 * DAY, 10 * DAY), (None, timedelta(), DAY / 2)):
        world = grow({"robots": {"buyer": "prompt", "courier": courier}}, [13] * 30)
        world.advance(20 * DAY)
        lasted = [lasted for event, lasted in facts_of(world) if event.move == "confirm_receipt"]
        assert len(lasted) == 30
        assert least <= min(lasted) <= max(lasted) <= most


def test_a_lost_replacement_is_not_confirmed():
    """Where the courier loses the parcel the buyer does not confirm.

    The system does, at the deadline.
    """
    world = grow({"robots": {"buyer": "prompt", "courier": "forgetful"}}, [13] * 40)
    world.advance(20 * DAY)
    ended = Counter(event.move for event, _ in facts_of(world) if event.target == 5)
    assert ended["expire"] > 0
    assert ended["confirm_receipt"] > ended["expire"]


def test_the_courier_tells_of_the_returned_goods(add_world):
    """A parcel on its way back is announced once, when it has travelled, with its waybill.

    Nothing else happens.
    """
    world = add_world(robots={"courier": "slow"})
    [exchange] = world.open({"status": 3, "buyer_logistic_no": "YT0011223344"})
    world.advance(4 * DAY - SECOND)
    assert len(world._state.events[exchange.dispute_id]) == 3
    world.advance(6 * DAY - SECOND)
    [event] = world._state.events[exchange.dispute_id][3:]
    assert (event.move, event.target) == ("leave_message", 3)
    note = world._state.messages[exchange.dispute_id][-1]
    assert "已送达" in note.content
    assert "YT0011223344" in note.content
    assert world.exchange(exchange.dispute_id).modified == exchange.modified


def test_a_quarrel_ends_after_five_rounds():
    """Against a seller who always refuses a robot modifies five times, then ends otherwise."""
    for name in NAMES:
        world = grow({"robots": {"buyer": name}, "ruleset": "upgraded"}, [6] * 10)
        for _ in range(120):
            world.advance(12 * HOUR)
            for place in range(10):
                sell(world, place, "refuse")
        modified = [
            sum(f.move == "modify" for f in events) for events in world._state.events.values()
        ]
        assert max(modified) <= 5
        assert {int(exchange.status) for exchange in world._state.exchanges.values()} == {4}
        if name == "prompt":
            assert set(modified) == {5}


def test_customer_service_is_asked_only_where_there_is_one():
    """Without a customer service robot no buyer asks for it; with one each case is judged."""
    for cs in (None, "prompt"):
        world = grow({"robots": {"buyer": "adversarial", "cs": cs}}, [6] * 40)
        world.advance(60 * DAY)
        moves = Counter(event.move for event, _ in by_robots(world))
        assert moves["judge"] == moves["ask_cs"]
        assert (moves["ask_cs"] > 0) == (cs is not None)


def test_asked_by_hand_customer_service_answers(world, act):
    """A robot of customer service answers whoever asked.

    It steps in, then judges, while the buyer waits.
    """
    world.set_robots(RobotsDocument(buyer="adversarial", cs="prompt"))
    [exchange] = world.open({"status": 6})
    act(world, exchange, "ask_cs")
    fired = world.advance(30 * HOUR)
    assert [(event.role, event.move) for event in fired[:2]] == [
        (Role.CS, "step_in"),
        (Role.CS, "judge"),
    ]


def test_a_judgement_without_stock_is_another_one():
    """Without the wanted goods customer service does not judge for the buyer."""
    world = grow({"robots": {"buyer": None, "cs": "prompt"}, "ruleset": "upgraded"}, [6] * 30)
    for place in range(30):
        world.move(1000 + place, MOVES["ask_cs"](), Role.BUYER)
    world.advance(5 * HOUR)
    world.put_stock("wanted", 0)
    world.advance(2 * DAY)
    assert {int(exchange.status) for exchange in world._state.exchanges.values()} <= set(
        END_STATUSES
    )
    assert Counter(event.target for event, _ in facts_of(world) if event.move == "judge")[2] < 10


# buyers that come by themselves


def test_buyers_come_at_their_pace():
    """Over a hundred days about one application comes each span, for any goods and buyers."""
    world = grow({"robots": {"applies": "6h"}})
    world.advance(100 * DAY)
    came = list(world._state.exchanges.values())
    assert 320 <= len(came) <= 480
    assert {exchange.exchange_sku for exchange in came} == {
        goods.sku_id for goods in world._state.goods.values()
    }
    assert {exchange.buyer_nick for exchange in came} == world._state.buyers.keys()
    assert len({exchange.oid for exchange in came}) == len(came)


def test_a_sandbox_where_nobody_can_apply_stays_well(add_world):
    """In an odd snapshot that takes no application none comes, and calls are answered as ever."""
    world = add_world(robots={"applies": "1h"})
    odd = json.loads(write_snapshot(world._state))
    odd["trades"][0].update(oid=0, shop="别家店")
    world.snapshot("odd", read_snapshot(odd))
    world.restore("odd")
    with pytest.raises(BadDocument):
        world.open({})
    assert world.advance(DAY) == []
    assert (world.planned(), world.deadlines()) == ([], [])


def test_who_came_lives_on():
    """Robots act on the exchanges that came by themselves, from their first status on."""
    world = grow({"robots": {"buyer": "adversarial", "applies": "6h"}})
    world.advance(10 * DAY)
    assert {"cancel", "leave_message"} <= {
        event.move for event, _ in by_robots(world) if event.source == 1
    }


@pytest.mark.slow
def test_buyers_come_until_the_sandbox_is_full(add_world):
    """At twenty thousand exchanges nobody comes any more."""
    world = add_world(robots={"applies": "1m"})
    world.open({}, count=19_998)
    world.advance(HOUR)
    assert len(world._state.exchanges) == 20_000
    assert world.planned() == []


def test_buyers_come_to_an_emptied_sandbox(add_world):
    """After a reset to empty buyers come as before, with goods made for them."""
    world = add_world(robots={"buyer": "prompt", "applies": "1h"})
    world.reset(empty=True)
    world.advance(DAY)
    assert len(world._state.exchanges) > 5
    world.set_robots(RobotsDocument(buyer="prompt"))
    before = len(world._state.exchanges)
    world.advance(DAY)
    assert len(world._state.exchanges) == before


# robots and the rest of a sandbox


def test_without_robots_nothing_is_planned(world):
    """A sandbox without robots plans nothing, and its document does not speak of them."""
    world.open({"status": 2}, count=3)
    world.advance(DAY)
    assert (world._state.robots, world._state.plans, world.planned()) == (None, {}, [])
    assert not {"robots", "planned"} & json.loads(write_snapshot(world._state)).keys()


def test_a_deadline_comes_before_a_robot_of_the_same_instant(world):
    """A robot whose instant is the deadline's own is too late, as everybody is."""
    world.set_robots(RobotsDocument(buyer="prompt"))
    [exchange] = world.open({"status": 2})
    [plan] = world.planned()
    world.patch_rules({"deadline.2": f"{int((plan.at - world.now).total_seconds())}s"})
    fired = world.advance(DAY)
    assert [(event.move, event.at) for event in fired] == [("expire", plan.at)]
    assert world.exchange(exchange.dispute_id).status == 4


def test_moves_by_hand_are_followed(world, act):
    """When somebody moves an exchange by hand, the robot drops its plan and makes another."""
    world.set_robots(RobotsDocument(buyer="prompt", courier="prompt"))
    [exchange] = world.open({"status": 2})
    assert [plan.move for plan in world.planned()] == ["ship_back"]
    act(world, exchange, "ship_back")
    assert [plan.move for plan in world.planned()] == ["leave_message"]
    act(world, exchange, "returngoods_agree")
    assert world.planned() == []


def test_messages_disturb_no_plan(world, act):
    """A message changes no plan."""
    world.set_robots(RobotsDocument(buyer="prompt"))
    [exchange] = world.open({"status": 2})
    before = world.planned()
    world.advance(SECOND)
    act(world, exchange, "leave_message")
    assert world.planned() == before


def test_plans_count_from_the_setting_of_robots(world):
    """Robots set on an old exchange take their time from then on.

    Set again the same, they change nothing.
    """
    world.open({"status": 2, "created": "2026-02-20 10:00:00", "modified": "2026-02-27 10:00:00"})
    world.advance(DAY)
    world.set_robots(RobotsDocument(buyer="prompt"))
    [plan] = world.planned()
    assert world.now + timedelta(minutes=30) <= plan.at <= world.now + DAY
    world.advance(SECOND)
    world.set_robots(RobotsDocument(buyer="prompt"))
    assert world.planned() == [plan]
    world.set_robots(None)
    assert world.planned() == []


def test_late_robots_act_at_once(world):
    """A robot set when its usual instant has passed acts now, not in the past."""
    [exchange] = world.open({"status": 2})
    world.advance(7 * DAY - 2 * SECOND)
    world.set_robots(RobotsDocument(buyer="slow"))
    world.run_until_now()
    [*_, shipped] = world._state.events[exchange.dispute_id]
    assert (shipped.move, shipped.at) == ("ship_back", world.now)


def test_reset_brings_the_robots_back(add_world):
    """Robots belong to what a sandbox was made with.

    A reset brings them back, to empty without any plan.
    """
    world = add_world(robots={"buyer": "slow"}, samples=True)
    made = world._state.robots, world.planned()
    world.set_robots(None)
    world.advance(30 * DAY)
    world.reset()
    assert (world._state.robots, world.planned()) == made
    world.reset(empty=True)
    assert (world._state.robots, world.planned()) == (made[0], [])
    world.open({"status": 2})
    assert [plan.move for plan in world.planned()] == ["ship_back"]


def test_a_robot_ships_with_a_carrier_of_the_list(add_world):
    """Where carriers are checked the robot takes one of the sandbox's.

    Where there is none, it cannot ship.
    """
    strict = {"robots": {"buyer": "prompt"}, "rules": {"strict_logistics": True}}
    [exchange] = (world := add_world(carriers=[{"name": "本地快递"}], **strict)).open({"status": 2})
    [unknown] = (other := add_world(carriers=[], **strict)).open({"status": 2})
    world.advance(DAY)
    other.advance(8 * DAY)
    assert world.exchange(exchange.dispute_id).buyer_logistic_name == "本地快递"
    assert other.exchange(unknown.dispute_id).status == 4


def test_what_robots_say_fits_the_rule():
    """A robot says nothing that is longer than messages may be."""
    world = grow({**whole("adversarial"), "rules": {"message_max_bytes": 10}}, OPEN_STATUSES * 4)
    world.advance(40 * DAY)
    assert by_robots(world)
    human = [
        m.content
        for thread in world._state.messages.values()
        for m in thread
        if "【物流】" in m.content or "？" in m.content
    ]
    assert human == []


def test_other_goods_are_wished_for():
    """An adversarial buyer modifies to other goods of the sandbox."""
    world = grow(whole("adversarial"), [6] * 30)
    skus = {goods.sku_id for goods in world._state.goods.values()}
    first = {number: exchange.exchange_sku for number, exchange in world._state.exchanges.items()}
    world.advance(4 * DAY)
    changed = {
        number: exchange.exchange_sku
        for number, exchange in world._state.exchanges.items()
        if exchange.exchange_sku != first[number]
    }
    assert changed
    assert set(changed.values()) <= skus


@pytest.mark.parametrize("policy", ["adversarial", "random"])
def test_robots_modify_before_the_seller_decides(policy):
    """At status 1 some buyers ask for other goods: the buyer moves and the status stays.

    Source: docs/spec/evidence-2026-11.md#evidence-1.
    """
    world = grow(whole(policy), [1] * 200)
    world.advance(2 * DAY)

    changed = [
        event
        for events in world._state.events.values()
        for event in events
        if event.move == "modify" and event.source == 1
    ]
    assert changed
    assert {event.target for event in changed} == {1}
    assert not [event for event in changed if event.role is not Role.BUYER]


@pytest.mark.parametrize("empty", [True, False])
def test_robots_bear_a_bare_sandbox(add_world, empty):
    """With no goods or one only, robots still act and nothing breaks."""
    world = add_world(robots={"buyer": "adversarial", "courier": "random", "cs": "random"})
    world.reset(empty=empty)
    world.open({"status": 6}, count=20)
    world._state.goods.clear()
    world.advance(60 * DAY)
    assert {int(exchange.status) for exchange in world._state.exchanges.values()} <= set(
        END_STATUSES
    )


def test_an_unknown_policy_is_reported(add_world):
    """A world document without a behaviour's name is refused by its field, with a suggestion."""
    with pytest.raises(BadDocument, match="prompt") as refused:
        add_world(robots={"buyer": "promt"})
    assert refused.value.field == "robots.buyer"
    with pytest.raises(BadDocument) as refused:
        add_world(robots={"seller": "prompt"})
    assert refused.value.field == "robots.seller"


@pytest.mark.parametrize(
    "change",
    [
        lambda document: document["planned"][0].update(dispute_id=5),
        lambda document: document["planned"].append(document["planned"][0]),
        lambda document: document["planned"][0].update(party="courier"),
        lambda document: document["planned"][0].update(party="__class__"),
        lambda document: document["planned"][0].update(at="2026-03-01T10:00:00"),
        lambda document: document.pop("robots"),
        lambda document: document["robots"].update(buyer="nobody"),
        lambda document: document["planned"][0].update(dispute_id=0),
    ],
)
def test_a_document_whose_plans_do_not_fit_is_refused(add_world, change):
    """Impossible plans are refused, and nothing changes.

    Of unknown exchanges, of parties without a robot, twice, or without a zone.
    """
    world = add_world(robots={"buyer": "prompt"})
    world.open({"status": 2})
    document = json.loads(write_snapshot(world._state))
    change(document)
    with pytest.raises(BadDocument):
        read_snapshot(document)

"""The recorder: a recorded history, run on a fresh sandbox, leads to the same states."""

import json
import time
from contextlib import suppress
from datetime import datetime, timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from mockserver.control.in_process import InProcessControl, in_process_target
from mockserver.domain.errors import DomainError
from mockserver.domain.vocabulary import Role
from mockserver.protocol.shapes import BEIJING, format_time
from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.history_writer import HistoryTooLong
from mockserver.scenario.library import list_shipped, read_shipped
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.recorder import record_scenario
from mockserver.scenario.runner import RunSettings, run_scenario
from mockserver.scenario.schema import make_scenario_schema
from mockserver.scenario.static_check import check_scenario
from mockserver.scenario.yaml_text import MAX_FILE_BYTES, read_yaml
from mockserver.server import make_context
from mockserver.world.document import read_world
from mockserver.world.move_parser import parse_move
from mockserver.world.snapshot import read_snapshot, write_snapshot
from mockserver.world.world import World

VALIDATOR = Draft7Validator(make_scenario_schema())
REAL = datetime(2026, 3, 1, 12, 0, 0, tzinfo=BEIJING)
LAW = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    stateful_step_count=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


class Machine:
    """The machine's clock, set by hand."""

    def __init__(self):
        self.now = REAL

    def __call__(self):
        return self.now


def make_world(machine=None, **document):
    """A world of a new server context."""
    context = make_context()
    context.directory.real = machine or Machine()
    world = World(context.directory, read_world(document))
    context.directory.add(world)
    return context, world


def recorded(world):
    """The text of the world's history."""
    with world.unit_of_work() as work:
        return record_scenario(work.view.copy(), work.now, world.id)


def played(scenario):
    """The world in which the scenario has been run, all as expected."""
    context, world = make_world(**scenario.world)
    result = run_scenario(
        scenario,
        in_process_target(InProcessControl(context), world.id, temporary=False),
        RunSettings(waiter=ClientWaiter(time.monotonic, time.sleep)),
    )
    assert result.ok, result.trouble
    return world


def replayed(text):
    """The world in which a recorded text has been run."""
    scenario = read_scenario(text, "recorded.yaml")
    assert check_scenario(scenario) == ()
    assert list(VALIDATOR.iter_errors(read_yaml(text).plain())) == []
    return played(scenario)


def act(world, exchange, by, move, sub=False, **fields):
    """A move as the control API plays it."""
    played = parse_move(by, move, fields, world._state.rules, sub=sub)
    return world.move(exchange.dispute_id, played.move, played.role, pictures=played.pictures)


def operations_of(world, *, times=True):
    """What happened, in order: exchange by its place, who, what, from, to, when."""
    with world.unit_of_work():
        state = world._state
        events = sorted(
            (event for events in state.events.values() for event in events),
            key=lambda event: event.number,
        )
        places = {
            number: place
            for place, number in enumerate(dict.fromkeys(event.dispute_id for event in events))
        }
        return [
            (
                places[event.dispute_id],
                event.role.actor,
                event.role is Role.SELLER_SUB,
                event.move,
                event.source,
                event.target,
                event.cs,
                format_time(state.clock.show(event.at)) if times else "",
            )
            for event in events
        ]


def standing(world):
    """What stands at last: statuses, customer service, waybills, words, pictures, stock."""
    with world.unit_of_work():
        state = world._state
        return {
            "exchanges": [
                (
                    exchange.status,
                    exchange.cs_status,
                    exchange.num,
                    exchange.exchange_sku,
                    exchange.reserved,
                    exchange.reason,
                    exchange.desc,
                    exchange.buyer_logistic_no,
                    exchange.seller_logistic_no,
                    exchange.address,
                )
                for exchange in (state.exchanges[number] for number in state.events)
            ],
            "messages": [
                [(m.role.actor, m.content, m.pictures) for m in state.messages[number]]
                for number in state.events
            ],
            "stock": {
                sku: msgspec.structs.asdict(accounts) for sku, accounts in state.accounts.items()
            },
        }


def assert_same(world, again, *, times=True):
    """Both worlds have gone through the same and stand the same."""
    assert operations_of(again, times=times) == operations_of(world, times=times)
    assert standing(again) == standing(world)
    if times:
        assert format_time(again.now) == format_time(world.now)


WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20).filter(
    lambda text: text.strip() == text
)
SPANS = st.one_of(
    st.timedeltas(timedelta(), timedelta(days=12)),
    st.sampled_from([timedelta(days=day) for day in (2, 3, 5, 7, 10)]),
)
SPANS = SPANS.map(lambda span: timedelta(seconds=int(span.total_seconds())))
PLACES = st.integers(0, 2)
STEPS = st.one_of(
    st.tuples(
        st.just("open"),
        st.fixed_dictionaries(
            {},
            optional={
                "ruleset": st.sampled_from(["classic", "upgraded"]),
                "num": st.integers(1, 3),
                "reason": WORDS,
                "desc": WORDS,
                "status": st.sampled_from([1, 1, 2, 3, 4, 6, 12, 13]),
                "price": st.sampled_from(["12.50", 199, 1.5]),
                "exchange_sku": st.sampled_from(["wanted", "shoes", "4711"]),
            },
        ),
    ),
    st.tuples(
        st.just("move"),
        PLACES,
        st.sampled_from(
            [
                (by, name)
                for by, names in {
                    "buyer": ["ship_back", "modify", "cancel", "ask_cs", "confirm_receipt"],
                    "seller": [
                        "agree",
                        "refuse",
                        "returngoods_agree",
                        "returngoods_refuse",
                        "consigngoods",
                        "confirm_consign",
                        "turn_to_refund",
                    ],
                    "cs": ["step_in", "judge"],
                    "system": ["expire"],
                }.items()
                for name in names
            ]
        ),
        st.integers(0, 3),
        st.booleans(),
    ),
    st.tuples(st.just("forward"), PLACES),
    st.tuples(st.just("forward"), PLACES),
    st.tuples(
        st.just("say"), PLACES, st.sampled_from(["buyer", "seller", "cs"]), WORDS, st.booleans()
    ),
    st.tuples(st.just("advance"), SPANS),
    st.tuples(st.just("age"), SPANS),
    st.tuples(st.just("next"), st.sampled_from([-1, 0, 1]), st.booleans()),
    st.tuples(st.just("stock"), st.sampled_from(["wanted", "bought"]), st.integers(0, 3)),
    st.tuples(
        st.just("rules"),
        st.sampled_from(
            [
                {"modify_to": 3},
                {"deadline.1": "1h"},
                {"deadline.2": "0s"},
                {"deadline.12": "9d", "text.2": "退货中"},
                {"strict_logistics": True},
            ]
        ),
    ),
)
FORWARD = {
    1: ("seller", "agree"),
    2: ("buyer", "ship_back"),
    3: ("seller", "returngoods_agree"),
    6: ("buyer", "ask_cs"),
    12: ("seller", "consigngoods"),
    13: ("buyer", "confirm_receipt"),
}
PICTURE = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def fields_of(move, choice):
    """Fields worth recording with a move."""
    return {
        "modify": [
            {},
            {"num": 2},
            {"exchange_sku": "shoes"},
            {"desc": "换一件 $5", "reason": "a: b"},
        ],
        "judge": [{}, {"for": "seller"}, {"for": "refund"}, {"content": "判定：支持买家"}],
        "agree": [
            {},
            {"address_id": 10000001},
            {"leave_message": "请寄回"},
            {"leave_message": "见图", "leave_message_pics": [PICTURE]},
        ],
        "ship_back": [{}, {"logistics_no": "0012345"}, {"logistics_company_name": "圆通速递"}, {}],
        "consigngoods": [{}, {"logistics_no": "YT123456789"}, {"logistics_type": 100}, {}],
        "refuse": [{}, {"leave_message": "true"}, {"seller_refuse_reason_id": 1104}, {}],
        "returngoods_refuse": [
            {},
            {"leave_message": "有\n破损"},
            {"seller_refuse_reason_id": 1040},
            {},
        ],
    }.get(move, [{}] * 4)[choice]


def do(world, step):
    """One step of a history; what is not possible changes nothing."""
    kind, *rest = step
    opened = list(world._state.exchanges.values())
    if kind == "open":
        if len(opened) < 3:
            world.open(rest[0])
    elif kind == "advance":
        world.advance(rest[0])
    elif kind == "age":
        world.age(rest[0])
    elif kind == "next":
        due = world.deadlines()
        if due and (span := due[0][0] - world.now + timedelta(seconds=rest[0])) > timedelta():
            (world.age if rest[1] else world.advance)(span)
    elif kind == "stock":
        world.put_stock(*rest)
    elif kind == "rules":
        world.patch_rules(rest[0])
    elif kind == "back":
        world.set_clock(running=False, now=world.now - rest[0])
    elif opened:
        exchange = opened[rest[0] % len(opened)]
        if kind == "say":
            step = (
                rest[1],
                "leave_message",
                {"content": rest[2], **({"pics": [PICTURE]} if rest[3] else {})},
                False,
            )
        elif kind == "forward":
            by, name = FORWARD.get(exchange.status, ("buyer", "cancel"))
            step = (by, name, {}, False)
        else:
            (by, name), choice, sub = rest[1:]
            step = (by, name, fields_of(name, choice), sub and by == "seller")
        by, name, fields, sub = step
        with suppress(DomainError):
            act(world, exchange, by, name, sub, **fields)


@pytest.mark.slow
@LAW
@given(st.lists(STEPS, max_size=25))
def test_a_recorded_history_replays(steps):
    """Whatever buyer, seller, customer service, time, stock and rules did.

    Recorded and run, it is the same again.
    """
    _, world = make_world()
    world.open({})
    for step in steps:
        do(world, step)
    text = recorded(world)
    assert "未能照录" not in text
    assert_same(world, replayed(text))
    assert recorded(world) == text


@pytest.mark.slow
@LAW
@given(st.lists(st.one_of(STEPS, st.tuples(st.just("back"), SPANS)), max_size=20))
def test_a_clock_set_back_is_reported_by_states(steps):
    """Where the clock was set back, the same moves in the same order lead to the same states."""
    _, world = make_world()
    world.open({})
    for step in [
        *steps[:10],
        ("advance", timedelta(days=1)),
        ("back", timedelta(days=1, hours=1)),
        ("say", 0, "cs", "时光倒流", False),
        *steps[10:],
    ]:
        do(world, step)
    text = recorded(world)
    again = replayed(text)
    assert_same(world, again, times=False)


def test_what_the_platform_filled_in_is_reported():
    """Return address, refuse reason and waybill stand in the scenario, given or not."""
    _, world = make_world()
    [exchange] = world.open({})
    act(world, exchange, "seller", "agree")
    act(world, exchange, "buyer", "ship_back")
    act(world, exchange, "seller", "returngoods_refuse")
    text, waybill = recorded(world), world.exchange(exchange.dispute_id).buyer_logistic_no
    assert all(
        f"    {line}\n" in text
        for line in (
            "address_id: 10000002",
            f"logistics_no: {waybill}",
            "seller_refuse_reason_id: 118",
        )
    )


def test_what_a_rule_made_due_is_reported_after_it():
    """A deadline that a new rule shortens to nothing fires after the rule in the scenario too."""
    _, world = make_world()
    [exchange] = world.open({})
    act(world, exchange, "seller", "agree")
    world.patch_rules({"deadline.2": "0s"})
    text = recorded(world)
    assert [line.strip() for line in text.splitlines() if "status:" in line] == [
        "expect: {status: 1}",
        "expect: {status: 2}",
        "- expect: {status: 4, moved_by: system}",
        "- expect: {status: 4, messages: 3}",
    ]
    assert_same(world, replayed(text))


def test_rules_after_a_clock_was_set_back_let_nothing_expire():
    """Where no time passes, a shortened deadline is no step: the system's move is."""
    _, world = make_world()
    [exchange] = world.open({})
    act(world, exchange, "seller", "agree")
    do(world, ("back", timedelta(days=1)))
    act(world, exchange, "buyer", "leave_message", content="在吗")
    world.advance(timedelta(days=1, hours=1))
    world.patch_rules({"deadline.2": "0s", "modify_to": 3})
    text = recorded(world)
    assert "rules: {modify_to: 3}" in text
    assert "system: expire" in text
    assert_same(world, replayed(text), times=False)


def test_nothing_private_is_recorded():
    """Credentials, people and their numbers stand in no recording; words and ids do."""
    private = [
        "SECRET1",
        "SESSION1",
        "SESSION2",
        "张三",
        "李四",
        "13800000001",
        "幸福路1号",
        "AAHreal",
        "oaid-real",
        "小李爱买",
        "310000",
    ]
    _, world = make_world(
        apps=[{"app_key": "777", "app_secret": "SECRET1"}],
        shops=[
            {
                "nick": "甲店",
                "session": "SESSION1",
                "subs": [{"nick": "甲店:客服", "session": "SESSION2"}],
                "addresses": [
                    {
                        "contact_id": 5,
                        "contact_name": "张三",
                        "addr": "幸福路1号",
                        "phone": "13800000001",
                    }
                ],
            }
        ],
        buyers=[
            {"nick": "小李爱买", "name": "李四", "phone": "13800000001", "open_uid": "AAHreal"}
        ],
    )
    [exchange] = world.open(
        {
            "dispute_id": "900719925474099301",
            "buyer_nick": "小李爱买",
            "buyer_name": "李四",
            "buyer_phone": 13800000001,
            "buyer_address": "幸福路1号",
            "oaid": "oaid-real",
            "desc": "想换大一号",
            "tid": "8",
            "oid": "9",
        }
    )
    act(
        world,
        exchange,
        "seller",
        "agree",
        complete_address="幸福路1号",
        mobile="13800000001",
        post="310000",
        leave_message="请寄回",
    )
    text = recorded(world)
    assert [word for word in private if word in text] == []
    assert all(
        word in text
        for word in ("900719925474099301", "想换大一号", "请寄回", "甲店", "contact_id: 5")
    )
    again = replayed(text)
    assert (again.exchange(exchange.dispute_id).tid, again.exchange(exchange.dispute_id).oid) == (
        8,
        9,
    )


def test_moving_rows_leave_no_trace_in_a_recording(caller_of):
    """A sandbox with `moving_rows` is replayed to the same exchanges, instants included."""
    _, world = make_world()
    exchanges = world.open({}, 4)
    world.plan_faults({"fault": "moving_rows", "times": None})
    caller = caller_of(world)
    for page_no in (1, 2):
        caller.result("tmall.exchange.receive.get", fields="modified", page_size=2, page_no=page_no)
    assert [fault["hits"] for fault in world.planned_faults()] == [1]
    act(world, exchanges[0], "seller", "agree")
    again = replayed(recorded(world))
    assert list(again.view.exchanges()) == list(world.view.exchanges())


def test_a_running_clock_is_reported_by_instants():
    """Time that passed by itself passes in the scenario, deadlines included."""
    machine = Machine()
    _, world = make_world(machine, clock={"mode": "running"})
    [exchange] = world.open({})
    machine.now += timedelta(hours=5)
    act(world, exchange, "seller", "agree")
    machine.now += timedelta(days=9)
    again = replayed(recorded(world))
    assert world.exchange(exchange.dispute_id).status == 4
    assert_same(world, again)


@pytest.mark.parametrize("mode", ["frozen", "running"])
def test_only_what_still_stands_is_reported(mode):
    """What a restored snapshot or a reset took back is not in the scenario, and what follows is."""
    machine = Machine()
    _, world = make_world(machine, clock={"mode": mode}, samples=True)
    world.reset()
    exchange = next(item for item in world._state.exchanges.values() if item.status == 2)
    act(world, exchange, "buyer", "ship_back")
    world.open({"status": 3, "created": "2026-02-25 08:00:00", "modified": "2026-02-28 08:00:00"})
    world.snapshot("kept")
    act(world, exchange, "seller", "returngoods_agree")
    world.advance(timedelta(days=1))
    machine.now += timedelta(days=2)
    world.restore("kept")
    world.age(timedelta(hours=3))
    world.open(
        {
            "status": 13,
            "created": "2026-02-20 08:00:00",
            "modified": "2026-02-28 08:00:00",
            "time_out": "2026-03-09 08:00:00",
        }
    )
    act(world, exchange, "seller", "turn_to_refund")
    text = recorded(world)
    assert text.count("buyer: apply") == 11
    assert "returngoods_agree" not in text
    assert_same(world, replayed(text))


@pytest.mark.parametrize("policy", ["prompt", "adversarial", "random"])
def test_robots_are_reported_as_the_parties_they_play(policy):
    """What robots did are moves of the scenario, which needs no robots.

    Buyers that come by themselves included.
    """
    _, world = make_world(
        robots={"buyer": policy, "courier": policy, "cs": policy, "applies": "9h"},
        goods={"wanted": {"stock": 3}},
    )
    for span in (timedelta(days=1), timedelta(days=2, hours=7), timedelta(hours=1)):
        world.advance(span)
        for exchange in list(world._state.exchanges.values()):
            for move in ("agree", "returngoods_refuse", "consigngoods"):
                with suppress(DomainError):
                    act(world, exchange, "seller", move)
        world.age(span)
    text = recorded(world)
    assert len(world._state.exchanges) > 5
    steps = [line for line in text.splitlines() if not line.startswith("#")]
    assert "robots" not in "\n".join(steps)
    assert_same(world, replayed(text))


def test_an_emptied_sandbox_is_reported():
    """A reset to nothing is the first step; what is opened then makes its own goods."""
    _, world = make_world(samples=True, rules={"deadline.1": "1h"})
    world.patch_rules({"deadline.1": "9h"})
    world.reset(empty=True)
    world.open({"exchange_sku": "4711"})
    world.put_stock("4711", 0)
    world.advance(timedelta(hours=2))
    text = recorded(world)
    assert "restore: empty" in text
    again = replayed(text)
    assert_same(world, again)
    assert [exchange.status for exchange in again._state.exchanges.values()] == [4]


def test_an_untouched_sandbox_is_a_scenario():
    """A history of nothing is a scenario that plays."""
    assert replayed(recorded(make_world()[1]))._state.exchanges == {}


@pytest.mark.parametrize("version", [1, 2])
def test_a_stored_document_is_reported_as_it_stood(version):
    """Exchanges of a document of version 1 have no history: they are opened where they stood.

    Version 2 brings the operations, so nothing is missing.
    """
    _, world = make_world(rules={"modify_to": 3}, goods={"wanted": {"stock": 8}})
    for status in (1, 2, 6, 13):
        world.open({"status": status, "num": 2})
    act(world, list(world._state.exchanges.values())[2], "buyer", "ask_cs")
    context, _ = make_world()
    document = json.loads(write_snapshot(world.snapshot("kept")))
    if version == 1:
        added = {"operations", "coverage", "moved_rows"}
        document = {key: value for key, value in document.items() if key not in added}
        document["version"] = 1
    copy = World(context.directory, read_world({}), state=read_snapshot(document))
    first, second, third, _ = copy._state.exchanges.values()
    act(copy, first, "seller", "agree")
    copy.open({"num": 2})
    act(copy, third, "cs", "judge", **{"for": "seller"})
    copy.open({"reason": "不喜欢"})
    copy.advance(timedelta(days=30))
    text = recorded(copy)
    assert ("快照文档" in text.partition("scenario:")[0]) is (version == 1)
    again = replayed(text)
    assert [
        (exchange.status, exchange.cs_status) for exchange in again._state.exchanges.values()
    ] == [(exchange.status, exchange.cs_status) for exchange in copy._state.exchanges.values()]
    assert (
        again._state.accounts[first.exchange_sku].available
        == copy._state.accounts[first.exchange_sku].available
    )
    assert set(again._state.exchanges) >= {first.dispute_id, second.dispute_id}


def test_several_shops_and_accounts_are_reported():
    """An exchange is its own shop's; a sub-account acts where the shop has one."""
    _, world = make_world(shops=[{"nick": "甲店"}, {"nick": "乙店", "subs": []}])
    for shop in ("甲店", "乙店"):
        [exchange] = world.open({"shop": shop})
        act(world, exchange, "seller", "agree", sub=True)
        act(world, exchange, "buyer", "ship_back")
        act(world, exchange, "seller", "turn_to_refund", sub=shop == "甲店")
    again = replayed(recorded(world))
    assert standing(again) == standing(world)
    assert [exchange.shop for exchange in again._state.exchanges.values()] == ["甲店", "乙店"]
    assert [
        event.role
        for events in again._state.events.values()
        for event in events
        if event.role.actor == "seller"
    ] == [Role.SELLER_SUB, Role.SELLER_SUB, Role.SELLER_MAIN, Role.SELLER_MAIN]


def test_what_no_signed_call_can_carry_is_named():
    """What a scenario cannot have is left out and noted at the top.

    A field, a second picture or a large picture.
    """
    _, world = make_world()
    [exchange] = world.open({"status": 12})
    large = "data:image/png;base64," + PICTURE.partition(",")[2].rstrip("=") + "A" * 20_002
    act(
        world,
        exchange,
        "buyer",
        "leave_message",
        content="图",
        pics=["https://img.example/a.png", PICTURE, large],
    )
    act(
        world,
        exchange,
        "seller",
        "leave_message",
        content="两张图",
        pics=[PICTURE, "data:image/gif;base64,R0lGODlh"],
    )
    act(
        world,
        exchange,
        "seller",
        "leave_message",
        content="一个地址",
        pics=["https://img.example/a.png"],
    )
    act(world, exchange, "seller", "consigngoods", logistics_type=7, logistics_company_name="")
    text = recorded(world)
    again = replayed(text)
    head = text.partition("scenario:")[0]
    assert all(
        word in head
        for word in ("logistics_type", "logistics_company_name", "大于 8 KiB", "一个图片文件")
    )
    assert [len(message.pictures) for message in again._state.messages[exchange.dispute_id]][
        -4:
    ] == [2, 1, 0, 0]
    assert again.exchange(exchange.dispute_id).status == 13


def test_a_history_that_no_file_can_hold_is_refused():
    """A history longer than a file may be is refused with its length."""
    _, world = make_world()
    world.open({}, 5_000)
    with pytest.raises(HistoryTooLong) as refused:
        recorded(world)
    assert "10000" in refused.value.zh
    world.reset()
    world.open({"desc": "长" * 1000}, 300)
    assert len(recorded(world).encode()) < MAX_FILE_BYTES
    world.open({"desc": "长" * 1000}, 300)
    with pytest.raises(HistoryTooLong):
        recorded(world)


@pytest.mark.slow
def test_every_shipped_scenario_can_be_recorded():
    """What any shipped scenario does is recorded; it replays as the same moves and instants."""
    for name in list_shipped():
        scenario = read_scenario(read_shipped(name), name)
        world = played(scenario)
        text = recorded(world)
        assert "未能照录" not in text, name
        assert operations_of(replayed(text)) == operations_of(world), name


def test_writes_beside_exchanges_are_repeated(caller_of):
    """A shipped and corrected trade, a refund that was reviewed, written to and paid back."""
    tid = 3571000000000000011
    line = {"tid": tid, "oid": tid + 1, "status": "WAIT_SELLER_SEND_GOODS"}
    world = make_world(trades=[line], seed=5)[1]
    top = caller_of(world)
    parcel = {"tid": tid, "company_code": "SF"}
    top.result("taobao.logistics.offline.send", **parcel, out_sid="SF1")
    top.result("taobao.logistics.consign.resend", **parcel, out_sid="SF2")
    exchange = world.open({"status": 14})[0]
    refunds = top.result("taobao.refunds.receive.get", fields="refund_id,refund_version,desc")
    row = next(row for row in refunds["refunds"]["refund"] if row.get("desc") == "换货转退款")
    refund_id, version = row["refund_id"], row["refund_version"]
    review = {"refund_id": refund_id, "operator": "王小明", "refund_phase": "aftersale"}
    top.result(
        "taobao.rp.refund.review", **review, refund_version=version, message="同意", result="true"
    )
    infos = f"{refund_id}|{exchange.payment}|{version}|aftersale"
    top.result("taobao.rp.refunds.agree", refund_infos=infos, session=top.sub_session)

    text = recorded(world)
    again = replayed(text)

    assert "王小明" not in text
    assert [(order.oid, order.status, order.waybill) for order in again.view.trades()] == [
        (order.oid, order.status, order.waybill) for order in world.view.trades()
    ]
    assert [progress.status for progress in again._state.refunds.values()] == [
        progress.status for progress in world._state.refunds.values()
    ]

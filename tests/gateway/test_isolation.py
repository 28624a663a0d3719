"""Sellers and sandboxes never see each other; sub-accounts act for their seller."""

import json
import threading

import pytest

from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.world.directory import Directory
from mockserver.world.document import WorldDocument, read_document
from mockserver.world.world import World

GET = "tmall.exchange.get"
LIST = "tmall.exchange.receive.get"
TWO = {
    "shops": [
        {"nick": "甲店", "session": "S1", "subs": [{"nick": "甲店:小一", "session": "S1SUB"}]},
        {"nick": "乙店", "session": "S2", "subs": []},
    ]
}


@pytest.fixture
def sellers(make_world, caller_of):
    """A sandbox of two shops with one exchange each, 1 and 2."""
    world = make_world(**TWO)
    for number, shop in ((1, "甲店"), (2, "乙店")):
        world.open({"dispute_id": number, "shop": shop, "tid": 60 + number})
    return caller_of(world)


@pytest.mark.parametrize(
    "method",
    [
        GET,
        "tmall.exchange.agree",
        "tmall.exchange.refuse",
        "tmall.exchange.returngoods.agree",
        "tmall.exchange.returngoods.refuse",
        "tmall.exchange.consigngoods",
        "tmall.exchange.confirm.consign",
        "tmall.exchange.message.add",
        "tmall.exchange.messages.get",
        "tmall.exchange.refusereason.get",
    ],
)
def test_another_sellers_exchange_does_not_exist(sellers, whole_state, method):
    """Another seller's exchange is answered like one that does not exist, and not changed."""
    arguments = {
        "fields": "status",
        "address_id": 10000002,
        "seller_refuse_reason_id": 1101,
        "logistics_no": "SF12345",
        "logistics_type": 200,
        "logistics_company_name": "顺丰快递",
        "content": "x",
        "session": "S1",
    }
    before = whole_state(sellers.world)
    foreign, unknown = (
        sellers.result(method, dispute_id=number, **arguments)["result"] for number in (2, 3)
    )
    assert whole_state(sellers.world) == before
    assert foreign.get("msg_code", foreign.get("error_code")) == "DISPUTE_NOT_EXIST"
    assert {name: str(value).replace("2", "3") for name, value in foreign.items()} == {
        name: str(value) for name, value in unknown.items()
    }


@pytest.mark.parametrize(("session", "dispute_id"), [("S1", "1"), ("S1SUB", "1"), ("S2", "2")])
def test_lists_show_own_exchanges_only(sellers, session, dispute_id):
    """A seller's list shows the seller's own exchanges, whatever ids are asked for.

    Main and sub-account alike.
    """
    reply = sellers.result(LIST, fields="dispute_id", refund_id_array="1,2", session=session)
    assert [row["dispute_id"] for row in reply["results"]["exchange"]] == [dispute_id]
    assert sellers.result(LIST, fields="dispute_id", session=session)["total_results"] == 1


def test_another_sellers_trade_and_addresses_are_not_shown(sellers):
    """Trades and addresses are the session's own."""
    wrong = sellers("taobao.trade.fullinfo.get", tid=62, fields="tid", session="S1")[
        "error_response"
    ]
    assert (wrong["code"], wrong["sub_code"]) == (15, "isv.trade-not-exist")
    assert sellers.result("taobao.trade.fullinfo.get", tid=62, fields="tid", session="S2")[
        "trade"
    ] == {"tid": 62}


def test_sub_account_acts_for_its_seller(sellers):
    """A sub-account's call passes, and its message is signed with its own nick and role."""
    done = sellers.result(
        "tmall.exchange.message.add",
        dispute_id=1,
        content="子账号留言",
        fields="owner_nick,owner_role",
        session="S1SUB",
    )
    assert done["result"]["results"]["refund_message"] == [
        {"owner_nick": "甲店:小一", "owner_role": "卖家子账户"}
    ]


def test_sandboxes_of_one_app_are_found_by_session(world, top):
    """One app key in two sandboxes reaches each by its session, and the first without one."""
    [app] = world._state.apps.values()
    document = {
        "apps": [{"app_key": app.app_key, "app_secret": app.app_secret}],
        "shops": [{"session": "OTHER", "subs": []}],
        "clock": "2026-03-01 10:05:00",
    }
    other = World(world.directory, read_document(document, WorldDocument), id="other")
    world.directory.add(other)
    other.open({"dispute_id": 9})
    assert top.result(LIST, fields="dispute_id", session="OTHER")["total_results"] == 1
    assert top.result(LIST, fields="dispute_id")["total_results"] == 0
    assert top.result("taobao.time.get", session="OTHER")["time"] == "2026-03-01 10:05:00"
    assert top.result("taobao.time.get", session=None)["time"] == "2026-03-01 10:00:00"
    assert (world.journal.select({}, 9)[0], other.journal.select({}, 9)[0]) == (2, 2)


def test_calls_of_one_sandbox_leave_the_other_alone(make_world, world, top, whole_state):
    """Whatever happens in one sandbox, another one stays as it was."""
    other = World(world.directory, WorldDocument(samples=True), id="other")
    world.directory.add(other)
    before = whole_state(other)
    caller = type(top)(Gateway(SandboxLookup(world.directory)), world)
    [exchange] = world.open({})
    [shop] = world._state.shops.values()
    caller.result(
        "tmall.exchange.agree",
        dispute_id=exchange.dispute_id,
        address_id=shop.addresses[0].contact_id,
        fields="status",
    )
    foreign = next(iter(other._state.exchanges))
    assert json.dumps(caller.result(GET, dispute_id=foreign, fields="status")).count("status") <= 1
    assert whole_state(other) == before
    assert other.journal.select({}, 1)[0] == 0


def test_no_reset_comes_between_check_and_move(caller_of, beijing):
    """A reset that begins during a call happens after it: the call's checks and its move see one
    state.

    The sandbox reads the clock at each stage of a call; each time the reset gets its chance, but
    for the first: before the checks it is noted when the sandbox was used.
    """
    now = beijing("2026-03-01 10:00:00")
    resets: list[threading.Thread] = []
    came_between: list[bool] = []
    noted: list[bool] = []
    caller_thread = threading.get_ident()

    def real():
        if resets and threading.get_ident() == caller_thread and not noted:
            noted.append(True)
        elif resets and threading.get_ident() == caller_thread:
            [reset] = resets
            if not reset.ident:
                reset.start()
            reset.join(0.05)
            came_between.append(not reset.is_alive())
        return now

    directory = Directory(real)
    world = World(directory, read_document({}, WorldDocument), id="default")
    directory.add(world)
    dispute_id = world.open({})[0].dispute_id
    caller = caller_of(world)
    params = caller.params(
        "tmall.exchange.agree", dispute_id=dispute_id, address_id=10000002, fields="status"
    )
    resets.append(threading.Thread(target=world.reset, daemon=True))
    reply = json.loads(caller.send(params).body)["tmall_exchange_agree_response"]
    reset = resets.pop()
    reset.join(30)

    assert reply["result"]["success"] is True
    assert len(came_between) >= 2 and not any(came_between)
    assert world.view.events() == []

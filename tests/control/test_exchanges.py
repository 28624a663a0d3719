"""Exchanges and moves over the control API, stock and events.

Sources: docs/control-api.md, rules.md.
"""

from itertools import pairwise

import pytest

from tests.oracle import END_STATUSES, STATUS_TEXTS, STATUSES

CAPTURED = {
    "dispute_id": "2718281828459045",
    "biz_order_id": "314159265358979323",
    "alipay_no": "314159265358979320",
    "status": "买家已退货，待收货",
    "created": "2026-02-20 09:30:00",
    "modified": "2026-02-25 18:00:00",
    "time_out": "2026-03-07 18:00:00",
    "title": "真皮钱包",
    "num": 2,
    "price": "88.50",
    "reason": "尺码不合适",
    "desc": "偏小",
    "bought_sku": "5550001112223",
    "exchange_sku": "5550001112224",
    "buyer_nick": "外来买家",
    "buyer_open_uid": "AAHx9",
    "buyer_name": "赵某",
    "buyer_phone": "10000000000",
    "buyer_address": "浙江省^^^杭州市^^^西湖区^^^转塘街道",
    "address": "江苏省苏州市",
    "seller_nick": "别的店",
    "buyer_logistic_name": "顺丰速运",
    "buyer_logistic_no": "SF9988776655",
    "refund_phase": "aftersale",
    "refund_version": 1771840000000,
    "advance_status": 0,
    "cs_status": 1,
    "good_status": "BUYER_RETURNED_GOODS",
    "operation_contraint": "null",
    "attributes": '{"storeCode","SS"}',
}


def test_open(api):
    """An opened exchange has the promised members and waits for the seller."""
    document = api("POST", "exchanges", {}, 201)
    assert {
        "dispute_id",
        "status",
        "status_text",
        "ruleset",
        "deadline",
        "possible",
        "timeline",
    } <= set(document)
    assert (document["status"], document["status_text"], document["ruleset"]) == (
        1,
        "换货待处理",
        "classic",
    )
    assert document["deadline"] == "2026-03-03 10:00:00"
    assert {"agree", "refuse", "leave_message"} <= set(document["possible"]["seller"])
    assert "cancel" in document["possible"]["buyer"]
    assert [(event["move"], event["by"], event["at"]) for event in document["timeline"]] == [
        ("apply", "buyer", "2026-03-01 10:00:00")
    ]
    assert isinstance(document["dispute_id"], str) and 2**53 < int(document["dispute_id"]) < 10**18
    assert api("GET", f"exchanges/{document['dispute_id']}") == document


def test_open_without_a_body(api):
    """A POST without a body opens an exchange by defaults."""
    assert api("POST", "exchanges", status=201)["status"] == 1


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("as_text", [False, True])
def test_open_at_any_status(api, status, as_text):
    """An exchange opens at any status, by number or text, with a timeline that leads there."""
    document = api(
        "POST", "exchanges", {"status": STATUS_TEXTS[status] if as_text else status}, 201
    )
    assert (document["status"], document["status_text"]) == (status, STATUS_TEXTS[status])
    steps = [(event["from"], event["to"]) for event in document["timeline"]]
    assert steps[0] == (None, 1)
    assert steps[-1][1] == status
    assert all(before[1] == after[0] for before, after in pairwise(steps))
    assert (document["deadline"] is None) == (status in END_STATUSES)


def test_captured(api, call):
    """A captured `result.exchange` pastes as it is and is shown as it was."""
    api("PATCH", "rules", {"personal_data": "plain"})
    document = api("POST", "exchanges", CAPTURED, 201)
    assert (document["dispute_id"], document["status"]) == ("2718281828459045", 3)
    names = ",".join(CAPTURED).replace("biz_order_id", "bizorder_id")
    fields_read = call("tmall.exchange.get", dispute_id=CAPTURED["dispute_id"], fields=names)[
        "result"
    ]["exchange"]
    assert fields_read == CAPTURED


def test_captured_is_played_on(api):
    """A pasted exchange goes on like any other."""
    api("POST", "exchanges", CAPTURED)
    moved = api(
        "POST", "exchanges/2718281828459045/moves", {"by": "seller", "move": "returngoods_agree"}
    )
    assert moved["status"] == 12


def test_aliases(api):
    """`tid` and `oid` stand for the trade's and the order's id; `shop` and `ruleset` are taken."""
    nick = api("GET", "")["shops"][0]["nick"]
    document = api(
        "POST",
        "exchanges",
        {"tid": "7001", "oid": "7002", "shop": nick, "ruleset": "upgraded"},
        201,
    )
    assert (document["exchange"]["alipay_no"], document["exchange"]["biz_order_id"]) == (
        "7001",
        "7002",
    )
    assert (document["ruleset"], document["shop"]) == ("upgraded", nick)


def test_count(api):
    """`count` opens many, each with an id and an order of its own."""
    opened = api("POST", "exchanges", {"count": 1000, "status": 3}, 201)
    assert opened["total"] == 1000
    assert len({item["dispute_id"] for item in opened["items"]}) == 1000
    assert len({item["exchange"]["biz_order_id"] for item in opened["items"]}) == 1000
    assert {item["status"] for item in opened["items"]} == {3}
    assert api("GET", "exchanges?limit=1")["total"] == 1000


def test_list(api, opened):
    """The list counts all, shows the newest first, and filters by status."""
    api("POST", "clock/advance", {"by": "1h"})
    newer = api("POST", "exchanges", {"status": 3})["dispute_id"]
    assert [item["dispute_id"] for item in api("GET", "exchanges")["items"]] == [newer, opened]
    assert api("GET", "exchanges?status=3")["total"] == 1
    page = api("GET", "exchanges?limit=1")
    assert (page["total"], len(page["items"])) == (2, 1)


@pytest.mark.parametrize(
    ("query", "field"), [("status=99", "status"), ("limit=x", "limit"), ("limit=-1", "limit")]
)
def test_wrong_list(api, query, field):
    """A wrong filter is a 400 that names it."""
    problem = api.problem("GET", f"exchanges?{query}")
    assert (problem["status"], problem["field"]) == (400, field)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"status": 7}, "status"),
        ({"status": None}, "status"),
        ({"dispute_id": "x"}, "dispute_id"),
        ({"dispute_id": 0}, "dispute_id"),
        ({"dispute_id": 2**63}, "dispute_id"),
        ({"dispute_id": -5}, "dispute_id"),
        ({"dispute_id": [1]}, "dispute_id"),
        ({"num": 0}, "num"),
        ({"num": "many"}, "num"),
        ({"created": "yesterday"}, "created"),
        ({"created": "2026-02-02 00:00:00", "modified": "2026-02-01 00:00:00"}, "modified"),
        ({"ruleset": "old"}, "ruleset"),
        ({"price": "free", "bought_sku": "77"}, "price"),
        ({"cs_status": 77}, "cs_status"),
        ({"surprise": 1}, "surprise"),
        ({"count": 0}, "count"),
        ({"count": 10**6}, "count"),
        ({"count": "3"}, "count"),
        ({"count": True}, "count"),
        ({"count": 2, "dispute_id": "5"}, "dispute_id"),
        ({"reason": 5}, "reason"),
        ({"time_out": "soon"}, "time_out"),
    ],
)
def test_wrong_opening(api, body, field):
    """A wrong field is a 400 that names it, and nothing is opened or made."""
    before = api("GET", "stock")
    problem = api.problem("POST", "exchanges", body)
    assert (problem["status"], problem["field"]) == (400, field)
    assert api("GET", "exchanges")["total"] == 0
    assert api("GET", "stock") == before


@pytest.mark.parametrize(
    ("body", "field"), [({"status": "完成"}, "status"), ({"shop": "没有"}, "shop")]
)
def test_a_name_that_this_sandbox_has_not(api, body, field):
    """A shop or a status text that another sandbox could have is a 404; nothing is opened."""
    problem = api.problem("POST", "exchanges", body)
    assert (problem["status"], problem["field"]) == (404, field)
    assert api("GET", "exchanges")["total"] == 0


def test_taken_id(api, opened):
    """An id that is taken is refused by name."""
    problem = api.problem("POST", "exchanges", {"dispute_id": opened})
    assert problem["status"] in (400, 409)
    assert problem["field"] == "dispute_id"
    assert api("GET", "exchanges")["total"] == 1


@pytest.mark.parametrize("dispute_id", ["1", "x", "0", "-1", "9" * 30, "1.5", "٣"])
@pytest.mark.parametrize(
    ("verb", "tail", "body"),
    [
        ("GET", "", None),
        ("POST", "/moves", {"by": "seller", "move": "agree"}),
        ("GET", "/messages", None),
    ],
)
def test_unknown_exchange(api, dispute_id, verb, tail, body):
    """An exchange that is not there is refused by its name."""
    problem = api.problem(verb, f"exchanges/{dispute_id}{tail}", body)
    assert problem["status"] in (400, 404)
    assert problem["field"] == "dispute_id"


def moves(api, dispute_id, *steps):
    """The statuses after each step."""
    return [api("POST", f"exchanges/{dispute_id}/moves", step)["status"] for step in steps]


def test_the_whole_flow_by_moves(api, opened):
    """Buyer and seller go to 换货成功 with bare moves: every field has a default."""
    assert moves(
        api,
        opened,
        {"by": "seller", "move": "agree"},
        {"by": "buyer", "move": "ship_back"},
        {"by": "seller", "move": "returngoods_agree"},
        {"by": "seller", "move": "consigngoods"},
        {"by": "buyer", "move": "confirm_receipt"},
    ) == [2, 3, 12, 13, 5]
    stock = {item["name"]: item for item in api("GET", "stock")["items"]}
    assert {name: stock["wanted"][name] for name in ("available", "reserved", "shipped")} == {
        "available": 99,
        "reserved": 0,
        "shipped": 1,
    }
    assert stock["bought"]["returned"] == 1


def test_every_actor(api):
    """Buyer, sub-account, customer service and system all have their moves."""
    opened = api("POST", "exchanges", {"status": 3})["dispute_id"]
    assert moves(
        api,
        opened,
        {"by": "seller", "move": "returngoods_refuse", "sub": True, "leave_message": "少件"},
        {"by": "buyer", "move": "ask_cs"},
        {"by": "cs", "move": "step_in"},
        {"by": "cs", "move": "leave_message", "content": "请双方举证"},
        {"by": "cs", "move": "judge", "for": "buyer", "content": "支持买家"},
    ) == [6, 6, 6, 6, 12]
    document = api("GET", f"exchanges/{opened}")
    refusal = next(event for event in document["timeline"] if event["move"] == "returngoods_refuse")
    assert refusal["sub"] is True
    assert document["cs_status"] == 6
    assert [event["by"] for event in document["timeline"]][-3:] == ["cs", "cs", "cs"]
    texts = [message["content"] for message in api("GET", f"exchanges/{opened}/messages")["items"]]
    assert any("请双方举证" in text for text in texts)


def test_expire_by_hand_and_turn_to_refund(api, opened):
    """The seller turns into a refund from 3, which frees the reservation."""
    assert moves(
        api,
        opened,
        {"by": "seller", "move": "agree"},
        {"by": "buyer", "move": "ship_back"},
        {"by": "seller", "move": "turn_to_refund"},
    ) == [2, 3, 14]
    wanted_goods = next(item for item in api("GET", "stock")["items"] if item["name"] == "wanted")
    assert (wanted_goods["available"], wanted_goods["reserved"]) == (100, 0)


def test_move_fields(api, opened):
    """A move takes its fields: waybill, carrier, reason, other goods."""
    moves(
        api,
        opened,
        {"by": "seller", "move": "agree", "address_id": 10000003, "leave_message": "寄到取货点"},
    )
    shipped = api(
        "POST",
        f"exchanges/{opened}/moves",
        {
            "by": "buyer",
            "move": "ship_back",
            "logistics_company_name": "圆通速递",
            "logistics_no": "YT12345678",
        },
    )
    assert (
        shipped["exchange"]["buyer_logistic_name"],
        shipped["exchange"]["buyer_logistic_no"],
    ) == ("圆通速递", "YT12345678")


def test_impossible_move(api, opened):
    """An impossible move is a 409 with the status and what is possible, and changes nothing."""
    before = api("GET", f"exchanges/{opened}")
    problem = api.problem(
        "POST", f"exchanges/{opened}/moves", {"by": "seller", "move": "consigngoods"}
    )
    assert (problem["status"], problem["status_now"]) == (409, 1)
    assert problem["possible"] == before["possible"]
    assert api("GET", f"exchanges/{opened}") == before


def test_an_impossible_move_says_how_to_get_there(api, opened):
    """The 409 names the states that allow the move, who does what first, and the deadline.

    The way can be played as it stands.
    """
    problem = api.problem(
        "POST", f"exchanges/{opened}/moves", {"by": "seller", "move": "consigngoods"}
    )
    document = api("GET", f"exchanges/{opened}")
    assert problem["legal_from"] == [12]
    assert (problem["deadline"]["at"], problem["deadline"]["rule"], problem["deadline"]["to"]) == (
        document["deadline"],
        "deadline.1",
        [2, 4],
    )
    assert (
        "卖家同意换货申请" in problem["advice"]["zh"] and "seller agree" in problem["advice"]["en"]
    )
    for step in problem["way"]:
        assert (
            api("POST", f"exchanges/{opened}/moves", {"by": step["by"], "move": step["move"]})[
                "status"
            ]
            == step["to"]
        )
    assert (
        api("POST", f"exchanges/{opened}/moves", {"by": "seller", "move": "consigngoods"})["status"]
        == 13
    )


def test_the_deadline_of_a_refusal_is_as_users_see_it(api, opened):
    """In a sandbox that was aged, the deadline of a refusal is the one that the exchange shows."""
    api("POST", "clock/age", {"by": "1h"})
    problem = api.problem(
        "POST", f"exchanges/{opened}/moves", {"by": "buyer", "move": "confirm_receipt"}
    )
    assert problem["deadline"]["at"] == api("GET", f"exchanges/{opened}")["deadline"]
    assert problem["deadline"]["at"] in problem["advice"]["zh"]


def test_an_end_says_that_nothing_leads_on(api):
    """From a closed exchange there is no way and no deadline."""
    closed = api("POST", "exchanges", {"status": 4})["dispute_id"]
    problem = api.problem("POST", f"exchanges/{closed}/moves", {"by": "seller", "move": "agree"})
    assert (problem["legal_from"], problem["way"], problem["deadline"]) == ([1], None, None)


def test_possible_moves_can_be_played(api):
    """Each move listed as possible can be played from there."""
    for status in (1, 2, 3, 6, 12, 13):
        possible = api(
            "GET", f"exchanges/{api('POST', 'exchanges', {'status': status})['dispute_id']}"
        )["possible"]
        for by, names in possible.items():
            for name in names:
                fresh = api("POST", "exchanges", {"status": status})["dispute_id"]
                answer = api.ask("POST", f"exchanges/{fresh}/moves", {"by": by, "move": name})
                assert answer.status == 200, (status, by, name, answer.text)


def test_no_stock(api, opened):
    """Agreeing without stock is a 409 and the state stays."""
    api("PUT", "stock/wanted", {"available": 0})
    problem = api.problem("POST", f"exchanges/{opened}/moves", {"by": "seller", "move": "agree"})
    assert problem["status"] == 409
    assert "库存" in problem["title"]
    assert api("GET", f"exchanges/{opened}")["status"] == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "by"),
        (None, "by"),
        ([], "by"),
        ({"by": "seller"}, "move"),
        ({"move": "agree"}, "by"),
        ({"by": "shop", "move": "agree"}, "by"),
        ({"by": "seller", "move": "aggree"}, "move"),
        ({"by": "buyer", "move": "agree"}, "move"),
        ({"by": 1, "move": "agree"}, "by"),
        ({"by": "seller", "move": ["agree"]}, "move"),
        ({"by": "seller", "move": "agree", "sub": "yes"}, "sub"),
        ({"by": "buyer", "move": "cancel", "sub": True}, "sub"),
        ({"by": "seller", "move": "agree", "adress_id": 1}, "adress_id"),
        ({"by": "seller", "move": "agree", "address_id": "x"}, "address_id"),
        ({"by": "seller", "move": "agree", "address_id": None}, None),
        ({"by": "seller", "move": "agree", "leave_message": ["x"]}, "leave_message"),
        ({"by": "seller", "move": "agree", "leave_message": "长" * 134}, "leave_message"),
        ({"by": "buyer", "move": "leave_message", "content": ""}, "content"),
        ({"by": "buyer", "move": "leave_message", "content": "长" * 134}, "content"),
        ({"by": "buyer", "move": "leave_message", "pics": "x"}, "pics"),
        ({"by": "buyer", "move": "leave_message", "pics": ["data:image/png;base64,AAAA"]}, "pics"),
        ({"by": "buyer", "move": "leave_message", "pics": ["ftp://x/y.png"]}, "pics"),
    ],
)
def test_wrong_move(api, opened, body, field):
    """A move that cannot be read is a 400 that names the field; nothing moves."""
    before = api("GET", f"exchanges/{opened}/messages")
    answer = api.ask("POST", f"exchanges/{opened}/moves", body)
    if field is None:
        assert answer.status == 200
        return
    assert (answer.status, answer.json["field"]) == (400, field)
    assert api("GET", f"exchanges/{opened}/messages") == before
    assert api("GET", f"exchanges/{opened}")["status"] == 1


def test_stock(api, opened):
    """Stock is set by name or SKU id, and reserved units stay reserved."""
    moves(api, opened, {"by": "seller", "move": "agree"})
    by_name = api("PUT", "stock/wanted", {"available": 7})
    assert (by_name["available"], by_name["reserved"]) == (7, 1)
    by_id = api("PUT", f"stock/{by_name['sku_id']}", {"available": 0})
    assert (by_id["name"], by_id["available"], by_id["reserved"]) == ("wanted", 0, 1)
    assert next(item for item in api("GET", "stock")["items"] if item["name"] == "wanted") == by_id


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("stock/nothing", {"available": 1}, "name"),
        ("stock/wanted", {"available": -1}, "available"),
        ("stock/wanted", {"available": "5"}, "available"),
        ("stock/wanted", {"available": 1.5}, "available"),
        ("stock/wanted", {"available": True}, "available"),
        ("stock/wanted", {"available": 10**12}, "available"),
        ("stock/wanted", {"available": 1, "reserved": 2}, "reserved"),
        ("stock/wanted", {}, None),
        ("stock/wanted", None, None),
    ],
)
def test_wrong_stock(api, path, body, field):
    """A wrong stock names its field and changes nothing."""
    before = api("GET", "stock")
    problem = api.problem("PUT", path, body)
    assert problem["status"] in (400, 404)
    assert problem["field"] == (field or "available")
    assert api("GET", "stock") == before


def test_events(api, opened, agree):
    """Events are in order, each with its actor and who caused it, and the messages beside."""
    agree(opened)
    moves(api, opened, {"by": "buyer", "move": "ship_back"})
    events = api("GET", "events")
    assert [
        (event["move"], event["by"], event["from"], event["to"]) for event in events["items"]
    ] == [("apply", "buyer", None, 1), ("agree", "seller", 1, 2), ("ship_back", "buyer", 2, 3)]
    assert events["total"] == 3
    assert [message["owner_role"] for message in events["messages"]]
    last = events["items"][1]["number"]
    assert [event["move"] for event in api("GET", f"events?since={last}")["items"]] == ["ship_back"]


def test_events_of_one_exchange(api, opened):
    """Events can be asked for one exchange."""
    api("POST", "exchanges", {"status": 5})
    assert api("GET", f"events?dispute_id={opened}")["total"] == 1

"""What the control API refuses, and how it says so.

Names, moves, words, pictures, queries, documents.

Source: docs/control-api.md: a refused move says the present state and what is possible
instead.
"""

import base64

import pytest

ALL = "/_sandbox/sandboxes"
TEXT = "换货待处理（自定义）"
PNG = b"\x89PNG\r\n\x1a\n"


def picture(size):
    return "data:image/png;base64," + base64.b64encode(PNG.ljust(size, b"\0")).decode()


@pytest.fixture
def strict(api):
    """The sandbox checks waybills and carriers, and has its own texts for the statuses 1 and 12."""
    api("PATCH", "rules", {"strict_logistics": True, "text.1": TEXT, "text.12": TEXT})
    return api


@pytest.mark.parametrize(
    ("status", "body", "failure"),
    [
        (1, {"by": "seller", "move": "confirm_consign"}, "wrong_flow"),
        (1, {"by": "seller", "move": "agree", "address_id": 404}, "unknown_address"),
        (1, {"by": "seller", "move": "refuse", "seller_refuse_reason_id": 404}, "unknown_reason"),
        (12, {"by": "seller", "move": "consigngoods", "logistics_no": ""}, "bad_waybill"),
        (12, {"by": "seller", "move": "consigngoods", "logistics_no": "x"}, "bad_waybill"),
        (
            12,
            {"by": "seller", "move": "consigngoods", "logistics_company_name": "无此快递"},
            "unknown_carrier",
        ),
        (12, {"by": "seller", "move": "agree"}, "wrong_state"),
        (1, {"by": "buyer", "move": "ship_back"}, "wrong_state"),
        (1, {"by": "cs", "move": "judge"}, "wrong_state"),
        (1, {"by": "seller", "move": "agree"}, "no_stock"),
    ],
)
def test_a_refused_move_says_state_and_what_is_possible(strict, status, body, failure):
    """Every refusal of a move is a 409 with status and possible moves; nothing moves.

    The status has its text as the sandbox shows it.
    """
    dispute = strict("POST", "exchanges", {"status": status})["dispute_id"]
    if failure == "no_stock":
        strict("PUT", "stock/wanted", {"available": 0})
    before = strict("GET", f"exchanges/{dispute}")
    problem = strict.problem("POST", f"exchanges/{dispute}/moves", body)
    assert (problem["status"], problem["failure"]) == (409, failure)
    assert (problem["status_now"], problem["status_text"], problem["possible"]) == (
        status,
        TEXT,
        before["possible"],
    )
    assert strict("GET", f"exchanges/{dispute}") == before


@pytest.mark.parametrize("status", [4, 5, 14])
def test_nothing_is_possible_after_the_flow(api, status):
    """After the flow a refusal says so: the status, and an empty list of what is possible."""
    dispute = api("POST", "exchanges", {"status": status})["dispute_id"]
    problem = api.problem("POST", f"exchanges/{dispute}/moves", {"by": "buyer", "move": "cancel"})
    assert (problem["status"], problem["status_now"], problem["possible"]) == (409, status, {})


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"by": "seller", "move": "agree", "leave_message": "长" * 14}, "leave_message"),
        ({"by": "buyer", "move": "leave_message", "content": "长" * 14}, "content"),
        ({"by": "buyer", "move": "modify", "desc": "长" * 14}, "desc"),
        ({"by": "buyer", "move": "modify", "reason": "长" * 14}, "reason"),
        ({"by": "buyer", "move": "modify", "reason": "长" * 14, "desc": "短"}, "reason"),
        ({"by": "cs", "move": "judge", "content": "长" * 14}, "content"),
        ({"by": "buyer", "move": "leave_message", "pics": [picture(101)]}, "pics"),
        ({"by": "buyer", "move": "leave_message", "pics": [picture(100), picture(101)]}, "pics"),
        (
            {"by": "seller", "move": "refuse", "leave_message_pics": [picture(101)]},
            "leave_message_pics",
        ),
    ],
)
def test_words_and_pictures_above_their_limit_are_named(api, body, field):
    """Words and pictures above the sandbox's limits are a 400 that names the field.

    Nothing is kept.
    """
    api(
        "PATCH",
        "rules",
        {"message_max_bytes": 40, "picture_max_bytes": 100, "message_picture_max_bytes": 100},
    )
    dispute = api("POST", "exchanges", {"status": 6, "ruleset": "upgraded"})["dispute_id"]
    before = api("GET", f"exchanges/{dispute}/messages")
    problem = api.problem("POST", f"exchanges/{dispute}/moves", body)
    assert (problem["status"], problem["field"]) == (400, field)
    assert api("GET", f"exchanges/{dispute}/messages") == before


def test_words_and_pictures_at_their_limit_are_taken(api, opened):
    """Words and pictures of exactly the limit stand."""
    api("PATCH", "rules", {"message_max_bytes": 42, "message_picture_max_bytes": 100})
    api(
        "POST",
        f"exchanges/{opened}/moves",
        {"by": "buyer", "move": "leave_message", "content": "长" * 14, "pics": [picture(100)]},
    )
    assert api("GET", f"exchanges/{opened}/messages")["items"][-1]["content"] == "长" * 14


def test_pictures_beyond_those_of_a_sandbox_are_a_conflict(api, opened):
    """A picture beyond the sandbox's own limit is a 409 that names it; a reset makes room."""
    move = {"by": "buyer", "move": "leave_message", "content": "图"}
    api("PATCH", "rules", {"pictures_max_bytes": 150})
    api("POST", f"exchanges/{opened}/moves", {**move, "pics": [picture(100)]})
    before = api("GET", f"exchanges/{opened}/messages")

    problem = api.problem("POST", f"exchanges/{opened}/moves", {**move, "pics": [picture(101)]})

    assert (problem["status"], problem["field"]) == (409, "pictures")
    assert "150" in problem["title"] + problem["detail"]
    assert api("GET", f"exchanges/{opened}/messages") == before
    api("POST", "reset", {})
    dispute = api("POST", "exchanges", {})["dispute_id"]
    api("PATCH", "rules", {"pictures_max_bytes": 150})
    api("POST", f"exchanges/{dispute}/moves", {**move, "pics": [picture(101)]})


@pytest.mark.parametrize("move", ["leave_message", "cancel"])
def test_a_bare_move_under_the_smallest_limit(api, opened, move):
    """A move with default texts is played or refused by its field, however small the limit."""
    api("PATCH", "rules", {"message_max_bytes": 1})
    answer = api.ask("POST", f"exchanges/{opened}/moves", {"by": "buyer", "move": move})
    assert answer.status == 200 or (answer.status, answer.json["field"]) == (400, "content")
    assert api.faults == []


@pytest.mark.parametrize("num", [1_000_001, "1000001", -1, "-1", 2**70, 1.5, "x", None, True])
def test_units_of_a_move_out_of_bounds_are_named(api, num):
    """A modification to fewer than no units or more than a million is a 400 that names num."""
    dispute = api("POST", "exchanges", {"status": 6, "ruleset": "upgraded"})["dispute_id"]
    problem = api.problem(
        "POST", f"exchanges/{dispute}/moves", {"by": "buyer", "move": "modify", "num": num}
    )
    assert (problem["status"], problem["field"]) == (400, "num")
    assert api("GET", f"exchanges/{dispute}")["status"] == 6


@pytest.mark.parametrize("name", ["s5", "none", "baseline", "empty"])
@pytest.mark.parametrize("what", ["sandbox", "copy", "snapshot"])
def test_reserved_names_are_refused(api, name, what):
    """A reserved name of a sandbox or a snapshot is a 400 that names `name`."""
    api("PUT", "snapshots/kept")
    ask = {
        "sandbox": (ALL, {"name": name}),
        "copy": (ALL, {"name": name, "from": "kept"}),
        "snapshot": (f"snapshots/{name}", None),
    }
    problem = api.problem("PUT" if what == "snapshot" else "POST", *ask[what])
    assert (problem["status"], problem["field"]) == (400, "name")


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/_sandbox/health"),
        ("GET", "/_sandbox/version"),
        ("GET", "/_sandbox/requests"),
        ("GET", "/_sandbox/requests/x"),
        ("GET", "/_sandbox/openapi.json"),
        ("GET", ALL),
        ("POST", ALL),
        ("GET", f"{ALL}/default"),
        ("DELETE", f"{ALL}/default"),
        ("POST", "reset"),
        ("GET", "snapshots"),
        ("PUT", "snapshots/kept"),
        ("GET", "rules"),
        ("PATCH", "rules"),
        ("GET", "clock"),
        ("POST", "clock/advance"),
        ("GET", "exchanges"),
        ("POST", "exchanges"),
        ("GET", "stock"),
        ("GET", "events"),
        ("GET", "requests"),
        ("DELETE", "requests"),
        ("PATCH", "sessions/main"),
    ],
)
def test_an_unknown_query_parameter_is_named(api, verb, path):
    """An unknown query parameter is a 400 that names it, and nothing is done."""
    before = [api("GET", path) for path in (ALL, "clock", "exchanges", "snapshots")]
    problem = api.problem(verb, f"{path}?stauts=3")
    assert (problem["status"], problem["field"]) == (400, "stauts")
    assert [api("GET", path) for path in (ALL, "clock", "exchanges", "snapshots")] == before


def test_a_list_is_filtered_by_the_sandbox_s_own_text(api, opened):
    """Exchanges are found by the sandbox's own text, by the documented one, and by number."""
    api("PATCH", "rules", {"text.1": "等待卖家处理"})
    api("POST", "exchanges", {"status": 3})
    for status in ("等待卖家处理", "换货待处理", "1"):
        listing = api("GET", f"exchanges?status={status}")
        assert [(item["dispute_id"], item["status_text"]) for item in listing["items"]] == [
            (opened, "等待卖家处理")
        ]
    assert api("POST", "exchanges", {"status": "等待卖家处理"})["status"] == 1


def nested(depth, kind):
    value = {}
    for _ in range(depth - 1):
        value = {"a": value} if kind == "objects" else {"a": [value]}
    return value


@pytest.mark.parametrize(
    ("reply", "refused"),
    [
        (nested(50, "objects"), False),
        (nested(51, "objects"), True),
        (nested(25, "lists"), False),
        (nested(26, "lists"), True),
        (nested(400, "objects"), True),
        (nested(300, "lists"), True),
    ],
)
def test_a_deep_stub_is_refused(api, call, reply, refused):
    """A canned reply nested deeper than fifty is refused when it is put.

    One of fifty is answered.
    """
    answer = api.ask("PUT", "stubs/taobao.some.thing", {"reply": reply})
    assert answer.status == (400 if refused else 200)
    if refused:
        assert answer.json["field"] == "reply"
    else:
        assert call("taobao.some.thing")["a"]
    assert api.faults == []


def test_ids_given_as_text_are_kept(api, call):
    """Ids of a world document may be text, and come back on the wire to the digit."""
    made = api(
        "POST",
        ALL,
        {
            "shops": [
                {
                    "seller_id": "9007199254740993",
                    "addresses": [{"contact_id": "9007199254740995", "cancel_def": True}],
                }
            ],
            "goods": {"bought": {"num_iid": "9007199254740997"}},
        },
        201,
    )
    assert made["shops"][0]["seller_id"] == 9007199254740993
    listing = call("taobao.logistics.address.search", made)["addresses"]["address_result"]
    assert [row["contact_id"] for row in listing] == [9007199254740995]
    tid = api("POST", f"{ALL}/{made['id']}/exchanges", {})["tid"]
    orders = call("taobao.trade.fullinfo.get", made, tid=tid, fields="orders")["trade"]["orders"][
        "order"
    ]
    assert [order["num_iid"] for order in orders] == [9007199254740997]


@pytest.mark.parametrize(
    ("document", "field", "words"),
    [
        (
            {"shops": [{"addresses": [{"contact_id": "1" * 24}]}]},
            "shops.addresses.contact_id",
            "int64",
        ),
        ({"shops": [{"seller_id": "1" * 24}]}, "shops.seller_id", "int64"),
        ({"goods": {"wanted": {"num_iid": "1" * 24}}}, "goods.wanted.num_iid", "int64"),
        ({"goods": {"wanted": {"stock": "3"}}}, "goods.wanted.stock", "应为"),
        ({"goods": {"wanted": {"stok": 3}}}, "goods.wanted.stok", "没有字段"),
        ({"goods": {"wanted": 5}}, "goods.wanted", "应为"),
        ({"rules": {"no.such": 1}}, "rules.no.such", "没有规则"),
    ],
)
def test_a_wrong_world_document_says_where_and_what(api, document, field, words):
    """A mistake in a world document is a 400 with the path of the field and what is wrong."""
    problem = api.problem("POST", ALL, document)
    assert (problem["status"], problem["field"]) == (400, field)
    assert words in problem["title"]


def test_an_unknown_rule_is_reported_as_unknown(api):
    """A rule that does not exist is refused as such, with those there are."""
    problem = api.problem("PATCH", "rules", {"no.such": 1})
    assert (problem["status"], problem["field"]) == (400, "no.such")
    assert problem["title"].startswith("没有规则 no.such")
    assert "deadline.1" in problem["title"]

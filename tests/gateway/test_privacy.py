"""What a call leaves behind and sends back.

Nothing private, nothing long, nothing that a reader chokes on.
"""

import json
from xml.etree import ElementTree

import pytest

from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway

ENTRY_AT_MOST, REPLY_AT_MOST = 64 * 1024, 4 * 1024
LONG = 3_000_000


@pytest.fixture
def newest(world):
    """The newest entry of the journal, as shown."""

    def read():
        _, [entry] = world.journal.select({}, 1)
        assert len(json.dumps(entry.serialize(), ensure_ascii=False).encode()) < ENTRY_AT_MOST
        return entry.serialize()

    return read


@pytest.mark.parametrize(
    "name",
    [
        "sessionKey",
        "Session",
        "SESSION_KEY",
        "session_key",
        "top_session",
        "buyerPhone",
        "Buyer_Nick",
        "buyer_nick",
        "BUYEROPENUID",
        "buyerName",
        "Mobile",
        "receiver_Mobile",
        "accessToken",
        "access_token",
        "app_secret",
        "AppSecret",
        "refreshToken",
        "Password",
    ],
)
def test_private_values_are_masked_however_they_are_spelt(top, newest, name):
    """Sessions, secrets and personal data are not in the journal, under any spelling."""
    top.result("taobao.time.get", **{name: "kept-by-nobody"})
    assert "kept-by-nobody" not in json.dumps(newest(), ensure_ascii=False)
    assert newest()["params"][name] == "***"


def test_plain_values_are_kept(top, newest):
    """What is not private stands in the journal as it was sent."""
    top("tmall.exchange.get", dispute_id=12, fields="status")
    params = newest()["params"]
    assert (params["method"], params["dispute_id"], params["fields"]) == (
        "tmall.exchange.get",
        "12",
        "status",
    )


def test_a_full_list_is_clipped(world, top, newest):
    """A list of a hundred rows is answered in full; its length, beginning and end are stored."""
    world.open({"title": "长" * 400}, 100)
    listing = top.result(
        "tmall.exchange.receive.get", page_size=100, fields="dispute_id,title,reason,buyer_nick"
    )
    assert len(listing["results"]["exchange"]) == 100
    reply = newest()["reply"]
    assert sorted(reply) == ["begins", "bytes", "ends"]
    assert reply["bytes"] > 100_000


@pytest.mark.parametrize(
    "changes",
    [
        {"sign_method": "m" * LONG},
        {"method": "m" * LONG},
        {"v": "9" * LONG},
        {"format": "f" * LONG},
        {"sign": "s" * LONG},
        {"timestamp": "1" * LONG},
        {"session": "s" * LONG},
        {"dispute_id": "9" * LONG},
        {"fields": "f" * LONG},
        {"x": "x" * LONG},
        {"n" * LONG: "x"},
    ],
    ids=lambda changes: next(iter(changes))[:20],
)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_a_long_parameter_leaves_little(top, newest, changes, form):
    """A parameter of megabytes is answered and recorded in a few kilobytes, whichever it is."""
    document = {
        "method": "tmall.exchange.get",
        "dispute_id": 1,
        "fields": "status",
        "format": form,
        **changes,
    }
    reply = top.send(top.params(**document))
    assert len(reply.body) < REPLY_AT_MOST
    assert newest()


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("field", ["logistics_no", "logistics_company_name"])
def test_long_logistics_leave_little(world, top, newest, strict, field):
    """A waybill or carrier of megabytes fills few kilobytes, as a failure and as a warning."""
    world.patch_rules({"strict_logistics": strict})
    [exchange] = world.open({"status": 12})
    document = {
        "logistics_no": "SF1234567890",
        "logistics_company_name": "顺丰快递",
        "logistics_type": 200,
        field: "9" * LONG,
    }
    reply = top.send(
        top.params(
            "tmall.exchange.consigngoods",
            dispute_id=exchange.dispute_id,
            fields="dispute_id,status",
            **document,
        )
    )
    assert len(reply.body) < REPLY_AT_MOST
    assert newest()["outcome"] == ("failed" if strict else "ok")


def test_a_long_repeated_parameter_leaves_little(top, send, newest):
    """A repeated parameter with a name of a megabyte is refused as 41 in a few kilobytes."""
    name = "n" * 1_000_000
    texts = "&".join(f"{key}={value}" for key, value in top.params("taobao.time.get").items())
    reply = send(body=f"{texts}&{name}=1&{name}=2".encode())
    assert json.loads(reply.body)["error_response"]["code"] == 41
    assert len(reply.body) < REPLY_AT_MOST
    assert newest()["code"] == 41


def test_a_long_verb_leaves_little(send, signed, newest):
    """A verb as long as a first line may be is error 9 and recorded in a few kilobytes."""
    reply = send("B" * 1_000_000, query=signed())
    assert json.loads(reply.body)["error_response"]["code"] == 9
    assert newest()["code"] == 9


@pytest.mark.parametrize(("pairs", "code"), [(1000, 0), (1001, 3)])
def test_too_many_parameters(top, send, pairs, code):
    """A thousand parameters are read; one more is error 3."""
    few = len(top.params("taobao.time.get"))
    texts = top.params("taobao.time.get", **{f"p{number}": "x" for number in range(pairs - few)})
    assert len(texts) == pairs
    ((root, inner),) = json.loads(
        send(query=b"app=1&format=json" if code else b"", body=texts).body
    ).items()
    assert (root, inner.get("code", 0)) == ("error_response" if code else "time_get_response", code)


def test_calls_of_nobody_are_bounded_too(world, signed, caller_of, top):
    """The journal of calls that belong to no sandbox keeps as many as it was made for."""
    small = type(top)(Gateway(SandboxLookup(world.directory), journal=3), world)
    for _ in range(5):
        small.send(signed(app_key="no-such-key"))
    assert small.gateway.journal.select({}, 10)[0] == 3


def test_failures_and_calls_of_nobody_are_reported(world, signed, top):
    """A listener to refusals gets a business failure, a refusal and a call of nobody.

    It gets no success.
    """
    refused_entries = []
    caller = type(top)(Gateway(SandboxLookup(world.directory), refused_entries.append), world)
    caller("taobao.time.get")
    caller("tmall.exchange.get", dispute_id=404, fields="status")
    caller("tmall.exchange.get", fields="status")
    caller.send(signed(app_key="no-such-key"))
    assert [(entry.outcome, entry.code, entry.sandbox) for entry in refused_entries] == [
        ("failed", 0, "default"),
        ("refused", 40, "default"),
        ("refused", 29, "none"),
    ]
    assert refused_entries[0].msg_code == "DISPUTE_NOT_EXIST"


@pytest.mark.parametrize(
    ("status", "ruleset", "method", "business"),
    [
        (1, "classic", "tmall.exchange.agree", {"address_id": 10000002, "fields": "status"}),
        (
            1,
            "upgraded",
            "tmall.exchange.refuse",
            {"seller_refuse_reason_id": 1101, "fields": "status"},
        ),
        (3, "classic", "tmall.exchange.returngoods.agree", {"fields": "status"}),
        (
            12,
            "classic",
            "tmall.exchange.consigngoods",
            {
                "logistics_no": "SF1234567890",
                "logistics_type": 200,
                "logistics_company_name": "顺丰快递",
                "fields": "status",
            },
        ),
    ],
)
def test_a_repeated_write_meets_the_new_state_and_is_warned_of(
    world, top, newest, status, ruleset, method, business
):
    """A successful request sent again fails by the state, with a warning in its entry."""
    [exchange] = world.open({"status": status, "ruleset": ruleset})
    params = top.params(method, dispute_id=exchange.dispute_id, **business)
    top.send(params)
    assert (newest()["outcome"], newest()["warnings"]) == ("ok", [])
    after = world.exchange(exchange.dispute_id)
    top.send(params)
    assert (newest()["outcome"], newest()["msg_code"]) == ("failed", "EXCHANGE_STATUS_ERROR")
    assert any("repeated" in warning for warning in newest()["warnings"])
    assert world.exchange(exchange.dispute_id) == after


def test_another_write_is_no_repetition(world, top, newest):
    """A refused write that never succeeded gives no warning of a repeated write."""
    [exchange] = world.open({"status": 2})
    top("tmall.exchange.returngoods.agree", dispute_id=exchange.dispute_id, fields="status")
    assert (newest()["outcome"], newest()["warnings"]) == ("failed", [])


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (None, "NO_REFUND"),
        (1, "WAIT_SELLER_AGREE"),
        (2, "WAIT_BUYER_RETURN_GOODS"),
        (3, "WAIT_SELLER_CONFIRM_GOODS"),
        (4, "CLOSED"),
        (5, "SUCCESS"),
        (6, "SELLER_REFUSE_BUYER"),
        (12, "WAIT_SELLER_CONFIRM_GOODS"),
        (13, "WAIT_SELLER_CONFIRM_GOODS"),
        (14, "CLOSED"),
    ],
)
def test_a_trade_shows_how_its_exchange_stands(world, top, status, text):
    """taobao.trade.fullinfo.get shows the state of each sub-order's exchange, or none."""
    trade = next(iter(world._state.trades.values()))
    exchanges = (
        [] if status is None else world.open({"status": status, "tid": trade.tid, "oid": trade.oid})
    )
    trade_document = top.result("taobao.trade.fullinfo.get", tid=trade.tid, fields="tid,orders")[
        "trade"
    ]["orders"]["order"]
    assert [order["refund_status"] for order in trade_document] == [text]
    assert [order.get("refund_id") for order in trade_document] == [
        str(exchanges[0].dispute_id) if exchanges else None
    ]


@pytest.mark.parametrize(
    "name",
    [
        "1st",
        "商品",
        "a b",
        "",
        "<x>",
        "a:b",
        "-x",
        "a²",
        "a½",
        "a\u0301",
        "ａ",
        "x/y",
        'q"',
        "a" * 500,
    ],
)
def test_xml_of_a_stub_with_odd_names_is_well_formed(world, top, name):
    """A canned reply whose names are no XML names, and with nulls, is an XML document too."""
    reply = {
        name: "a",
        "list": {name: [{name: 1}, None, "b", {"deep": None}]},
        "rows": [None, {name: [None]}],
        "none": None,
        "no": {},
    }
    world.stub("taobao.some.thing", json.dumps(reply).encode())
    body = top.send(top.params("taobao.some.thing", format="xml")).body
    root = ElementTree.fromstring(body)
    assert root.tag == "some_thing_response"
    assert "null" not in body.decode().lower() and "None" not in body.decode()

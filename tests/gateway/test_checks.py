"""The platform's errors one by one, with exact texts, and the order of the checks in pairs."""

import json
from datetime import timedelta

import pytest

from mockserver.world.document import QuotaDocument

GET = "tmall.exchange.get"
AGREE = "tmall.exchange.agree"


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"app_key": None}, {"code": 28, "msg": "Missing app key"}),
        ({"app_key": ""}, {"code": 28, "msg": "Missing app key"}),
        (
            {"app_key": "404"},
            {"code": 29, "msg": "Invalid app Key", "sub_code": "isv.appkey-not-exists"},
        ),
        ({"timestamp": None}, {"code": 30, "msg": "Missing timestamp"}),
        ({"timestamp": "yesterday"}, {"code": 31, "msg": "Invalid timestamp"}),
        ({"timestamp": "2026-03-01T10:00:00"}, {"code": 31, "msg": "Invalid timestamp"}),
        ({"timestamp": "2026-02-30 10:00:00"}, {"code": 31, "msg": "Invalid timestamp"}),
        ({"timestamp": "177233040"}, {"code": 31, "msg": "Invalid timestamp"}),
        ({"timestamp": "0001-01-01 00:00:00"}, {"code": 31, "msg": "Invalid timestamp"}),
        ({"timestamp": "9999-12-31 23:59:59"}, {"code": 31, "msg": "Invalid timestamp"}),
        ({"v": None}, {"code": 32, "msg": "Missing version"}),
        ({"v": "two"}, {"code": 33, "msg": "Invalid version"}),
        ({"v": "1.0"}, {"code": 34, "msg": "Unsupported version"}),
        ({"v": "3"}, {"code": 34, "msg": "Unsupported version"}),
        ({"sign": None}, {"code": 24, "msg": "Missing signature"}),
        ({"sign": "0" * 32}, {"code": 25, "msg": "Invalid signature"}),
        ({"sign_method": "sha1", "sign": "0" * 40}, {"code": 25, "msg": "Invalid signature"}),
        ({"secret": "wrong"}, {"code": 25, "msg": "Invalid signature"}),
        ({"session": None}, {"code": 26, "msg": "Missing session"}),
        ({"session": ""}, {"code": 26, "msg": "Missing session"}),
    ],
)
def test_platform_error(signed, error, changes, expected):
    """Each wrong system parameter has its own code and spelling, and only its own sub fields."""
    refusal = error(signed(GET, dispute_id=1, fields="status", **changes))
    assert {name: value for name, value in refusal.items() if name != "sub_msg"} == expected


def test_missing_method(signed, error):
    """The reply to a call without a method says to add it, without sub_code."""
    refusal = error(signed(None))
    assert (refusal["code"], refusal["msg"]) == (21, "Missing method")
    assert "method" in refusal["sub_msg"]
    assert "sub_code" not in refusal


def test_unknown_method(signed, error):
    """An unknown method is 22."""
    refusal = error(signed("tmall.exchange.nothing"))
    assert (refusal["code"], refusal["msg"]) == (22, "Invalid method")


@pytest.mark.parametrize("written", ["yaml", "JSON", "json2", "xml2"])
def test_unreadable_format_is_answered_in_xml(signed, send, written):
    """A format that is neither xml nor json is 23, answered in XML."""
    reply = send(body=signed(format=written)).body.decode()
    assert reply.startswith(
        '<?xml version="1.0" encoding="utf-8" ?><error_response><code>23</code><msg>Invalid '
        "format</msg>"
    )


def test_unknown_session(signed, error):
    """A session that nobody has is 27 with sub_code invalid-sessionkey."""
    refusal = error(signed(GET, dispute_id=1, fields="status", session="6100nobody"))
    assert (refusal["code"], refusal["msg"], refusal["sub_code"]) == (
        27,
        "Invalid session",
        "invalid-sessionkey",
    )


def test_session_of_another_app(make_world, signed, error, world):
    """A session of another sandbox's app is 27 with sub_code sessionkey-not-generated-by-server."""
    other = type(world)(world.directory, world.document, id="other")
    world.directory.add(other)
    token = next(iter(other._state.sessions))
    refusal = error(signed(GET, dispute_id=1, fields="status", session=token))
    assert (refusal["code"], refusal["msg"], refusal["sub_code"]) == (
        27,
        "Invalid session",
        "sessionkey-not-generated-by-server",
    )


def test_expired_session(world, signed, error):
    """An expired session says so in msg and sub_code; a session lives to the second before."""
    token, session = next(iter(world._state.sessions.items()))
    end = world.now + timedelta(seconds=1)
    world._state.sessions[token] = type(session)(
        **{**{n: getattr(session, n) for n in session.__struct_fields__}, "expires": end}
    )
    call = signed(GET, dispute_id=1, fields="status")
    assert "reply" in error(call)
    world.advance(timedelta(seconds=1))
    refusal = error(call)
    assert (refusal["code"], refusal["msg"], refusal["sub_code"]) == (
        27,
        "Invalid session:session-expired",
        "session-expired",
    )


def test_app_without_the_package(make_world, caller_of):
    """An app without the permission is 11 with the package limit; what it may call it calls."""
    caller = caller_of(make_world(apps=[{"methods": ["tmall.exchange.receive.get"]}]))
    refusal = caller(GET, dispute_id=1, fields="status")["error_response"]
    assert (refusal["code"], refusal["msg"], refusal["sub_code"]) == (
        11,
        "Insufficient isv permissions",
        "isv.permission-api-package-limit",
    )
    assert caller.result("tmall.exchange.receive.get", fields="status")["total_results"] == 0


def test_sub_account_without_the_right(make_world, caller_of):
    """A sub-account without the right is 12, while the main account passes."""
    caller = caller_of(make_world(shops=[{"subs": [{"methods": ["tmall.exchange.receive.get"]}]}]))
    refusal = caller(GET, dispute_id=1, fields="status", session=caller.sub_session)[
        "error_response"
    ]
    assert (refusal["code"], refusal["msg"]) == (12, "Insufficient user permissions")
    assert (
        caller.result("tmall.exchange.receive.get", fields="status", session=caller.sub_session)[
            "total_results"
        ]
        == 0
    )
    assert caller.result(GET, dispute_id=1, fields="status")["result"]["success"] is False


@pytest.mark.parametrize("name", ["dispute_id", "address_id", "fields"])
@pytest.mark.parametrize("value", [None, ""])
def test_missing_argument(top, name, value):
    """A required parameter that is absent or empty is 40, named in msg and sub_code."""
    refusal = top(AGREE, **{"dispute_id": 1, "address_id": 2, "fields": "status", name: value})[
        "error_response"
    ]
    assert (refusal["code"], refusal["msg"], refusal["sub_code"]) == (
        40,
        f"Missing required arguments:{name}",
        f"isv.missing-parameter:{name}",
    )


@pytest.mark.parametrize(
    ("method", "name", "value"),
    [
        (AGREE, "dispute_id", "x"),
        (AGREE, "dispute_id", "1.0"),
        (AGREE, "dispute_id", str(2**63)),
        (AGREE, "dispute_id", str(-(2**63) - 1)),
        (AGREE, "dispute_id", "1" * 400),
        (AGREE, "dispute_id", "١٢"),
        (AGREE, "address_id", "home"),
        (AGREE, "fields", ",".join(["status"] * 21)),
        (AGREE, "leave_message", "字" * 134),
        (AGREE, "leave_message", "a" * 401),
        (AGREE, "leave_message_pics", "not a file"),
        (GET, "fields", ",".join(["status"] * 101)),
        ("tmall.exchange.receive.get", "page_size", "101"),
        ("tmall.exchange.receive.get", "page_size", "0"),
        ("tmall.exchange.receive.get", "page_no", "0"),
        ("tmall.exchange.receive.get", "page_no", "-1"),
        ("tmall.exchange.receive.get", "dispute_status_array", "1,9"),
        ("tmall.exchange.receive.get", "dispute_status_array", "换货待处理"),
        ("tmall.exchange.receive.get", "dispute_status_array", ",".join(["1"] * 21)),
        ("tmall.exchange.receive.get", "refund_id_array", ",".join(["1"] * 21)),
        ("tmall.exchange.receive.get", "refund_id_array", "1,b"),
        ("tmall.exchange.receive.get", "refund_id_array", str(2**63)),
        ("tmall.exchange.receive.get", "biz_order_id", "b"),
        ("tmall.exchange.receive.get", "start_created_time", "2026-03-01"),
        ("tmall.exchange.receive.get", "end_created_time", "1772330400000"),
        ("tmall.exchange.receive.get", "start_gmt_modified_time", "2026-02-29 00:00:00"),
        ("tmall.exchange.receive.get", "end_gmt_modifed_time", "now"),
        ("tmall.exchange.consigngoods", "logistics_type", "300"),
        ("tmall.exchange.messages.get", "operator_roles", "7"),
        ("tmall.exchange.messages.get", "page_size", "101"),
        ("tmall.exchange.refusereason.get", "dispute_type", "3"),
        ("tmall.exchange.message.add", "content", "a" * 401),
        ("tmall.exchange.message.add", "message_pics", "a.jpg"),
        ("taobao.logistics.address.search", "rdef", "def"),
    ],
)
def test_invalid_argument(world, top, whole_state, method, name, value):
    """A parameter of a wrong type, length or range is 41, with its name, and changes nothing."""
    [exchange] = world.open({})
    [shop] = world._state.shops.values()
    good = {
        "dispute_id": exchange.dispute_id,
        "fields": "status",
        "address_id": shop.addresses[1].contact_id,
        "content": "x",
        "logistics_no": "SF12345",
        "logistics_type": "200",
        "logistics_company_name": "顺丰快递",
    }
    before = whole_state(world)
    refusal = top(method, **{**good, name: value})["error_response"]
    assert (refusal["code"], refusal["msg"], refusal["sub_code"]) == (
        41,
        f"Invalid arguments:{name}",
        f"isv.invalid-parameter:{name}",
    )
    assert whole_state(world) == before


@pytest.mark.parametrize("where", ["query", "body", "both"])
@pytest.mark.parametrize("name", ["dispute_id", "fields", "session"])
def test_repeated_parameter(signed, send, where, name):
    """A parameter given twice, in the query, the body or both, is 41 and named."""
    texts = signed(GET, dispute_id=1, fields="status")
    again = f"{name}={texts[name]}".encode()
    whole = "&".join(f"{key}={value.replace(' ', '+')}" for key, value in texts.items()).encode()
    query, body = {
        "query": (whole + b"&" + again, b""),
        "body": (b"", whole + b"&" + again),
        "both": (again, whole),
    }[where]
    refusal = json.loads(send(query=query, body=body).body)["error_response"]
    assert (refusal["code"], refusal["msg"], refusal["sub_code"]) == (
        41,
        f"Invalid arguments:{name}",
        f"isv.invalid-parameter:{name}",
    )


def test_fields_may_be_missing_by_switch(world, top):
    """With fields_required false a call without fields passes and gets all it could ask for."""
    world.patch_rules({"fields_required": False})
    [exchange] = world.open({})
    [shop] = world._state.shops.values()
    result = top.result(
        AGREE, dispute_id=exchange.dispute_id, address_id=shop.addresses[0].contact_id
    )["result"]
    assert set(result["exchange"]) == {"dispute_id", "biz_order_id", "status", "modified"}


def write_timestamp(at, form):
    """An instant in one of the three forms of a timestamp."""
    if form == "text":
        return at.strftime("%Y-%m-%d %H:%M:%S")
    return str(int(at.timestamp() * (1000 if form == "milliseconds" else 1)))


def test_seconds_are_refused_by_rule(world, signed, error):
    """With seconds_timestamp off ten digits are 31; milliseconds still pass."""
    world.patch_rules({"seconds_timestamp": False})
    refused = {"code": 31, "msg": "Invalid timestamp"}
    assert error(signed(timestamp=write_timestamp(world.now, "seconds"))) == refused
    assert "reply" in error(signed(timestamp=write_timestamp(world.now, "milliseconds")))


@pytest.mark.parametrize("off", [timedelta(0), timedelta(minutes=10), -timedelta(minutes=10)])
@pytest.mark.parametrize("clock", ["real", "sandbox"])
@pytest.mark.parametrize("form", ["text", "milliseconds", "seconds"])
def test_timestamp_within_ten_minutes(world, signed, error, off, clock, form):
    """A timestamp within ten minutes, both ends included, of either clock passes, in every form."""
    at = off + (world.now if clock == "sandbox" else world.directory.real())
    stamp = write_timestamp(at, form)
    assert "reply" in error(signed(timestamp=stamp))


@pytest.mark.parametrize(
    "off",
    [timedelta(minutes=10, seconds=1), -timedelta(minutes=10, seconds=1), timedelta(hours=-8)],
)
@pytest.mark.parametrize("clock", ["real", "sandbox"])
@pytest.mark.parametrize("form", ["text", "milliseconds", "seconds"])
def test_timestamp_beyond_ten_minutes(world, signed, error, off, clock, form):
    """A timestamp more than ten minutes from both clocks is 31 without sub fields."""
    at = off + (world.now if clock == "sandbox" else world.directory.real())
    stamp = write_timestamp(at, form)
    assert error(signed(timestamp=stamp)) == {"code": 31, "msg": "Invalid timestamp"}


def test_timestamp_in_utc_is_explained(top, world):
    """A timestamp exactly eight hours off is explained in the journal as a container in UTC."""
    top("taobao.time.get", timestamp=(world.now - timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S"))
    [entry] = world.journal.select({}, 1)[1]
    assert "8 小时" in entry.cause_zh
    assert "UTC" in entry.cause_zh


# one fault each, in the order of the checks (protocol page 4.4); values that only `signed` can make
# are built in the test
FAULTS = [
    (21, {"method": None}),
    (28, {"app_key": None}),
    (29, {"app_key": "404"}),
    (30, {"timestamp": None}),
    (31, {"timestamp": "x"}),
    (32, {"v": None}),
    (33, {"v": "x"}),
    (34, {"v": "1.0"}),
    (23, {"format": "yaml"}),
    (24, {"sign": None}),
    (25, {"sign": "x"}),
    (22, {"method": "no.such.method"}),
    (9, {"verb": "PUT"}),
    (7, {"limited": True}),
    (26, {"session": None}),
    (27, {"session": "nobody"}),
    (11, {"banned": True}),
    (40, {"dispute_id": None}),
]


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        (one, two)
        for n, one in enumerate(FAULTS)
        for two in FAULTS[n + 1 :]
        if not set(one[1]) & set(two[1])
    ],
    ids=lambda fault: str(fault[0]),
)
def test_order_of_checks(make_world, signed, send, world, earlier, later):
    """A call with two faults gets the error of the earlier check."""
    faults = {**later[1], **earlier[1]}
    verb = faults.pop("verb", "POST")
    if faults.pop("banned", False):
        key, app = next(iter(world._state.apps.items()))
        world._state.apps[key] = type(app)(
            app.app_key, app.app_secret, frozenset({"taobao.time.get"})
        )
    if faults.pop("limited", False):
        world.set_quotas([QuotaDocument(per="day", limit=0)])
    texts = signed(**{"method": GET, "dispute_id": 1, "fields": "status", **faults})
    reply = send(verb=verb, body=texts).body.decode()
    assert f'"code":{earlier[0]},' in reply or f"<code>{earlier[0]}</code>" in reply


@pytest.mark.parametrize(
    ("quota", "sub_code"),
    [
        ({}, "accesscontrol.limited-by-app-access-count"),
        ({"method": GET}, "accesscontrol.limited-by-api-access-count"),
        ({"method": GET, "app_key": "*"}, "accesscontrol.limited-by-app-api-access-count"),
        (
            {"sub_code": "accesscontrol.limited-by-dynamic-access-count"},
            "accesscontrol.limited-by-dynamic-access-count",
        ),
    ],
)
def test_a_used_up_quota_is_7_with_the_ban_sentence(top, world, quota, sub_code):
    """A call above its quota gets code 7, the sub_code and the platform's own sentence.

    The journal says which quota.
    """
    world.set_quotas(
        [QuotaDocument(per="day", limit=1, **quota)]
    )  # frozen at 10:00, so 14 hours are left
    assert "result" in top.result(GET, dispute_id=1, fields="status")
    refused = top(GET, dispute_id=1, fields="status")["error_response"]
    assert {name: value for name, value in refused.items() if name != "request_id"} == {
        "code": 7,
        "msg": "App Call Limited",
        "sub_code": sub_code,
        "sub_msg": "This ban will last for 50400 more seconds",
    }
    [entry] = world.journal.select({"outcome": "refused"}, 1)[1]
    assert (entry.code, entry.sub_code) == (7, sub_code)
    assert (
        "每天 1 次" in entry.cause_zh
        and "50400" in entry.cause_zh
        and "quota of 1 a day" in entry.cause_en
    )


def test_only_calls_that_reach_flow_control_count(top, world):
    """A call refused by an earlier check costs nothing; one refused later has counted."""
    world.set_quotas([QuotaDocument(per="day", limit=2)])
    for earlier in ({"sign": "x"}, {"timestamp": "x"}, {"v": "9"}):
        top(GET, dispute_id=1, fields="status", **earlier)
    assert top(GET, dispute_id=1, fields="status", session="nobody")["error_response"]["code"] == 27
    assert "time" in top.result("taobao.time.get")
    assert top("taobao.time.get")["error_response"]["code"] == 7


def test_wrong_argument_comes_before_the_business(top):
    """A wrong argument for an unknown exchange gets the platform's 41, not a business failure."""
    assert top(GET, dispute_id=1, fields=",".join(["status"] * 101))["error_response"]["code"] == 41


def test_lax_passes_what_strict_refuses(world, top, signed, send):
    """A lax gateway sends unknown keys, sessions and signs to the default sandbox, and warns."""
    from mockserver.gateway.checks import SandboxLookup
    from mockserver.gateway.pipeline import Gateway

    lax = type(top)(Gateway(SandboxLookup(world.directory, lax="default")), world)
    [exchange] = world.open({})
    arguments = {"dispute_id": exchange.dispute_id, "fields": "status"}
    for wrong in (
        {"app_key": "404"},
        {"app_key": None},
        {"session": "nobody"},
        {"session": None},
        {"sign": "x"},
        {"sign": ""},
    ):
        assert lax.result(GET, **{**arguments, **wrong})["result"]["exchange"] == {
            "status": "换货待处理"
        }
        [entry] = world.journal.select({}, 1)[1]
        assert (entry.outcome, len(json.loads(entry.warnings)) >= 1) == ("ok", True)
    assert lax(GET, dispute_id="x", fields="status")["error_response"]["code"] == 41

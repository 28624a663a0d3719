"""What planned faults do to calls, without sockets.

What is answered, what has changed, what the journal says.

Source: the issue (faults), protocol pages 4.3 and 6, docs/faults.md.
"""

import gzip
import json
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from mockserver.domain.vocabulary import Status
from mockserver.gateway.faults.read_effects import READ_EFFECTS
from mockserver.gateway.faults.reply_effects import REPLY_EFFECTS
from mockserver.protocol.messages import ConnectionEnd, Delivery, Inbound
from mockserver.world.faults.fault_kinds import FAULTS
from mockserver.world.faults.fault_types import Effect

GET, AGREE, LIST, TIME = (
    "tmall.exchange.get",
    "tmall.exchange.agree",
    "tmall.exchange.receive.get",
    "taobao.time.get",
)
TIMEOUT = {
    "code": 15,
    "msg": "Remote service error",
    "sub_code": "isp.remote-service-timeout",
    "sub_msg": "API调用服务超时",
}


@pytest.fixture
def opened(world):
    """The id of an exchange that waits for the seller."""
    return world.open({})[0].dispute_id


@pytest.fixture
def agree(top, opened):
    """The raw reply to a signed agree."""
    return lambda **more: top.send(
        top.params(
            AGREE, dispute_id=opened, address_id=10_000_002, fields="dispute_id,status", **more
        )
    )


@pytest.fixture
def got(top, opened):
    """The raw reply to a signed get."""
    return lambda **more: top.send(
        top.params(GET, dispute_id=opened, fields="dispute_id,status,modified", **more)
    )


@pytest.fixture
def entries(world):
    """The journal, newest first."""
    return lambda: world.journal.select({}, 100)[1]


def error(reply):
    """The error_response of a reply, without its request_id."""
    inner = json.loads(reply.body)["error_response"]
    return {name: value for name, value in inner.items() if name != "request_id"}


def test_every_fault_has_its_doing():
    """Each fault of replies has a reply effect, of reads a read effect; no others are."""
    assert set(REPLY_EFFECTS) == {
        name for name, kind in FAULTS.items() if kind.effect is Effect.REPLY
    }
    assert set(READ_EFFECTS) == {
        name for name, kind in FAULTS.items() if kind.effect is Effect.READ
    }


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, {"code": 15, "msg": "Remote service error", "sub_code": "isp.remote-service-error"}),
        ({"code": 10}, {"code": 10, "msg": "Service currently unavailable"}),
        (
            {"code": 15, "sub_code": "isv.x", "sub_msg": "文字"},
            {"code": 15, "msg": "Remote service error", "sub_code": "isv.x", "sub_msg": "文字"},
        ),
        ({"code": 9999, "msg": "Odd"}, {"code": 9999, "msg": "Odd"}),
        (
            {"code": 27, "msg": "Invalid session", "sub_code": "invalid-sessionkey"},
            {"code": 27, "msg": "Invalid session", "sub_code": "invalid-sessionkey"},
        ),
    ],
)
def test_platform_error(world, agree, opened, entries, options, expected):
    """Any code and sub_code instead of the call, which changes nothing.

    The journal says that it was planned.
    """
    world.plan_faults({"fault": "platform_error", **options})
    reply = agree()
    assert error(reply) == expected
    assert world._state.exchanges[opened].status is Status.WAIT_SELLER_AGREE
    [entry] = entries()
    assert (entry.outcome, entry.code, entry.fault, entry.fault_id, entry.lost) == (
        "refused",
        expected["code"],
        "platform_error",
        "f1",
        False,
    )
    assert (
        "f1 platform_error" in entry.cause_zh
        and "计划的故障" in entry.cause_zh
        and "planned fault" in entry.cause_en
    )
    assert ("X-Sandbox-Rule", "fault f1 platform_error") in reply.headers
    assert json.loads(agree().body)["tmall_exchange_agree_response"]["result"]["success"] is True


@pytest.mark.parametrize(
    ("method", "where"), [(AGREE, "msg_code"), ("tmall.exchange.messages.get", "error_code")]
)
def test_business_failure(world, top, opened, entries, method, where):
    """Any code and words in the form that the method has for failures; nothing has changed."""
    world.plan_faults({"fault": "business_failure", "msg_code": "X_Y", "message": "不行"})
    more = {"address_id": 10_000_002} if method == AGREE else {}
    result = top.result(method, dispute_id=opened, fields="dispute_id", **more)["result"]
    text = (
        {"success": False, "msg_code": "X_Y", "message": "不行"}
        if where == "msg_code"
        else {"error_code": "X_Y", "error_msg": "不行"}
    )
    assert result == text
    assert world._state.exchanges[opened].status is Status.WAIT_SELLER_AGREE
    [entry] = entries()
    assert (entry.outcome, entry.msg_code, entry.fault) == ("failed", "X_Y", "business_failure")


@pytest.mark.parametrize("method", [AGREE, "tmall.exchange.messages.get"])
def test_a_business_failure_has_the_shape_of_the_rule(world, top, opened, entries, method):
    """With `failure_shape: error15` a planned failure is an error 15, as every other one is."""
    world.patch_rules({"failure_shape": "error15"})
    world.plan_faults({"fault": "business_failure", "msg_code": "X_Y", "message": "不行"})
    reply = top(method, dispute_id=opened, fields="dispute_id", address_id=10_000_002)

    assert reply["error_response"] == {
        "code": 15,
        "msg": "Remote service error",
        "sub_code": "X_Y",
        "sub_msg": "不行",
        "request_id": reply["error_response"]["request_id"],
    }
    assert world._state.exchanges[opened].status is Status.WAIT_SELLER_AGREE
    [entry] = entries()
    assert (entry.msg_code, entry.fault) == ("X_Y", "business_failure")


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ("inside", ["result"]),
        ("beside", ["message", "msg_code"]),
        ("both", ["message", "msg_code", "result"]),
    ],
)
def test_a_planned_dispute_not_exist_stands_where_the_rule_says(world, top, opened, place, names):
    """A planned DISPUTE_NOT_EXIST stands inside `result`, beside it, or both."""
    world.patch_rules({"dispute_not_exist": place})
    world.plan_faults({"fault": "business_failure", "msg_code": "DISPUTE_NOT_EXIST"})
    result = top.result(AGREE, dispute_id=opened, fields="dispute_id", address_id=10_000_002)

    assert set(result) == {*names, "request_id"}


def test_session_expired_in_mid_flow(world, top, opened):
    """After some calls the session has expired, as the platform says it."""
    world.plan_faults({"fault": "session_expired", "after": 1, "times": None})
    assert "result" in top.result(GET, dispute_id=opened, fields="status")
    for _ in range(2):
        refused = top(GET, dispute_id=opened, fields="status")["error_response"]
        assert (refused["code"], refused["msg"], refused["sub_code"]) == (
            27,
            "Invalid session:session-expired",
            "session-expired",
        )
    assert "time" in top.result(TIME)


def test_limited(world, top, entries):
    """Code 7 with the ban sentence, while the ban lasts; other methods go on."""
    world.plan_faults(
        {
            "fault": "limited",
            "seconds": 90,
            "method": TIME,
            "sub_code": "accesscontrol.limited-by-dynamic-access-count",
        }
    )
    for _ in range(2):
        refused = top(TIME)["error_response"]
        assert (refused["code"], refused["msg"]) == (7, "App Call Limited")
        assert refused["sub_code"] == "accesscontrol.limited-by-dynamic-access-count"
        assert refused["sub_msg"] == "This ban will last for 90 more seconds"
    assert [(entry.fault, entry.effect) for entry in entries()] == [("limited", "90s")] * 2
    world.drop_faults()
    assert "time" in top.result(TIME)


def test_latency_is_drawn_and_bounded(world, got):
    """Delays follow their distribution, replay from the seed, and never exceed a minute."""

    def delays(**options):
        world.drop_faults()
        world._state.numbers["fault"] = 0  # the same id, so the same draws
        world.plan_faults({"fault": "latency", "times": None, **options})
        return [got().delivery.wait_seconds for _ in range(200)]

    assert set(delays(seconds=2.5)) == {2.5}
    uniform = delays(distribution="uniform", shortest=1, seconds=3)
    assert uniform == delays(distribution="uniform", shortest=1, seconds=3)
    assert 1 <= min(uniform) < 1.2 and 2.8 < max(uniform) <= 3
    normal = sorted(delays(distribution="log_normal", seconds=0.5, sigma=1))
    assert 0.4 < normal[100] < 0.6 and normal[0] > 0 and normal[-1] > 2
    assert max(delays(distribution="log_normal", seconds=30, sigma=5)) == 60


def test_latency_leaves_the_reply_whole(world, got, entries):
    """The reply is the call's own, and the journal has the delay."""
    world.plan_faults({"fault": "latency", "seconds": 2.5})
    reply = got()
    assert json.loads(reply.body)["tmall_exchange_get_response"]["result"]["success"] is True
    assert reply.delivery == Delivery(wait_seconds=2.5)
    [entry] = entries()
    assert (entry.outcome, entry.fault, entry.effect, entry.lost) == (
        "ok",
        "latency",
        "2.5s",
        False,
    )


@pytest.mark.parametrize(
    ("raw", "delivery", "lost"),
    [
        (
            {"fault": "slow_body", "seconds": 6, "pieces": 4},
            Delivery(pieces=4, spread_seconds=6),
            "",
        ),
        (
            {"fault": "reset"},
            Delivery(no_response=True, truncate_at=0, end=ConnectionEnd.RESET),
            "reset",
        ),
        (
            {"fault": "reset", "bytes": 40},
            Delivery(truncate_at=40, end=ConnectionEnd.RESET),
            "reset",
        ),
        ({"fault": "empty_reply"}, Delivery(no_response=True, end=ConnectionEnd.CLOSE), "closed"),
        ({"fault": "reply_lost"}, Delivery(no_response=True, end=ConnectionEnd.RESET), "reset"),
        (
            {"fault": "reply_lost", "as": "hang", "seconds": 7},
            Delivery(wait_seconds=7, no_response=True, end=ConnectionEnd.CLOSE),
            "closed",
        ),
    ],
)
def test_carried_out_and_then_disturbed(world, agree, opened, entries, raw, delivery, lost):
    """The call is carried out and journalled as it was; what goes wrong is the way of its reply."""
    world.plan_faults(raw)
    reply = agree()
    assert (reply.delivery, reply.delivery.loss) == (delivery, lost)
    assert world._state.exchanges[opened].status is Status.WAIT_BUYER_RETURN
    [entry] = entries()
    assert (entry.outcome, entry.fault, entry.lost) == ("ok", raw["fault"], bool(lost))
    assert b'"success":true' in entry.reply


@pytest.mark.parametrize(
    "raw",
    [
        {"fault": "refused_reply_lost"},
        {"fault": "refused_reply_lost", "as": "hang"},
        {"fault": "reset", "executed": False},
        {"fault": "empty_reply", "executed": False},
        {"fault": "gateway_5xx"},
        {"fault": "refused_reply_lost", "as": "isp.remote-service-timeout"},
    ],
)
def test_refused_and_then_disturbed(world, agree, opened, entries, whole_state, raw):
    """Nothing has changed, the journal says so, and the reply is that of a real call."""
    before = whole_state(world)
    world.plan_faults(raw)
    reply = agree()
    after = whole_state(world)
    for own in ("faults", "fault_counters", "numbers"):
        assert before.pop(own) != after.pop(own)
    assert after == before
    [entry] = entries()
    assert (entry.outcome, entry.code, entry.sub_code, entry.lost) == (
        "refused",
        15,
        "isp.remote-connection-error",
        True,
    )
    assert "未执行" in entry.cause_zh and "not carried out" in entry.cause_en
    if raw.get("as", "").startswith("isp"):
        assert error(reply) == TIMEOUT


def test_a_lost_reply_looks_the_same_either_way(world, agree):
    """Carried out or not, the caller sees the same.

    The way is the same, and so is the timeout's text.
    """
    for way in ("reset", "hang", "isp.remote-service-timeout"):
        statuses = []
        for kind in ("reply_lost", "refused_reply_lost"):
            world.reset()
            world.open({})
            world.plan_faults({"fault": kind, "as": way})
            reply = agree()
            statuses.append((reply.delivery, error(reply) if reply.delivery is None else None))
        assert statuses[0] == statuses[1]
    assert statuses[0] == (None, TIMEOUT)


def test_the_timeout_hides_a_success(world, agree, opened, entries):
    """With isp.remote-service-timeout the call succeeds, while its caller reads the timeout."""
    world.plan_faults({"fault": "reply_lost", "as": "isp.remote-service-timeout"})
    assert error(agree()) == TIMEOUT
    assert world._state.exchanges[opened].status is Status.WAIT_BUYER_RETURN
    [entry] = entries()
    assert (entry.outcome, entry.code, entry.lost) == ("ok", 0, True)


def test_the_timeout_in_xml(world, agree):
    """The timeout comes in the form that was asked for."""
    world.plan_faults({"fault": "reply_lost", "as": "isp.remote-service-timeout"})
    assert b"<sub_code>isp.remote-service-timeout</sub_code>" in agree(format="xml").body


@pytest.mark.parametrize("part", [0, 0.5, 0.99])
def test_truncated(world, got, part):
    """So much of the body leaves; the length announced is the whole body's."""
    world.plan_faults({"fault": "truncated", "part": part})
    reply = got()
    assert reply.delivery == Delivery(
        truncate_at=int(len(reply.body) * part), end=ConnectionEnd.CLOSE
    )
    assert reply.delivery.truncate_at < len(reply.body)


@pytest.mark.parametrize("many", [1, 8, 1000])
def test_garbled(world, got, many):
    """The body has its length, is no UTF-8, and is garbled at the same places again."""
    plain = got().body
    bodies = []
    for _ in range(2):
        world.drop_faults()
        world._state.numbers["fault"] = 0
        world.plan_faults({"fault": "garbled", "bytes": many})
        bodies.append(got().body)
    changed = [
        place
        for place, (one, other) in enumerate(zip(plain, bodies[0], strict=True))
        if one != other
    ]
    assert 0 < len(changed) <= many + 12  # the request_id differs as well
    with pytest.raises(UnicodeDecodeError):
        bodies[0].decode()
    one, other = ([at for at, byte in enumerate(body) if byte == 0xFF] for body in bodies)
    assert one == other


def test_wrong_content_type(world, got):
    """The type is another, once; the body is the call's."""
    world.plan_faults({"fault": "wrong_content_type", "content_type": "text/plain"})
    reply = got()
    assert [value for name, value in reply.headers if name == "Content-Type"] == ["text/plain"]
    assert json.loads(reply.body)["tmall_exchange_get_response"]


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (502, "502 Bad Gateway"),
        (503, "503 Service Temporarily Unavailable"),
        (504, "504 Gateway Time-out"),
    ],
)
@pytest.mark.parametrize("executed", [True, False])
def test_gateway_5xx(world, agree, opened, status, line, executed):
    """A page like nginx's with its status; whether the call was carried out can be chosen."""
    world.plan_faults({"fault": "gateway_5xx", "status": status, "executed": executed})
    reply = agree()
    assert reply.status == line
    assert f"<center><h1>{line}</h1></center>".encode() in reply.body
    assert (
        dict(reply.headers)["Content-Type"] == "text/html"
        and dict(reply.headers)["X-Sandbox-Request-Id"]
    )
    assert "top-bodylength" not in dict(reply.headers)
    moved = world._state.exchanges[opened].status is Status.WAIT_BUYER_RETURN
    assert moved is executed


def test_duplicate_delivery(world, agree, opened, entries):
    """The request is carried out twice, each in the journal; the caller gets the second reply."""
    world.plan_faults({"fault": "duplicate_delivery"})
    reply = agree()
    result = json.loads(reply.body)["tmall_exchange_agree_response"]["result"]
    assert (result["success"], result["msg_code"]) == (False, "EXCHANGE_STATUS_ERROR")
    second, first = entries()
    assert [(call.outcome, call.fault, call.effect, call.lost) for call in (first, second)] == [
        ("ok", "duplicate_delivery", "first delivery", True),
        ("failed", "duplicate_delivery", "second delivery", False),
    ]
    assert first.request_id != second.request_id == dict(reply.headers)["X-Sandbox-Request-Id"]
    assert [event.move for event in world._state.events[opened]] == ["apply", "agree"]
    assert [(fault["met"], fault["hits"]) for fault in world.planned_faults()] == [(1, 1)]


def test_faults_match_only_what_passes_the_checks(world, top, opened):
    """A call that the platform refuses anyway is not counted.

    One that fails for business reasons is.
    """
    world.plan_faults({"fault": "platform_error", "times": None, "after": 1})
    for wrong in ({"sign": "x"}, {"session": "nobody"}, {"fields": None}, {"dispute_id": "x"}):
        top(GET, **{"dispute_id": opened, "fields": "status", **wrong})
    assert world.planned_faults()[0]["met"] == 0
    assert top.result(GET, dispute_id=404, fields="status")["result"]["success"] is False
    assert top(GET, dispute_id=404, fields="status")["error_response"]["code"] == 15
    assert world.planned_faults()[0]["met"] == 2


def test_a_quota_comes_before_a_fault(world, top):
    """A call above its quota is not counted by a fault."""
    from mockserver.world.document import QuotaDocument

    world.set_quotas([QuotaDocument(per="day", limit=1)])
    world.plan_faults({"fault": "platform_error", "times": None})
    assert [top(TIME)["error_response"]["code"] for _ in range(3)] == [15, 7, 7]
    assert world.planned_faults()[0]["met"] == 1


def test_a_stub_is_disturbed_like_any_other(world, top):
    """A method that only a stub knows can be refused, and be lost."""
    world.stub("taobao.subusers.get", b'{"ok":true}')
    world.plan_faults({"fault": "platform_error", "method": "taobao.subusers.get", "code": 10})
    world.plan_faults({"fault": "reply_lost"})
    assert top("taobao.subusers.get")["error_response"]["code"] == 10
    assert top.send(top.params("taobao.subusers.get")).delivery.end is ConnectionEnd.RESET


def test_compressed_replies_are_disturbed_too(world, gateway, top, opened):
    """A reply is garbled after compression; a whole one is readable."""

    def ask():
        body = urlencode(top.params(GET, dispute_id=opened, fields="status")).encode()
        return gateway.answer(
            Inbound(
                "POST", b"", "application/x-www-form-urlencoded", body, "http://mock", gzip=True
            )
        )

    plain = gzip.decompress(ask().body)
    world.plan_faults({"fault": "latency"})
    assert len(gzip.decompress(ask().body)) == len(plain)
    world.plan_faults({"fault": "garbled", "bytes": 200})
    with pytest.raises((OSError, EOFError, gzip.zlib.error)):
        gzip.decompress(ask().body)


def test_no_secret_in_what_is_planned(world, top, entries):
    """A message that a fault is given by its user stands in the reply.

    The journal's sentences hold no session.
    """
    world.plan_faults({"fault": "latency", "session": top.session})
    top(TIME)
    top.send(top.params(GET, dispute_id=1, fields="status"))
    text = json.dumps([entry.serialize() for entry in entries()])
    assert top.session not in text and "latency" in text


@pytest.mark.parametrize("name", ["bad_day", "double_eleven"])
def test_a_set_replays(make_world, caller_of, name):
    """Two sandboxes of one seed, the same calls.

    The same faults match the same calls to the same effect.
    """

    def play():
        world = make_world(seed=5, faults=[{"set": name}])
        top = caller_of(world)
        [exchange] = world.open({})
        for _ in range(60):
            world.advance(timedelta(seconds=1))  # so that bans end
            top.send(top.params(GET, dispute_id=exchange.dispute_id, fields="status"))
            top.send(top.params(LIST, fields="status", page_no=2, page_size=1))
        return [
            (entry.fault, entry.effect, entry.outcome, entry.code)
            for entry in world.journal.select({}, 1000)[1]
        ]

    first = play()
    assert first == play()
    assert len({fault for fault, *_ in first}) > 4

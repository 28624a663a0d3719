"""Batches as the official clients build them: body, sign and separators are written out here."""

import gzip
import hashlib
import json
from http.client import HTTPConnection
from urllib.parse import urlencode

import pytest

from mockserver import Server
from mockserver.gateway.app import is_batch_path
from mockserver.gateway.batch import BatchGateway
from mockserver.gateway.checks import SandboxLookup
from mockserver.protocol.messages import Inbound, SandboxBusy
from mockserver.server import create_app
from mockserver.world.document import QuotaDocument

SEPARATOR = "\r\n-S-\r\n"
PLAIN = "text/plain;charset=UTF-8"
TIME = {"method": "taobao.time.get"}


@pytest.fixture
def gateway(world):
    """The gateway as servers have it."""
    return BatchGateway(SandboxLookup(world.directory))


@pytest.fixture
def send(gateway, world, top):
    """Sends lists of parameters as one batch; returns the reply.

    `body`, `shared`, `path`, `separator`, `public` replace what an official client does.
    """

    def post(*calls, body=None, path=True, separator=SEPARATOR, public=None, more=(), **shared):
        texts = {
            "app_key": top.app.app_key,
            "timestamp": world.now.strftime("%Y-%m-%d %H:%M:%S"),
            "v": "2.0",
            "format": "json",
            "sign_method": "md5",
            "session": top.session,
            **shared,
        }
        texts = {name: text for name, text in texts.items() if text is not None}
        parts = [urlencode(call) or "N" for call in calls]
        if public is not None:
            parts.insert(0, "#PUBLIC#" + urlencode(public))
        body = separator.join(parts) if body is None else body
        joined = "".join(name + texts[name] for name in sorted(texts)) + body
        secret = top.app.app_secret
        sign = hashlib.md5(f"{secret}{joined}{secret}".encode()).hexdigest().upper()
        query = urlencode({**texts, "sign": shared.get("sign", sign)}).encode()
        options = {"separator": "" if separator == SEPARATOR else separator, **dict(more)}
        inbound = Inbound("POST", query, PLAIN, body.encode(), "http://m", batch=path, **options)
        return gateway.answer(inbound)

    return post


def read(reply, separator=SEPARATOR):
    """The answers in their order: the name of the root, and its members."""
    return [next(iter(json.loads(text).items())) for text in reply.body.decode().split(separator)]


def test_answers_come_in_order(send, world):
    """Each call has its own root and its own request id; a write is done."""
    dispute_id = world.open({})[0].dispute_id
    agree = {
        "method": "tmall.exchange.agree",
        "dispute_id": dispute_id,
        "address_id": 10000002,
        "fields": "status",
    }
    get = {"method": "tmall.exchange.get", "dispute_id": dispute_id, "fields": "status"}
    answers = read(send(get, agree, get))

    assert [name for name, _ in answers] == [
        "tmall_exchange_get_response",
        "tmall_exchange_agree_response",
        "tmall_exchange_get_response",
    ]
    texts = [members["result"]["exchange"]["status"] for _, members in answers]
    assert texts == ["换货待处理", "待买家退货", "待买家退货"]
    assert len({members["request_id"] for _, members in answers}) == 3


def test_some_fail(send):
    """An unknown method, a missing parameter and a right call do not disturb each other."""
    answers = read(send({"method": "no.such"}, {"method": "tmall.exchange.get"}, TIME))

    assert [members.get("code") for _, members in answers] == [22, 40, None]
    assert answers[2][0] == "time_get_response"


def test_one_call_is_refused_by_state(send, world):
    """A business failure stands in its own answer."""
    dispute_id = world.open({})[0].dispute_id
    wrong = {
        "method": "tmall.exchange.returngoods.agree",
        "dispute_id": dispute_id,
        "fields": "status",
    }
    answers = read(send(wrong, TIME))

    assert answers[0][1]["result"]["success"] is False
    assert answers[1][0] == "time_get_response"


def test_public_parameters(send):
    """`#PUBLIC#` gives every call its method; an empty list is N; a call's own value wins."""
    answers = read(
        send({}, {"method": "taobao.user.seller.get"}, public={**TIME, "fields": "nick"})
    )

    assert [name for name, _ in answers] == ["time_get_response", "user_seller_get_response"]


def test_a_separator_of_its_own(send):
    """The header `top-api-separator` says it; the answers have it too."""
    reply = send(TIME, TIME, separator="%7Bmine%7D")

    assert len(read(reply, "%7Bmine%7D")) == 2


def test_a_session_of_one_call(send, top):
    """It wins over the batch's own."""
    agree = {"method": "taobao.rp.refunds.agree", "refund_infos": "1|1|1|onsale"}
    answers = read(send(agree, {**agree, "session": top.sub_session}))

    assert answers[0][1]["sub_code"] == "isv.invalid-permission:not_sub_user"
    assert answers[1][1]["msg_code"] == "OP_FAILURE_UE"


def test_the_java_clients_form(send):
    """On /router/rest: plain text, a sign and no method in the query."""
    assert [name for name, _ in read(send(TIME, TIME, path=False))] == ["time_get_response"] * 2


def test_xml(send):
    """The format is that of the whole."""
    texts = send(TIME, {"method": "no.such"}, format="xml").body.decode().split(SEPARATOR)

    assert "<time_get_response>" in texts[0]
    assert "<code>22</code>" in texts[1]


def test_compressed(send):
    """As a whole, where the client offers gzip."""
    reply = send(TIME, TIME, more={"gzip": True})

    assert dict(reply.headers)["Content-Encoding"] == "gzip"
    assert len(gzip.decompress(reply.body).decode().split(SEPARATOR)) == 2


def test_length_of_the_whole(send):
    """`top-bodylength` counts what is sent."""
    reply = send(TIME, TIME)

    assert dict(reply.headers)["top-bodylength"] == str(len(reply.body.decode()))


@pytest.mark.parametrize(
    ("shared", "code"),
    [
        ({"sign": "0" * 32}, 25),
        ({"app_key": None}, 28),
        ({"app_key": "404"}, 29),
        ({"timestamp": None}, 30),
        ({"timestamp": "2020-01-01 00:00:00"}, 31),
        ({"v": "9.9"}, 34),
        ({"body": ""}, 40),
        ({"body": "#PUBLIC#method=taobao.time.get"}, 40),
    ],
)
def test_the_whole_is_refused(send, world, shared, code):
    """One error, one entry in the journal, nothing done."""
    dispute_id = world.open({})[0].dispute_id
    agree = {"method": "tmall.exchange.agree", "dispute_id": dispute_id, "address_id": 10000002}
    [(name, error)] = read(send(agree, agree, **shared))

    assert (name, error["code"]) == ("error_response", code)
    assert world.view.exchange(dispute_id).status.value == 1


def test_too_many(send, world):
    """More than the rule allows: one error names the rule."""
    world.patch_rules({"batch_max": 2})

    assert len(read(send(TIME, TIME))) == 2
    [(_, error)] = read(send(TIME, TIME, TIME))
    assert error["code"] == 41


@pytest.mark.parametrize("name", ["app_key", "timestamp", "sign", "v", "format", "sign_method"])
def test_a_part_cannot_name_another_app(send, name):
    """What the sign was checked with is no part's own: a repeated parameter."""
    answers = read(send({**TIME, name: "1"}, TIME))

    assert answers[0][1]["code"] == 41
    assert answers[1][0] == "time_get_response"


@pytest.mark.parametrize("part", ["%zz", "method=%FF%FE", "&&&", "=", "-S-", "method", "{}", "会"])
def test_parts_that_cannot_be_read(send, part):
    """Only that call is refused."""
    answers = read(send(body=SEPARATOR.join([part, "method=taobao.time.get"])))

    assert answers[0][0] == "error_response"
    assert answers[1][0] == "time_get_response"


def test_each_call_is_in_the_journal(send, world, top):
    """With its method and its outcome; the whole has no entry of its own."""
    send(TIME, {"method": "no.such"})

    _, entries = world.journal.select({}, 10)
    assert [(e.method, e.outcome) for e in entries] == [
        ("no.such", "refused"),
        ("taobao.time.get", "ok"),
    ]
    assert top.session not in json.dumps([entry.serialize() for entry in entries])


def test_each_call_counts(send, world):
    """A quota of one call lets one of two through."""
    world.set_quotas([QuotaDocument(per="day", limit=1, method="taobao.time.get")])
    answers = read(send(TIME, TIME))

    assert [members.get("code") for _, members in answers] == [None, 7]


def test_a_fault_of_one_call(send, world):
    """A planned error hits its call alone; a lost reply loses the whole."""
    world.plan_faults({"fault": "platform_error", "method": "taobao.time.get", "times": 1})
    answers = read(send(TIME, TIME))
    assert [name for name, _ in answers] == ["error_response", "time_get_response"]

    world.plan_faults({"fault": "reset", "method": "taobao.time.get", "times": 1})
    assert send(TIME, TIME).delivery is not None

    world.plan_faults({"fault": "gateway_5xx", "method": "taobao.time.get", "times": 1})
    assert send(TIME, TIME).status.startswith("5")


def test_a_batch_never_waits_in_the_loop(send):
    """Many calls may take long: a worker answers them."""
    with pytest.raises(SandboxBusy):
        send(TIME, more={"may_wait": False})


@pytest.mark.parametrize("path", ["/router/batch", "/top/router/batch/", "/router/rest"])
@pytest.mark.parametrize("door", ["embedded", "wsgi"])
def test_both_servers(path, door):
    """The embedded server and any WSGI server know the paths and the separator's header."""
    with Server(port=0) as server:
        sandbox = server.sandbox()
        texts = {
            "app_key": sandbox.app_key,
            "timestamp": f"{sandbox.clock.now:%Y-%m-%d %H:%M:%S}",
            "v": "2.0",
            "format": "json",
            "sign_method": "md5",
        }
        body = "method=taobao.time.get|method=no.such"
        joined = "".join(name + texts[name] for name in sorted(texts)) + body
        secret = sandbox.app_secret
        texts["sign"] = hashlib.md5(f"{secret}{joined}{secret}".encode()).hexdigest().upper()
        headers = {"Content-Type": PLAIN, "top-api-separator": "|"}
        if door == "wsgi":
            app = create_app(server.context, lambda line: None)
            client = app.test_client()
            answer = client.post(f"{path}?{urlencode(texts)}", data=body, headers=headers).text
        else:
            connection = HTTPConnection("127.0.0.1", server.port, timeout=20)
            connection.request("POST", f"{path}?{urlencode(texts)}", body, headers)
            answer = connection.getresponse().read().decode()
            connection.close()

    assert ["time_get_response" in answer, '"code":22' in answer, answer.count("|")] == [
        True,
        True,
        1,
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/router/batch", True),
        ("/router/batch/", True),
        ("/top/router/batch", True),
        ("/mock/router/batch", True),
        ("/router/rest", False),
        ("/router/batches", False),
    ],
)
def test_paths(path, expected):
    """Batches have a path of their own, also below a prefix."""
    assert is_batch_path(path) is expected

"""Replies: JSON, XML, simplify, request ids, headers, gzip.

And what a call leaves in the journal.
"""

import gzip
import json
import re
from threading import Event, Thread
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from mockserver.domain.vocabulary import Role
from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway
from mockserver.protocol.messages import Inbound, SandboxBusy

GET = "tmall.exchange.get"
LIST = "tmall.exchange.receive.get"
HEAD = '<?xml version="1.0" encoding="utf-8" ?>'


def text_of(reply):
    """The reply's body."""
    return reply.body.decode()


def test_json_is_compact_raw_and_ends_with_the_request_id(world, signed, send):
    """A JSON reply is compact, in raw UTF-8 with plain slashes, request_id last inside the root."""
    [exchange] = world.open({"reason": "尺码/颜色"})
    text = text_of(send(body=signed(GET, dispute_id=exchange.dispute_id, fields="reason,num")))
    assert re.fullmatch(
        r'\{"tmall_exchange_get_response":\{"result":\{"exchange":\{"num":1,"reason":"尺码/颜色"\},"success":true\},'
        r'"request_id":"[0-9a-z]{12,13}"\}\}',
        text,
    )


def test_error_text_begins_as_the_go_client_expects(signed, send):
    """An error reply begins with error_response, with its members in a fixed order.

    The reply begins exactly with {"error_response":{ and has code, msg, sub_code, sub_msg,
    request_id.
    """
    text = text_of(send(body=signed(GET, fields="status")))
    assert text.startswith(
        '{"error_response":{"code":40,"msg":"Missing required arguments:dispute_id","sub_code":'
    )
    assert list(json.loads(text)["error_response"]) == [
        "code",
        "msg",
        "sub_code",
        "sub_msg",
        "request_id",
    ]


@pytest.mark.parametrize(
    "options",
    [{"format": "xml"}, {"format": ""}, {"format": None}, {"format": "xml", "simplify": "true"}],
)
def test_xml_is_the_default(world, signed, send, options):
    """Without format, or with xml, the reply is XML, with or without simplify.

    It has no white space or comment, and request_id is last.
    """
    [exchange] = world.open({"reason": "a<b>&\"c'"})
    text = text_of(
        send(body=signed(GET, dispute_id=exchange.dispute_id, fields="reason,num", **options))
    )
    assert text.startswith(
        HEAD
        + "<tmall_exchange_get_response><result><exchange><num>1</num>"
        + "<reason>a&lt;b&gt;&amp;\"c'</reason></exchange><success>true</success></result>"
    )
    assert re.search(
        r"<request_id>[0-9a-z]{12,13}</request_id></tmall_exchange_get_response>$", text
    )
    assert ElementTree.fromstring(text).findtext("result/exchange/reason") == "a<b>&\"c'"


def test_xml_lists(world, signed, send):
    """A list in XML is its field's element with repeated elements of the item's name.

    An empty one is absent.
    """
    empty = ElementTree.fromstring(
        text_of(send(body=signed(LIST, fields="dispute_id", format="xml")))
    )
    world.open({}, count=2)
    full = ElementTree.fromstring(
        text_of(send(body=signed(LIST, fields="dispute_id", format="xml")))
    )
    assert [child.tag for child in empty] == [
        "has_next",
        "page_results",
        "total_results",
        "request_id",
    ]
    assert [child.tag for child in full.find("results")] == ["exchange", "exchange"]
    assert full.findtext("has_next") == "false"


def test_xml_error(signed, send):
    """An error in XML has the root error_response with the same children."""
    root = ElementTree.fromstring(text_of(send(body=signed(GET, fields="status", format="xml"))))
    assert root.tag == "error_response"
    assert [child.tag for child in root] == ["code", "msg", "sub_code", "sub_msg", "request_id"]


def test_simplify_drops_root_and_item_names(world, signed, send):
    """simplify=true drops the root and the names of list items; errors keep error_response."""
    world.open({})
    reply = json.loads(text_of(send(body=signed(LIST, fields="status", simplify="true"))))
    wrong = json.loads(text_of(send(body=signed(LIST, simplify="true"))))
    assert reply["results"] == [{"status": "换货待处理"}]
    assert list(reply)[-1] == "request_id"
    assert list(wrong) == ["error_response"]


@pytest.mark.parametrize("value", ["1", "True", "yes", "false", ""])
def test_only_true_simplifies(signed, send, value):
    """Any simplify but the word true leaves the reply as it is."""
    assert list(json.loads(text_of(send(body=signed(simplify=value))))) == ["time_get_response"]


def test_request_ids_are_unique(signed, send):
    """Every call has its own request id, the same as in the header.

    It has 12 or 13 lower-case base-36 characters.
    """
    replies = [send(body=signed()) for _ in range(500)]
    ids = [json.loads(reply.body)["time_get_response"]["request_id"] for reply in replies]
    assert len(set(ids)) == 500
    assert all(re.fullmatch(r"[0-9a-z]{12,13}", request_id) for request_id in ids)
    assert [dict(reply.headers)["X-Sandbox-Request-Id"] for reply in replies] == ids


@pytest.mark.parametrize(
    ("format", "kind"),
    [("json", "text/javascript;charset=UTF-8"), ("xml", "text/xml;charset=UTF-8")],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_headers(world, signed, send, format, kind, zipped):
    """Headers name the type, the characters of the plain body, the hosts and the sandbox.

    gzip only when offered.
    """
    [exchange] = world.open({"reason": "换货💥"})
    reply = send(
        body=signed(GET, dispute_id=exchange.dispute_id, fields="reason", format=format),
        gzip=zipped,
    )
    headers = dict(reply.headers)
    plain = (gzip.decompress(reply.body) if zipped else reply.body).decode()
    assert headers["Content-Type"] == kind
    assert headers["top-bodylength"] == str(len(plain))
    assert ("Content-Encoding" in headers) is zipped
    assert headers["Application-Host"]
    assert headers["Location-Host"]
    assert headers["X-Sandbox-Id"] == world.id


def test_error_headers(signed, send):
    """An error in JSON has the type of JSON and its own length in characters."""
    reply = send(body=signed(GET, dispute_id="x", fields="status"))
    headers = dict(reply.headers)
    assert (headers["Content-Type"], headers["top-bodylength"]) == (
        "text/javascript;charset=UTF-8",
        str(len(reply.body.decode())),
    )


def test_stub_answers_an_unknown_method(world, top, signed, send):
    """A stubbed method is checked, wrapped and journalled, in JSON, XML and simplify."""
    world._state.stubs["taobao.item.get"] = json.dumps(
        {"item": {"num_iid": 5, "skus": {"sku": [{"sku_id": 1}, {"sku_id": 2}]}}}
    ).encode()
    reply = top.result("taobao.item.get", fields="num_iid")
    xml = ElementTree.fromstring(text_of(send(body=signed("taobao.item.get", format="xml"))))
    simple = json.loads(text_of(send(body=signed("taobao.item.get", simplify="true"))))
    assert reply["item"] == {"num_iid": 5, "skus": {"sku": [{"sku_id": 1}, {"sku_id": 2}]}}
    assert [element.text for element in xml.findall("item/skus/sku/sku_id")] == ["1", "2"]
    assert simple["item"]["skus"] == [{"sku_id": 1}, {"sku_id": 2}]
    assert top("taobao.item.get", sign="x")["error_response"]["code"] == 25
    assert top("taobao.item.put")["error_response"]["code"] == 22
    assert world.journal.select({"method": "taobao.item.get"}, 10)[0] == 4


def test_every_call_is_in_the_journal(world, top, gateway):
    """Successes, failures and refusals are journalled with their codes, newest first.

    Foreign keys outside the sandbox.
    """
    [exchange] = world.open({})
    top.result(GET, dispute_id=exchange.dispute_id, fields="status")
    top.result(GET, dispute_id=5, fields="status")
    top(GET, fields="status")
    top(GET, app_key="404")
    top("", sign="x")
    total, entries = world.journal.select({}, 10)
    rows = [(e.method, e.outcome, e.code, e.sub_code, e.msg_code, e.dispute_id) for e in entries]
    assert total == 4
    assert rows[1:] == [
        (GET, "refused", 40, "isv.missing-parameter:dispute_id", "", ""),
        (GET, "failed", 0, "", "DISPUTE_NOT_EXIST", "5"),
        (GET, "ok", 0, "", "", str(exchange.dispute_id)),
    ]
    assert [entry.code for entry in gateway.journal.select({}, 10)[1]] == [29]


def test_journal_is_filtered_and_bounded(world, top):
    """The journal filters, counts all that match and gives the newest few.

    By method, exchange, outcome and time.
    """
    for number in (1, 2, 2):
        top.result(GET, dispute_id=number, fields="status")
    top.result("taobao.time.get")
    for filters, total in (
        ({"method": GET}, 3),
        ({"dispute_id": "2"}, 2),
        ({"outcome": "failed"}, 3),
        ({"outcome": "ok"}, 1),
        ({"since": "2026-03-01 10:00:00"}, 4),
        ({"since": "2026-03-01 10:00:01"}, 0),
        ({"method": GET, "dispute_id": "1"}, 1),
    ):
        assert world.journal.select(filters, 10)[0] == total
    total, [newest] = world.journal.select({}, 1)
    assert (total, newest.method) == (4, "taobao.time.get")
    assert world.journal.find(newest.request_id) is newest


def test_journal_forgets_the_oldest(world, top):
    """A bounded journal keeps the newest calls."""
    small = type(world)(world.directory, world.document, id="small", journal=3)
    world.directory.add(small)
    caller = type(top)(Gateway(SandboxLookup(world.directory)), small)
    ids = [caller.result("taobao.time.get")["request_id"] for _ in range(5)]
    total, entries = small.journal.select({}, 10)
    assert (total, [entry.request_id for entry in entries]) == (3, ids[:1:-1])


def test_call_is_journalled_before_its_refusal_is_reported(world, top):
    """A listener to refusals gets each refused call once, after its journal entry."""
    entries_told = []
    gateway = Gateway(
        SandboxLookup(world.directory),
        lambda entry: entries_told.append(
            (entry.code, world.journal.find(entry.request_id) is entry)
        ),
    )
    caller = type(top)(gateway, world)
    caller.result("taobao.time.get")
    caller.result(GET, dispute_id=1, fields="status")
    caller(GET, fields="status")
    caller(GET, sign="x")
    assert entries_told == [(0, True), (40, True), (25, True)]


def test_journal_holds_no_secret_and_nobody(world, top, act, signed, send, multipart, png):
    """No session, secret or personal value is anywhere in the journal, sent or answered."""
    private = {
        "buyer_nick": "桂花拿铁隐私",
        "buyer_open_uid": "AAHprivate77",
        "buyer_name": "秘密人",
        "buyer_phone": "10077001234",
        "buyer_address": "浙江省^^^杭州市^^^西湖区^^^隐私路9号",
        "oaid": "1privateoaid",
    }
    world.patch_rules({"personal_data": "plain"})
    [exchange] = world.open({**private, "tid": 99, "oid": 100})
    it, names = {"dispute_id": exchange.dispute_id}, ",".join(private)
    [shop] = world._state.shops.values()
    top.result(GET, **it, fields=names)
    top.result(LIST, fields=names, buyer_nick=private["buyer_nick"])
    top.result(LIST, fields=names, buyer_open_uid=private["buyer_open_uid"])
    top.result(
        "taobao.trade.fullinfo.get",
        tid=99,
        fields="receiver_name,receiver_address,receiver_mobile,buyer_nick,orders",
    )
    addresses = top.result("taobao.logistics.address.search")["addresses"]["address_result"]
    top.result(
        "tmall.exchange.agree",
        **it,
        address_id=shop.addresses[1].contact_id,
        fields="status",
        leave_message="我的手机10088005678",
        complete_address="隐私镇5号",
        mobile="10099009999",
    )
    act(world, exchange.dispute_id, "leave_message", role=Role.BUYER, content="我叫秘密人")
    top.result("tmall.exchange.messages.get", **it, fields="content,owner_nick,open_uid")
    top(GET, session="6100stolen", **it)
    top(GET, sign="x", app_secret="leak1", access_token="leak2", **it)
    journal_text = json.dumps(
        [entry.serialize() for entry in world.journal.select({}, 100)[1]], ensure_ascii=False
    )
    hidden = [
        *private.values(),
        top.session,
        top.app.app_secret,
        "秘密人",
        "10088005678",
        "隐私镇",
        "10099009999",
        "6100stolen",
        "leak1",
        "leak2",
        "隐私路9号",
        *(
            row[name]
            for row in addresses
            for name in ("addr", "contact_name", "phone", "mobile_phone")
        ),
    ]
    leaks = [value for value in hidden if value in journal_text]
    assert not leaks


@pytest.mark.parametrize(
    "changes",
    [{"sign": "x"}, {"fields": None}, {"session": "nobody"}, {"address_id": "x"}, {"v": "1.0"}],
)
def test_refused_call_changes_nothing(world, top, whole_state, changes):
    """A call that the platform refuses leaves the whole state as it was."""
    [exchange] = world.open({})
    [shop] = world._state.shops.values()
    before = whole_state(world)
    good = {
        "dispute_id": exchange.dispute_id,
        "address_id": shop.addresses[0].contact_id,
        "fields": "status",
    }
    assert "error_response" in top("tmall.exchange.agree", **{**good, **changes})
    assert whole_state(world) == before


def test_request_ids_of_processes_never_clash(world):
    """Gateways of processes with instance numbers of their own give no request id twice."""
    ids = set()
    for instance in range(3):
        world.directory.instance = lambda instance=instance: instance
        gateway = Gateway(SandboxLookup(world.directory))
        for _ in range(50):
            headers = dict(gateway.answer(Inbound("GET")).headers)
            ids.add(headers["X-Sandbox-Request-Id"])
    assert len(ids) == 150


@pytest.fixture
def hold():
    """Holds the lock of a sandbox in another thread; `hold(world)` returns what frees it."""
    ends, threads = [], []

    def start(world):
        held, end = Event(), Event()

        def work():
            with world.lock:
                held.set()
                end.wait(30)

        thread = Thread(target=work)
        thread.start()
        assert held.wait(30)
        ends.append(end)
        threads.append(thread)

        def free():
            end.set()
            thread.join(30)

        return free

    yield start
    for end, thread in zip(ends, threads, strict=True):
        end.set()
        thread.join(30)


@pytest.mark.parametrize("fault", [None, "duplicate_delivery"])
def test_a_call_that_may_not_wait(world, gateway, signed, hold, fault):
    """While its sandbox is at work it is not answered and leaves no trace; after that as usual."""
    [exchange] = world.open({})
    if fault:
        world.plan_faults({"fault": fault})
    body = signed(GET, dispute_id=exchange.dispute_id, fields="num")
    inbound = Inbound(
        "POST", b"", "application/x-www-form-urlencoded", urlencode(body).encode(), may_wait=False
    )
    free = hold(world)
    with pytest.raises(SandboxBusy):
        gateway.answer(inbound)
    free()
    assert not world.journal.select({}, 10)[1]

    assert '"num":1' in text_of(gateway.answer(inbound))

    assert len(world.journal.select({}, 10)[1]) == (2 if fault else 1)
    free = hold(world)  # nothing holds it any more
    free()


def test_a_call_of_no_sandbox_waits_for_none(world, gateway, hold):
    """A call that names no sandbox is answered while all of them are at work."""
    free = hold(world)
    reply = gateway.answer(Inbound("GET", b"method=x&app_key=nobody", may_wait=False))
    free()
    assert "error_response" in text_of(reply)

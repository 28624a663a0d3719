"""The client report: each rule, by a client that breaks it, and by one that does not. Source.

Issue (client report).
"""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.review.lint import LINT_CHECKS, lint
from mockserver.review.lint_rules import LINT_RULES
from mockserver.review.review_findings import decode_calls

GET, LIST, AGREE, SHIP = (
    "tmall.exchange.get",
    "tmall.exchange.receive.get",
    "tmall.exchange.agree",
    "tmall.exchange.consigngoods",
)
RECEIVE, MESSAGES = "tmall.exchange.returngoods.agree", "tmall.exchange.messages.get"
WINDOW = {"start_gmt_modified_time": "2026-03-01 00:00:00"}
CARRIER = {
    "logistics_no": "SF0000000001",
    "logistics_type": 200,
    "logistics_company_name": "顺丰快递",
}
AUDIT = {"double_shipment", "unsafe_repeat", "double_message"}


@pytest.fixture
def world(add_world):
    """A frozen world whose machine clock the test moves."""
    return add_world(id="default")


@pytest.fixture
def top(world, caller_of):
    """A client that signs with hmac-sha256, so that its signature is no finding.

    `send` takes any form.
    """
    return caller_of(world)


@pytest.fixture
def linted(world):
    """The findings of the report by id, md5 left out.

    What the fixtures' client signs with is not the point.
    """

    def run(*, md5=False):
        state = world._state
        orders = [*state.exchanges.values(), *state.trades.values()]
        ids = {
            "dispute_id": set(state.exchanges),
            "tid": {order.tid for order in orders},
            "oid": {order.oid for order in orders},
        }
        findings = lint(decode_calls(world.journal.recent()[1]), ids)
        assert all(finding.zh and finding.en and finding.entries for finding in findings)
        return {
            finding.rule.id: finding for finding in findings if md5 or finding.rule.id != "md5_sign"
        }

    return run


def test_every_lint_rule_has_its_check():
    """Every entry of the table is the audit's or has a check of its name, and vice versa."""
    assert {*LINT_CHECKS, "ids_rounded"} == LINT_RULES.keys() - AUDIT


@pytest.mark.parametrize("lint_rule", LINT_RULES.values(), ids=lambda rule: rule.id)
def test_lint_rule_is_reported_in_both_languages(lint_rule):
    """Every entry has words in Chinese and English, how bad it is, and its evidence."""
    assert any("\u4e00" <= character <= "\u9fff" for character in lint_rule.zh) and any(
        "\u4e00" <= character <= "\u9fff" for character in lint_rule.title
    )
    assert lint_rule.en.isascii()
    assert lint_rule.severity.word in ("error", "warning", "hint") and lint_rule.severity.zh
    assert lint_rule.evidence.sources


def test_a_good_client_gets_no_finding(world, top, linted):
    """A correct client gets no finding at all.

    It reads windows to their last page, looks, then writes once, and waits between polls.
    """
    world.open({}, 3)
    for page in (1, 2):
        listed = top.result(LIST, fields="dispute_id,status", page_no=page, page_size=2, **WINDOW)
        for exchange in listed["results"]["exchange"]:
            assert top.result(GET, dispute_id=exchange["dispute_id"], fields="status")["result"][
                "success"
            ]
            top.result(
                AGREE, dispute_id=exchange["dispute_id"], address_id=10000002, fields="status"
            )
    assert linted() == {}


@pytest.mark.parametrize(
    ("method", "name", "meant"),
    [
        (LIST, "start_modified_time", "start_gmt_modified_time"),
        (LIST, "end_gmt_modified_time", "end_gmt_modifed_time"),
        (SHIP, "logistic_no", "logistics_no"),
        (GET, "wholly_else", ""),
    ],
)
def test_unknown_parameters(top, linted, method, name, meant):
    """A parameter that the page does not document is reported with the one that was perhaps meant.

    The gateway's own are not.
    """
    top(
        method,
        dispute_id=1,
        fields="status",
        partner_id="sdk",
        target_app_key="1",
        simplify="true",
        **WINDOW if method == LIST else {},
        **{name: "x"},
    )
    findings = [
        finding
        for finding in (linted().get("unknown_parameter"),)
        if finding and name in finding.zh
    ]
    assert len(findings) == 1
    assert (f"是否指 {meant}？" in findings[0].zh) is bool(meant)


def test_a_file_under_a_wrong_name(world, top, linted, caller_of):
    """A file whose parameter is not documented is an unknown parameter too."""
    from mockserver.protocol.messages import Inbound

    body = b"".join(
        f'--XX\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in top.params(GET, dispute_id=1, fields="status").items()
    )
    body += (
        b'--XX\r\nContent-Disposition: form-data; name="leave_pics"; '
        b'filename="a.png"\r\n\r\nx\r\n--XX--\r\n'
    )
    top.gateway.answer(
        Inbound("POST", b"", "multipart/form-data; boundary=XX", body, "http://mock")
    )
    assert "leave_pics" in linted()["unknown_parameter"].zh


def test_unknown_fields(top, linted):
    """A name in fields that the record lacks is reported.

    Official misspellings and both names of the order are known.
    """
    top(GET, dispute_id=1, fields="status,buyer_nik,operation_contraint,bizorder_id,biz_order_id")
    assert linted()["unknown_field"].en == f"{GET} has no field buyer_nik; did you mean buyer_nick?"
    top("taobao.trade.fullinfo.get", tid=1, fields="tid,orders.oid")
    assert len(linted()["unknown_field"].entries) == 1


def test_fields_missing_and_whole(top, linted):
    """Calls without fields, and calls for all of a large record, are reported.

    All four fields of a write are not.
    """
    top(GET, dispute_id=1)
    top(GET, dispute_id=1, fields="")
    top("tmall.exchange.returngoods.refuse", dispute_id=1, seller_refuse_reason_id=1)
    top(AGREE, dispute_id=1, address_id=1, fields="dispute_id,bizorder_id,status,modified")
    assert len(linted()["fields_missing"].entries) == 2
    assert "every_field" not in linted()
    from mockserver.api.methods import METHODS

    top(GET, dispute_id=1, fields=METHODS[GET].all_fields)
    assert len(linted()["every_field"].entries) == 1


@pytest.mark.parametrize(
    ("more", "wide"),
    [
        ({}, True),
        ({"dispute_status_array": "1,2"}, True),
        ({"page_no": 2}, True),
        ({"buyer_nick": "卡卡"}, True),
        (WINDOW, False),
        ({"end_gmt_modifed_time": "2026-03-01 00:00:00"}, False),
        ({"start_created_time": "2026-03-01 00:00:00"}, False),
        ({"refund_id_array": "1,2"}, False),
        ({"biz_order_id": 5}, False),
        ({"logistic_no": "SF1"}, False),
    ],
)
def test_lists_without_a_window(top, linted, more, wide):
    """A list is to be asked for by a time window or an id; a status or a page is neither."""
    top(LIST, fields="dispute_id", **more)
    assert ("no_window" in linted()) is wide


@pytest.mark.parametrize(
    ("pages", "missing"),
    [
        ([1], 2),
        ([1, 2], 3),
        ([1, 3], 2),
        ([1, 2, 3], 0),
        ([3, 2, 1], 0),
        ([1, 3, 2, 1], 0),
        ([3], 0),
        ([2, 3], 0),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_pages_are_to_be_finished(world, top, linted, pages, missing, form):
    """A page that says has_next wants all the others asked for, in whatever order, even backwards.

    It names the first that is missing.
    """
    world.open({}, 5)
    for page in pages:
        top.send(
            top.params(
                LIST, fields="dispute_id,status", page_no=page, page_size=2, format=form, **WINDOW
            )
        )
    finding = linted().get("pages_unfinished")
    assert (finding is not None) is (missing > 0)
    if finding:
        assert f"第 {missing} 页" in finding.zh


def test_pages_of_a_clipped_list(world, top, linted):
    """Of a page too long to be kept whole it is still known that there are more."""
    world.open({"title": "长" * 300}, 45)
    top.result(LIST, fields="dispute_id,title,status", page_size=40, **WINDOW)
    assert "pages_unfinished" in linted()
    top.result(LIST, fields="dispute_id,title,status", page_size=40, page_no=2, **WINDOW)
    assert "pages_unfinished" not in linted()


def test_pages_of_messages(world, top, linted):
    """Messages are paged too, by their own default size."""
    [exchange] = world.open({})
    for number in range(11):
        top.result(
            "tmall.exchange.message.add",
            dispute_id=exchange.dispute_id,
            content=f"第{number}句",
            fields="id",
        )
    top.result(MESSAGES, dispute_id=exchange.dispute_id, fields="id")
    assert MESSAGES in linted()["pages_unfinished"].zh
    top.result(MESSAGES, dispute_id=exchange.dispute_id, fields="id", page_no=2)
    assert "pages_unfinished" not in linted()


@pytest.fixture
def limited(world):
    """Limits the app to so many calls a second or day."""
    from mockserver.world.document import QuotaDocument

    def limit(number, per="second", **more):
        world.set_quotas((QuotaDocument(per=per, limit=number, **more),))

    return limit


def test_calls_in_a_ban(top, machine, linted, limited):
    """A client that calls on while it is banned is reported, with the ban and the calls.

    The ban's own answer is not held against it.
    """
    limited(1, "day")
    top("taobao.time.get")
    machine.wait(seconds=1)
    top("taobao.time.get")
    assert "call_in_ban" not in linted()
    for _ in range(3):
        machine.wait(seconds=1)
        top(GET, dispute_id=1, fields="status")
    finding = linted()["call_in_ban"]
    assert [entry.code for entry in finding.entries] == [7, 7, 7, 7]
    assert "3 次" in finding.zh


def test_a_ban_that_is_over(world, top, machine, linted, limited):
    """A client that waits for the seconds in the reply gets no finding.

    By the machine's clock or the sandbox's.
    """
    limited(1)
    for _ in range(3):
        top("taobao.time.get")
        top("taobao.time.get")
        machine.wait(seconds=1.5)
    for _ in range(3):
        machine.wait(seconds=0.1)
        top("taobao.time.get")
        machine.wait(seconds=0.1)
        top("taobao.time.get")
        world.advance(timedelta(seconds=2))
    assert "call_in_ban" not in linted()


def test_a_ban_of_one_method(top, machine, linted, limited):
    """A ban on one method is none on another."""
    limited(1, "day", method="taobao.time.get")
    for _ in range(2):
        top("taobao.time.get")
        machine.wait(seconds=1)
    top(GET, dispute_id=1, fields="status")
    assert "call_in_ban" not in linted()
    top("taobao.time.get")
    assert "call_in_ban" in linted()


def javascript(number):
    """What JSON.parse and String make of an integer, from their definition.

    The shortest digits that give the same double.
    """
    from decimal import Decimal

    return f"{Decimal(repr(float(number))):f}".split(".")[0]


@pytest.mark.parametrize("name", ["dispute_id", "tid", "biz_order_id", "refund_id_array"])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda n: str(int(float(n))),
        javascript,
        lambda n: f"{float(n):.13E}",
        lambda n: f"{float(n):.14G}",
        lambda n: repr(float(n)),
        lambda n: f"{n:.1f}",
    ],
    ids=["C", "JavaScript", "PHP", "G", "Python", "decimal"],
)
def test_ids_that_went_through_a_double(world, top, linted, name, spoil):
    """An id as any language's doubles show it is reported with the real one it came from."""
    [exchange] = world.open(
        {
            "dispute_id": "300000000000920021",
            "tid": "200000000000920091",
            "oid": "200000000000930093",
        }
    )
    real = {
        "dispute_id": exchange.dispute_id,
        "refund_id_array": exchange.dispute_id,
        "tid": exchange.tid,
        "biz_order_id": exchange.oid,
    }[name]
    method = {"dispute_id": GET, "tid": "taobao.trade.fullinfo.get"}.get(name, LIST)
    top(method, fields="status", **WINDOW if method == LIST else {}, **{name: spoil(real)})
    assert str(real) in linted()["ids_rounded"].zh or spoil(real) == str(real)


@pytest.mark.parametrize(
    "text",
    [
        "300000000000020021",
        "300000000000020022",
        "5",
        "1e3",
        "abc",
        "",
        "9" * 300,
        "300000000000020021,5",
        "１２３",
    ],
)
def test_other_ids_are_no_doubles(world, top, linted, text):
    """A real id, an unknown id and what is no id at all are not taken for rounded ones."""
    world.open({"dispute_id": "300000000000020021"})
    top(GET, dispute_id=text, fields="status")
    assert "ids_rounded" not in linted()


@settings(derandomize=True, database=None, deadline=None)
@given(number=st.integers(10**17, 10**18 - 1), other=st.integers(10**17, 10**18 - 1))
def test_a_double_is_known_by_what_it_becomes(number, other):
    """Every 18-digit id spoilt by a double is found; any other number is not."""
    from mockserver.review.lint_flow import double_forms

    whole, floats = double_forms([number])
    assert (
        whole[str(int(float(number)))]
        == whole[javascript(number)]
        == floats[float(number)]
        == number
    )
    assert (str(other) in whole) is (str(other) in (str(int(float(number))), javascript(number)))


@pytest.mark.parametrize(
    ("steps", "ignored"),
    [
        ([AGREE, RECEIVE], True),
        ([AGREE, GET, RECEIVE], False),
        ([AGREE, LIST, RECEIVE], False),
        ([AGREE, SHIP], True),
        ([RECEIVE, SHIP], True),
        ([SHIP, RECEIVE], False),
        ([AGREE, AGREE], False),
        ([AGREE, "tmall.exchange.message.add"], False),
    ],
)
@pytest.mark.parametrize("how", ["failed", "refused", "error15"])
def test_ignored_failures(world, top, linted, steps, ignored, how):
    """A step that presumes one that failed or was refused is reported unless the client has looked.

    Other steps are not.  A failure as error 15, by rule, is one as well.
    """
    world.patch_rules({"failure_shape": "error15" if how == "error15" else "result"})
    [exchange] = world.open({"status": 5})
    more = {
        AGREE: {"address_id": 10000002},
        SHIP: CARRIER,
        "tmall.exchange.message.add": {"content": "好"},
        LIST: WINDOW,
    }
    for number, method in enumerate(steps):
        wrong = {"sign": "wrong"} if how == "refused" and number == 0 else {}
        top(
            method,
            **({} if method == LIST else {"dispute_id": exchange.dispute_id}),
            fields="dispute_id,status",
            **more.get(method, {}),
            **wrong,
        )
    assert ("failure_ignored" in linted()) is ignored


@pytest.mark.parametrize("shape", ["result", "error15"])
def test_a_step_done_after_all_is_not_ignored(world, top, linted, shape):
    """A step that failed and then succeeded may be followed by the next, in either shape."""
    world.patch_rules({"failure_shape": shape})
    [exchange] = world.open({})
    world.put_stock("wanted", 0)
    top(AGREE, dispute_id=exchange.dispute_id, address_id=10000002, fields="status")
    world.put_stock("wanted", 5)
    top(AGREE, dispute_id=exchange.dispute_id, address_id=10000002, fields="status")
    top(RECEIVE, dispute_id=exchange.dispute_id, fields="status")
    assert "failure_ignored" not in linted()


@pytest.mark.parametrize(
    ("times", "pause", "fast"),
    [(5, 0.01, False), (6, 0.01, True), (20, 0.3, False), (8, 0.19, True)],
)
def test_polling_too_fast(top, machine, linted, times, pause, fast):
    """The same query more than five times within a second is reported.

    Slower, or other queries, are not.
    """
    for number in range(times):
        top(LIST, fields="dispute_id", **WINDOW)
        top(GET, dispute_id=number + 1, fields="status")
        machine.wait(seconds=pause)
    assert ("polling_fast" in linted()) is fast


def test_masked_queries_are_not_compared(top, linted):
    """Queries for different buyers look alike once masked, and are not taken for the same."""
    for number in range(9):
        top(LIST, fields="dispute_id", buyer_nick=f"买家{number}", **WINDOW)
    assert "polling_fast" not in linted()


@pytest.mark.parametrize(("times", "hopeless"), [(2, False), (3, True)])
def test_hopeless_retries(top, linted, times, hopeless):
    """The same call refused as the caller's own mistake three times in a row is reported."""
    for _ in range(times):
        top(GET, fields="status")
        top(GET, fields="status,title")
    finding = linted().get("hopeless_retry")
    assert (finding is not None) is hopeless
    if finding:
        assert "isv.missing-parameter:dispute_id" in finding.zh


def test_version_sign_and_url(world, top, machine, linted):
    """A missing version, md5 and a session in a plain address are reported.

    A version, hmac and a form are not.
    """
    from urllib.parse import urlencode

    from mockserver.protocol.messages import Inbound

    def send(verb, base_url, **params):
        query = urlencode(params).encode()
        top.gateway.answer(
            Inbound(
                verb, query if verb == "GET" else b"", "", b"" if verb == "GET" else query, base_url
            )
        )

    send("POST", "http://mock", **top.params("taobao.time.get", sign_method="hmac", sign="x"))
    send(
        "GET", "https://mock", **top.params("taobao.time.get", sign_method="hmac-sha256", sign="x")
    )
    send(
        "GET",
        "http://mock",
        **top.params("taobao.time.get", session=None, sign_method="hmac", sign="x"),
    )
    assert linted(md5=True) == {}
    machine.wait(seconds=5)
    top("taobao.time.get")
    top("taobao.time.get", sign_method=None)
    top("taobao.time.get", v=None)
    send("GET", "http://mock", **top.params("taobao.time.get"))
    findings = linted(md5=True)
    assert {name: len(finding.entries) for name, finding in findings.items()} == {
        "md5_sign": 4,
        "version_missing": 1,
        "session_in_url": 1,
    }


def test_worst_first(top, linted):
    """Errors come before warnings, warnings before hints."""
    top(GET, dispute_id=1, fields="status,statu", sid="x")
    top(AGREE, dispute_id=1, address_id=1, fields="status")
    top(SHIP, dispute_id=1, fields="status", **CARRIER)
    severities = [finding.rule.severity for finding in linted(md5=True).values()]
    assert severities == sorted(severities) and len(set(severities)) == 3


def test_strange_calls_are_read(top, linted):
    """Calls without method, of unknown methods or with too many parameters break no check."""
    top("", sign="x")
    top("no.such.method", x="y" * 100_000)
    top(GET, **{f"p{number}": "v" * 2000 for number in range(40)})
    top(LIST, page_no="x", page_size="0", fields="status")
    top(GET, dispute_id="1,2,,", fields=",,")
    assert json.dumps([finding.serialize() for finding in linted().values()], ensure_ascii=False)


def test_many_unknown_names_are_bounded(top, linted, world):
    """Of a call with hundreds of invented parameters only the first fifty names are reported."""
    top(GET, dispute_id=1, fields="status", **{f"p{number}": "" for number in range(300)})
    assert (
        len(
            [
                finding
                for finding in lint(decode_calls(world.journal.recent()[1]), {})
                if finding.rule.id == "unknown_parameter"
            ]
        )
        == 50
    )


@pytest.mark.parametrize(
    ("between", "expected"), [((), True), ((GET,), False), (("taobao.time.get",), True)]
)
def test_messages_confirmed_before_they_were_handled(world, top, linted, between, expected):
    """Messages that are confirmed before any exchange was looked at are a finding.

    After a look they are none.
    """
    dispute_id = world.open({})[0].dispute_id
    consume, confirm = "taobao.tmc.messages.consume", "taobao.tmc.messages.confirm"
    world.stub(consume, b'{"messages":{"tmc_message":[{"id":1,"topic":"t","content":"{}"}]}}')
    world.stub(confirm, b'{"is_success":true}')
    top.result(consume, quantity=10)
    for method in between:
        top.result(
            method, **({"dispute_id": dispute_id, "fields": "status"} if method == GET else {})
        )
    top.result(confirm, s_message_ids="1")
    assert ("confirmed_unhandled" in linted()) is expected


def test_nothing_fetched_is_nothing_unhandled(world, top, linted):
    """An empty queue confirmed is no finding."""
    world.stub("taobao.tmc.messages.consume", b'{"messages":{}}')
    world.stub("taobao.tmc.messages.confirm", b'{"is_success":true}')
    top.result("taobao.tmc.messages.consume")
    top.result("taobao.tmc.messages.confirm", s_message_ids="1")
    assert "confirmed_unhandled" not in linted()

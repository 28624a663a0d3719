"""The journal, stubs, health and version.  Source: interfaces.md (Control API)."""

import pytest

S = "/_sandbox/sandboxes"


def test_requests(api, call, opened, agree):
    """The journal lists calls, newest first, with method, outcome, code and what was sent."""
    agree(opened)
    call("tmall.exchange.get", dispute_id=opened)
    page = api("GET", "requests")
    assert page["total"] == 2
    assert [(item["method"], item["outcome"], item["code"]) for item in page["items"]] == [
        ("tmall.exchange.get", "refused", 40), ("tmall.exchange.agree", "ok", 0)]
    assert page["items"][1]["dispute_id"] == opened
    assert page["items"][1]["params"]["fields"] == "dispute_id,status"


def test_filters(api, call, opened, agree):
    """Method, exchange, outcome, time and limit filter the journal; `total` counts what matches."""
    other = api("POST", "exchanges", {})["dispute_id"]
    agree(opened)
    agree(opened)
    call("tmall.exchange.get", dispute_id=other, fields="status")
    api("POST", "clock/advance", {"by": "1h"})
    call("taobao.time.get")
    call("tmall.exchange.nothing")

    def found(query):
        return [item["method"] for item in api("GET", f"requests?{query}")["items"]]

    assert found("method=tmall.exchange.get") == ["tmall.exchange.get"]
    assert found(f"dispute_id={opened}") == ["tmall.exchange.agree"] * 2
    assert found("outcome=refused") == ["tmall.exchange.nothing"]
    assert found("outcome=failed") == ["tmall.exchange.agree"]
    assert found("since=2026-03-01+11:00:00") == ["tmall.exchange.nothing", "taobao.time.get"]
    assert found("limit=1") == ["tmall.exchange.nothing"]
    assert api("GET", "requests?limit=1")["total"] == 5
    assert found("limit=0") == []
    assert found(f"dispute_id={opened}&outcome=ok") == ["tmall.exchange.agree"]


@pytest.mark.parametrize(("query", "field"), [
    ("outcome=lost", "outcome"), ("limit=x", "limit"), ("limit=-1", "limit"), ("limit=99999999999", "limit"), ("colour=red", "colour"),
    ("since=yesterday", "since"), ("since=2026-02-30+00:00:00", "since"),
])
@pytest.mark.parametrize("path", ["requests", "/_sandbox/requests"])
def test_wrong_filter(api, path, query, field):
    """A wrong filter is a 400 that names it."""
    problem = api.problem("GET", f"{path}?{query}")
    assert (problem["status"], problem["field"]) == (400, field)


def test_one_call(api, call):
    """One call is found by its request_id and has a diagnosis in both languages."""
    error = call("tmall.exchange.receive.get", session="nobody", fields="dispute_id")
    shown = api("GET", f"/_sandbox/requests/{error['request_id']}")
    assert (shown["request_id"], shown["code"], shown["sub_code"]) == (error["request_id"], 27, "invalid-sessionkey")
    assert shown["diagnosis"]["zh"] and shown["diagnosis"]["en"]
    assert shown["sandbox"] == "default"


def test_unknown_call(api):
    """A call that is not kept is a 404."""
    problem = api.problem("GET", "/_sandbox/requests/zzzzzzzzzzzz")
    assert (problem["status"], problem["field"]) == (404, "request_id")


def test_calls_of_no_sandbox(api, call):
    """Calls whose key belongs to no sandbox stand under `sandbox=none`, and in no sandbox's journal."""
    call("taobao.time.get", {"app_key": "404404", "app_secret": "x", "session": "x"})
    call("taobao.time.get")
    nobody = api("GET", "/_sandbox/requests?sandbox=none")
    assert (nobody["total"], [item["code"] for item in nobody["items"]]) == (1, [29])
    assert api("GET", "requests")["total"] == 1
    assert api("GET", "/_sandbox/requests")["total"] == 2


def test_all_calls(api, call):
    """The server's list holds the calls of every sandbox, newest first."""
    made = api("POST", S, {}, 201)
    call("taobao.time.get")
    call("tmall.exchange.receive.get", made, fields="dispute_id")
    items = api("GET", "/_sandbox/requests")["items"]
    assert [(item["sandbox"], item["method"]) for item in items] == [
        (made["id"], "tmall.exchange.receive.get"), ("default", "taobao.time.get")]


def test_requests_of_a_named_sandbox(api, call):
    """`sandbox=ID` on the server's list shows that sandbox's calls, or is refused by name."""
    made = api("POST", S, {}, 201)
    call("taobao.time.get")
    call("taobao.time.get", made)
    answer = api.ask("GET", f"/_sandbox/requests?sandbox={made['id']}")
    if answer.status == 200:
        assert {item["sandbox"] for item in answer.json["items"]} == {made["id"]}
    else:
        assert (answer.status, answer.json["field"]) == (400, "sandbox")


def test_clear(api, call):
    """Deleted, the journal is empty and fills again; other sandboxes keep theirs."""
    made = api("POST", S, {}, 201)
    call("taobao.time.get")
    call("taobao.time.get", made)
    api("DELETE", "requests", status=204)
    assert api("GET", "requests") == {"total": 0, "items": []}
    assert api("GET", f"{S}/{made['id']}/requests")["total"] == 1
    call("taobao.time.get")
    assert api("GET", "requests")["total"] == 1


def test_nothing_secret_is_kept(api, call, opened):
    """Neither sessions, secret nor personal data stand in the journal."""
    given, exchange = api("GET", ""), api("GET", f"exchanges/{opened}")["exchange"]
    call("tmall.exchange.get", dispute_id=opened, fields="dispute_id,buyer_name,buyer_phone,buyer_address")
    text = api.ask("GET", "requests").text
    for secret in (given["session"], given["app_secret"], exchange["buyer_name"], exchange["buyer_phone"], exchange["buyer_address"]):
        assert secret not in text


def test_control_calls_are_not_in_the_journal(api):
    """Only calls of the gateway are journalled."""
    api("GET", "clock")
    assert api("GET", "requests")["total"] == 0


def test_stub(api, call):
    """A stubbed method answers under its own wrapper with a request_id, and is journalled like any other."""
    assert call("taobao.items.onsale.get", fields="num_iid")["code"] == 22
    api("PUT", "stubs/taobao.items.onsale.get", {"reply": {"total_results": 1, "items": {"item": [{"num_iid": 5}]}}})
    reply = call("taobao.items.onsale.get", fields="num_iid")
    assert (reply["total_results"], reply["items"]) == (1, {"item": [{"num_iid": 5}]})
    assert list(reply)[-1] == "request_id"
    assert api("GET", "requests")["items"][0]["method"] == "taobao.items.onsale.get"


def test_a_stubbed_call_is_checked(api, call):
    """A stubbed method refuses a wrong sign like any other."""
    api("PUT", "stubs/taobao.items.onsale.get", {"reply": {}})
    wrong = {**api("GET", ""), "app_secret": "wrong"}
    assert call("taobao.items.onsale.get", wrong)["code"] == 25


def test_stub_round_trip(api):
    """A stub is read back as it was put, replaced, and gone when deleted."""
    first, second = {"reply": {"a": 1}}, {"reply": {"文": "字", "list": {"string": ["x"]}}}
    api("PUT", "stubs/taobao.some.thing", first)
    assert api("GET", "stubs/taobao.some.thing")["reply"] == first["reply"]
    api("PUT", "stubs/taobao.some.thing", second)
    assert api("GET", "stubs/taobao.some.thing")["reply"] == second["reply"]
    api("DELETE", "stubs/taobao.some.thing", status=204)
    for verb in ("GET", "DELETE"):
        problem = api.problem(verb, "stubs/taobao.some.thing")
        assert (problem["status"], problem["field"]) == (404, "method")


def test_stubs_belong_to_a_sandbox(api, call):
    """A stub of one sandbox is unknown to another."""
    made = api("POST", S, {}, 201)
    api("PUT", "stubs/taobao.some.thing", {"reply": {}})
    assert call("taobao.some.thing", made)["code"] == 22


@pytest.mark.parametrize(("method", "body", "status", "field"), [
    ("tmall.exchange.get", {"reply": {}}, 409, "method"), ("nodots", {"reply": {}}, 400, "method"),
    ("taobao..get", {"reply": {}}, 400, "method"), ("a." + "b" * 300, {"reply": {}}, 400, "method"),
    ("<script>.x", {"reply": {}}, 400, "method"), ("taobao.x.get", {}, 400, "reply"), ("taobao.x.get", None, 400, "reply"),
    ("taobao.x.get", {"reply": []}, 400, "reply"), ("taobao.x.get", {"reply": "x"}, 400, "reply"),
    ("taobao.x.get", {"reply": {}, "times": 2}, 400, "times"), ("taobao.x.get", {"reply": {"code": 5}}, 400, "reply"),
    ("taobao.x.get", {"reply": {"sub_code": "x"}}, 400, "reply"), ("taobao.x.get", {"reply": {"x": "y" * 2**21}}, 400, "reply"),
])
def test_wrong_stub(api, method, body, status, field):
    """A stub that cannot be is refused by name and not stored."""
    problem = api.problem("PUT", f"stubs/{method}", body)
    assert (problem["status"], problem["field"]) == (status, field)
    assert api.ask("GET", f"stubs/{method}").status == 404


@pytest.mark.parametrize("reply", [
    {"a": None}, {"a": [1, [2, {"b": None}]]}, {"a": {"b": []}}, {"1bad name": 1}, {"": 1}, {"a": "\x00\x0b"}, {"request_id": "mine"},
    {"a": 2**70}, {"a": 1e308}, {"a": True}, {"a": {}}, {"a": "]]>&<"}, {"\ud83d": 1},
])
@pytest.mark.parametrize("format", ["json", "xml"])
def test_odd_stub(api, machine, call, reply, format):
    """Whatever reply was accepted is answered, in JSON and in XML, never with an error of our own."""
    answer = api.ask("PUT", "stubs/taobao.x.get", {"reply": reply})
    if answer.status != 200:
        assert (answer.status, bool(answer.json["field"])) == (400, True)
        return
    if format == "json":
        assert call("taobao.x.get").get("code") is None
    else:
        from xml.etree import ElementTree

        text = signed_xml(api, machine, "taobao.x.get")
        assert ElementTree.fromstring(text).tag == "x_get_response"
    assert api.faults == []


def signed_xml(api, machine, method):
    """The reply to a signed call in the default format."""
    import hashlib
    from urllib.parse import urlencode

    given = api("GET", "")
    texts = {"method": method, "app_key": given["app_key"], "v": "2.0", "sign_method": "md5",
             "timestamp": machine.now.strftime("%Y-%m-%d %H:%M:%S")}
    plain = given["app_secret"] + "".join(name + texts[name] for name in sorted(texts)) + given["app_secret"]
    texts["sign"] = hashlib.md5(plain.encode()).hexdigest().upper()
    return api.ask("GET", f"/router/rest?{urlencode(texts)}").text


def test_health_ready_version(api):
    """Health, ready and version say what a probe wants to know."""
    assert api("GET", "/_sandbox/health")["status"] == "ok"
    assert api("GET", "/_sandbox/ready")["ready"] is True
    version = api("GET", "/_sandbox/version")
    assert version["name"] == "tmall-mockserver"
    assert version["version"][0].isdigit()


def test_pictures_of_a_move_are_shown(api, opened):
    """A picture given as a data URL is shown under the address that the message carries; others are a 404."""
    coded = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    api("POST", f"exchanges/{opened}/moves", {
        "by": "buyer", "move": "leave_message", "content": "见图",
        "pics": [f"data:image/png;base64,{coded}", "https://img.example/a.jpg"]})
    newest = api("GET", f"exchanges/{opened}/messages")["items"][-1]
    ours, theirs = [picture["url"] for picture in newest["pic_urls"]]
    assert theirs == "https://img.example/a.jpg"
    page = api.ask("GET", ours.removeprefix("http://localhost"), token=None, host="evil.example")
    assert (page.status, page.kind, page.headers["X-Content-Type-Options"]) == (200, "image/png", "nosniff")
    assert api.ask("GET", "/pictures/default/nothing.png", token=None).status == 404
    assert api.ask("GET", "/pictures/nowhere/nothing.png", token=None).status == 404

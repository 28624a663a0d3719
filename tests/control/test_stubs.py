"""Stubs, health and version.  Source: docs/control-api.md."""

from urllib.request import Request, urlopen

import pytest

from mockserver import Server

S = "/_sandbox/sandboxes"


def test_stub(api, call):
    """A stubbed method answers in its own wrapper with a request_id, and is in the journal."""
    assert call("taobao.items.onsale.get", fields="num_iid")["code"] == 22
    api(
        "PUT",
        "stubs/taobao.items.onsale.get",
        {"reply": {"total_results": 1, "items": {"item": [{"num_iid": 5}]}}},
    )
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


@pytest.mark.parametrize(
    ("method", "body", "status", "field"),
    [
        ("tmall.exchange.get", {"reply": {}}, 409, "method"),
        ("nodots", {"reply": {}}, 400, "method"),
        ("taobao..get", {"reply": {}}, 400, "method"),
        ("a." + "b" * 300, {"reply": {}}, 400, "method"),
        ("<script>.x", {"reply": {}}, 400, "method"),
        ("taobao.x.get", {}, 400, "reply"),
        ("taobao.x.get", None, 400, "reply"),
        ("taobao.x.get", {"reply": []}, 400, "reply"),
        ("taobao.x.get", {"reply": "x"}, 400, "reply"),
        ("taobao.x.get", {"reply": {}, "times": 2}, 400, "times"),
        ("taobao.x.get", {"reply": {"code": 5}}, 400, "reply"),
        ("taobao.x.get", {"reply": {"sub_code": "x"}}, 400, "reply"),
        ("taobao.x.get", {"reply": {"x": "y" * 2**21}}, 400, "reply"),
    ],
)
def test_wrong_stub(api, method, body, status, field):
    """A stub that cannot be is refused by name and not stored."""
    problem = api.problem("PUT", f"stubs/{method}", body)
    assert (problem["status"], problem["field"]) == (status, field)
    assert api.ask("GET", f"stubs/{method}").status == 404


@pytest.mark.parametrize(
    "reply",
    [
        {"a": None},
        {"a": [1, [2, {"b": None}]]},
        {"a": {"b": []}},
        {"1bad name": 1},
        {"": 1},
        {"a": "\x00\x0b"},
        {"request_id": "mine"},
        {"a": 2**70},
        {"a": 1e308},
        {"a": True},
        {"a": {}},
        {"a": "]]>&<"},
        {"\ud83d": 1},
    ],
)
@pytest.mark.parametrize("format", ["json", "xml"])
def test_odd_stub(api, machine, call, reply, format):
    """Every accepted reply is answered, in JSON and in XML, never with an inner error."""
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

    caller = api("GET", "")
    texts = {
        "method": method,
        "app_key": caller["app_key"],
        "v": "2.0",
        "sign_method": "md5",
        "timestamp": machine.now.strftime("%Y-%m-%d %H:%M:%S"),
    }
    plain = (
        caller["app_secret"]
        + "".join(name + texts[name] for name in sorted(texts))
        + caller["app_secret"]
    )
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
    """A picture given as a data URL is shown under the address that the message carries.

    Others are a 404.
    """
    coded = (
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5Er"
        "kJggg=="
    )
    api(
        "POST",
        f"exchanges/{opened}/moves",
        {
            "by": "buyer",
            "move": "leave_message",
            "content": "见图",
            "pics": [f"data:image/png;base64,{coded}", "https://img.example/a.jpg"],
        },
    )
    newest = api("GET", f"exchanges/{opened}/messages")["items"][-1]
    ours, theirs = [picture["url"] for picture in newest["pic_urls"]]
    assert theirs == "https://img.example/a.jpg"
    page = api.ask("GET", ours.removeprefix("http://localhost"), token=None, host="evil.example")
    assert (page.status, page.kind, page.headers["X-Content-Type-Options"]) == (
        200,
        "image/png",
        "nosniff",
    )
    assert api.ask("GET", "/pictures/default/nothing.png", token=None).status == 404
    assert api.ask("GET", "/pictures/nowhere/nothing.png", token=None).status == 404


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-0",
        "1.0",
        "0.00",
        "275.0",
        "1e3",
        "1E-7",
        "7091800003790954036",
        "9223372036854775808",
        "18446744073709551616",
        "123456789012345678901234",
        "1264534222.24",
        "0.1000000000000000055511",
        "9999999999999999.99",
        "1" * 500,
    ],
)
def test_numbers_of_a_stub_stay_as_written(served_stub, number):
    """A reply carries each number in the spelling of the document, in JSON and XML."""
    put, got, json_reply, xml_reply, har = served_stub(number)

    assert f'"id":{number}' in put
    assert f'"id":{number}' in got
    assert f'"id":{number}' in json_reply
    assert f"<id>{number}</id>" in xml_reply
    assert f"<id>{number}</id>" in har


@pytest.fixture
def served_stub():
    """Return a function that stubs a reply with a number.

    It returns the texts of PUT and GET, the replies as JSON and XML, and the HAR document.
    """
    with Server() as server:
        sandbox = server.sandbox()

        def ask(verb: str, path: str, body: str | None = None) -> str:
            request = Request(
                f"{server.url}/_sandbox/sandboxes/{sandbox.id}/{path}",
                body.encode() if body else None,
                {"Authorization": f"Bearer {server.token}"},
                method=verb,
            )
            with urlopen(request, timeout=20) as reply:
                return reply.read().decode()

        def serve(number: str) -> tuple[str, str, str, str, str]:
            body = f'{{"reply": {{"messages": {{"id":{number}}}, "list": [{number}]}}}}'
            put = ask("PUT", "stubs/taobao.x.get", body)
            got = ask("GET", "stubs/taobao.x.get")
            client = sandbox.client()
            texts = [client.send("taobao.x.get", format=form)[0] for form in ("json", "xml")]
            return put, got, *texts, ask("GET", "requests.har")

        yield serve

"""The journal as HAR, checked by hand against HAR 1.2 (W3C draft of 2012-08-14).

Source: issue (export as HAR).
"""

import json
import re
from datetime import datetime
from urllib.parse import parse_qsl, urlsplit

import pytest

from mockserver import Sandbox

NOBODY = {"app_key": "404404", "app_secret": "x", "session": "x"}
TEXT, NUMBER, LIST, OBJECT = str, (int, float), list, dict
# member: type; a `?` before the name says that it may be absent
SHAPES = {
    "log": {
        "version": TEXT,
        "creator": OBJECT,
        "?browser": OBJECT,
        "?pages": LIST,
        "entries": LIST,
        "?comment": TEXT,
    },
    "creator": {"name": TEXT, "version": TEXT, "?comment": TEXT},
    "entry": {
        "?pageref": TEXT,
        "startedDateTime": TEXT,
        "time": NUMBER,
        "request": OBJECT,
        "response": OBJECT,
        "cache": OBJECT,
        "timings": OBJECT,
        "?serverIPAddress": TEXT,
        "?connection": TEXT,
        "?comment": TEXT,
    },
    "request": {
        "method": TEXT,
        "url": TEXT,
        "httpVersion": TEXT,
        "cookies": LIST,
        "headers": LIST,
        "queryString": LIST,
        "?postData": OBJECT,
        "headersSize": NUMBER,
        "bodySize": NUMBER,
        "?comment": TEXT,
    },
    "response": {
        "status": NUMBER,
        "statusText": TEXT,
        "httpVersion": TEXT,
        "cookies": LIST,
        "headers": LIST,
        "content": OBJECT,
        "redirectURL": TEXT,
        "headersSize": NUMBER,
        "bodySize": NUMBER,
        "?comment": TEXT,
    },
    "pair": {"name": TEXT, "value": TEXT, "?comment": TEXT},
    "postData": {"mimeType": TEXT, "?params": LIST, "?text": TEXT, "?comment": TEXT},
    "param": {
        "name": TEXT,
        "?value": TEXT,
        "?fileName": TEXT,
        "?contentType": TEXT,
        "?comment": TEXT,
    },
    "content": {
        "size": NUMBER,
        "?compression": NUMBER,
        "mimeType": TEXT,
        "?text": TEXT,
        "?encoding": TEXT,
        "?comment": TEXT,
    },
    "timings": {
        "?blocked": NUMBER,
        "?dns": NUMBER,
        "?connect": NUMBER,
        "send": NUMBER,
        "wait": NUMBER,
        "receive": NUMBER,
        "?ssl": NUMBER,
        "?comment": TEXT,
    },
    "cache": {"?beforeRequest": OBJECT, "?afterRequest": OBJECT, "?comment": TEXT},
}


def check(kind, value):
    """`value` has the members of its kind, of their types; others begin with an underscore."""
    shape = SHAPES[kind]
    for name, value_shape in shape.items():
        bare = name.removeprefix("?")
        assert bare in value or name.startswith("?"), f"{kind} lacks {bare}"
        if bare in value:
            assert isinstance(value[bare], value_shape), f"{kind}.{bare} is {value[bare]!r}"
    names = {name.removeprefix("?") for name in shape}
    assert all(name.startswith("_") for name in value.keys() - names), value.keys() - names


def check_entry(entry):
    """One entry is valid HAR: its parts, an instant with its zone, timings that add up."""
    check("entry", entry)
    assert datetime.fromisoformat(entry["startedDateTime"]).utcoffset() is not None
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", entry["startedDateTime"]
    )
    request, response = entry["request"], entry["response"]
    for kind, value in (
        ("request", request),
        ("response", response),
        ("timings", entry["timings"]),
        ("cache", entry["cache"]),
        ("content", response["content"]),
    ):
        check(kind, value)
    for pair in (*request["headers"], *request["queryString"], *response["headers"]):
        check("pair", pair)
    assert entry["time"] == sum(
        max(0, entry["timings"][name]) for name in ("send", "wait", "receive")
    )
    parts = urlsplit(request["url"])
    assert parts.scheme and parts.netloc and not parts.fragment
    assert parse_qsl(parts.query, keep_blank_values=True) == [
        (pair["name"], pair["value"]) for pair in request["queryString"]
    ]
    if "postData" in request:
        check("postData", request["postData"])
        assert not ("params" in request["postData"] and "text" in request["postData"])
        for param in request["postData"].get("params", ()):
            check("param", param)
    if "text" in response["content"]:
        assert response["content"]["size"] == len(response["content"]["text"].encode())


@pytest.fixture
def har(api):
    """The checked entries of an export."""

    def export(path="requests.har"):
        answer = api.ask("GET", path)
        assert (answer.status, answer.kind) == (200, "application/json")
        document = answer.json
        assert list(document) == ["log"]
        log = document["log"]
        check("log", log)
        check("creator", log["creator"])
        assert log["version"] == "1.2"
        for entry in log["entries"]:
            check_entry(entry)
        return log["entries"]

    return export


@pytest.fixture
def post(api, machine):
    """Sends a signed call as a body, in any form."""
    import hashlib

    def send(method, format="json", files=None, **business):
        caller = api("GET", "")
        texts = {
            "method": method,
            "app_key": caller["app_key"],
            "v": "2.0",
            "sign_method": "md5",
            "session": caller["session"],
            "format": format,
            "timestamp": machine.now.strftime("%Y-%m-%d %H:%M:%S"),
            **{name: str(value) for name, value in business.items()},
        }
        plain = (
            caller["app_secret"]
            + "".join(name + texts[name] for name in sorted(texts))
            + caller["app_secret"]
        )
        texts["sign"] = hashlib.md5(plain.encode()).hexdigest().upper()
        return (
            api.app.test_client()
            .post("/router/rest", data={**texts, **(files or {})})
            .get_data(as_text=True)
        )

    return send


def test_every_kind_of_call_is_har(api, call, opened, agree, post, har):
    """Successes, failures and refusals are entries of valid HAR, oldest first.

    By GET and POST, in JSON and XML.
    """
    agree(opened)
    agree(opened)
    call("tmall.exchange.get", dispute_id=opened)
    post("tmall.exchange.get", dispute_id=opened, fields="status")
    post("tmall.exchange.receive.get", format="xml", fields="dispute_id,status")
    post("tmall.exchange.nothing", simplify="true")
    api.app.test_client().put("/router/rest", data=b"")
    entries = har()
    assert [(e["request"]["method"], e["_method"], e["_outcome"], e["_code"]) for e in entries] == [
        ("GET", "tmall.exchange.agree", "ok", 0),
        ("GET", "tmall.exchange.agree", "failed", 0),
        ("GET", "tmall.exchange.get", "refused", 40),
        ("POST", "tmall.exchange.get", "ok", 0),
        ("POST", "tmall.exchange.receive.get", "ok", 0),
        ("POST", "tmall.exchange.nothing", "refused", 22),
    ]
    assert [e["_sandbox"] for e in entries] == ["default"] * 6
    assert {e["_at"] for e in entries} == {"2026-03-01 10:00:00"}


@pytest.mark.parametrize(("format", "simplify"), [("json", ""), ("json", "true"), ("xml", "")])
def test_a_reply_without_private_members_is_the_wires(api, opened, post, har, format, simplify):
    """What nothing is masked of stands in HAR as it was sent, in each of the three forms."""
    more = {"simplify": simplify} if simplify else {}
    sent = post(
        "tmall.exchange.receive.get",
        format=format,
        fields="dispute_id,status,modified,title,reason",
        **more,
    )
    [entry] = har()
    assert entry["response"]["content"]["text"] == sent
    assert entry["response"]["content"]["mimeType"].startswith(
        "text/javascript" if format == "json" else "text/xml"
    )


def test_an_error_reply_is_the_wires(call, post, har):
    """A platform error stands in HAR as it was sent."""
    sent = post("tmall.exchange.get", fields="status")
    assert json.loads(har()[0]["response"]["content"]["text"]) == json.loads(sent)


def test_parameters_stand_where_they_were_sent(api, call, post, har):
    """Parameters of a GET are in the query, those of a form in postData; sessions are masked."""
    call("taobao.time.get")
    post("taobao.time.get")
    got, posted = (entry["request"] for entry in har())
    assert {pair["name"]: pair["value"] for pair in got["queryString"]}["session"] == "***"
    assert "postData" not in got and posted["queryString"] == []
    assert {pair["name"]: pair["value"] for pair in posted["postData"]["params"]}[
        "session"
    ] == "***"
    assert posted["postData"]["mimeType"].startswith("application/x-www-form-urlencoded")
    assert posted["bodySize"] > 100


def test_a_file_is_a_parameter_without_its_content(opened, post, har):
    """An uploaded file is a posted parameter with its size, without content and file name."""
    from io import BytesIO

    picture = b"\x89PNG\r\n\x1a\n" + b"secretpixels"
    post(
        "tmall.exchange.message.add",
        dispute_id=opened,
        content="图",
        fields="id",
        files={"message_pics": (BytesIO(picture), "王小明的手机.png")},
    )
    [entry] = har()
    [file] = [pair for pair in entry["request"]["postData"]["params"] if "fileName" in pair]
    assert (file["name"], file["fileName"], file["comment"]) == (
        "message_pics",
        "***",
        f"{len(picture)} bytes",
    )
    assert "王小明" not in json.dumps(
        entry, ensure_ascii=False
    ) and "secretpixels" not in json.dumps(entry)


def test_a_clipped_reply_says_so(api, post, har):
    """A reply too long to keep has its size and no text."""
    api("POST", "exchanges", {"title": "长" * 200, "count": 100})
    post("tmall.exchange.receive.get", fields="dispute_id,title", page_size=100)
    content = har()[0]["response"]["content"]
    assert "text" not in content and content["size"] > 50_000


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"fault": "gateway_5xx", "status": 504}, 504),
        ({"fault": "reply_lost"}, 0),
        ({"fault": "empty_reply"}, 0),
        ({"fault": "reply_lost", "as": "isp.remote-service-timeout"}, 200),
    ],
)
def test_a_lost_reply_shows_what_its_caller_saw(api, post, har, fault, status):
    """A reply that a fault took has the status that the caller got, and the fault's name.

    The status is 0 for none.
    """
    api("POST", "faults", fault)
    post("taobao.time.get")
    [entry] = har()
    assert (entry["response"]["status"], entry["_fault"]["name"], entry["_fault"]["lost"]) == (
        status,
        fault["fault"],
        True,
    )
    assert fault["fault"] in entry["response"]["comment"]


def test_the_export_is_filtered(call, opened, agree, har):
    """Filters and limit choose, the newest of those that match."""
    for _ in range(3):
        call("taobao.time.get")
    agree(opened)
    assert [e["_method"] for e in har("requests.har?method=taobao.time.get&limit=2")] == [
        "taobao.time.get"
    ] * 2
    assert [e["_method"] for e in har("requests.har?limit=1")] == ["tmall.exchange.agree"]
    assert har("requests.har?limit=0") == []


def test_all_sandboxes_and_calls_of_nobody(api, call, har):
    """The server's export holds every sandbox's calls, or those of nobody."""
    call("taobao.time.get", NOBODY)
    call("taobao.time.get")
    assert [e["_sandbox"] for e in har("/_sandbox/requests.har?sandbox=none")] == ["none"]
    assert sorted(e["_sandbox"] for e in har("/_sandbox/requests.har")) == ["default", "none"]
    assert [e["_sandbox"] for e in har("/_sandbox/requests.har?sandbox=default")] == ["default"]
    assert api.problem("GET", "requests.har?colour=red")["field"] == "colour"


def test_nothing_private_is_exported(api, call, opened, har):
    """Neither session, secret nor personal data stand in the export."""
    caller, exchange = api("GET", ""), api("GET", f"exchanges/{opened}")["exchange"]
    call(
        "tmall.exchange.get",
        dispute_id=opened,
        fields="dispute_id,buyer_name,buyer_phone,buyer_address",
        sid=caller["session"],
    )
    call(
        "tmall.exchange.message.add",
        dispute_id=opened,
        content="我的电话是10077001234",
        fields="content",
        app_secret=caller["app_secret"],
    )
    text = json.dumps(har(), ensure_ascii=False)
    for private in (
        caller["session"],
        caller["app_secret"],
        exchange["buyer_name"],
        exchange["buyer_phone"],
        exchange["buyer_address"],
        "10077001234",
    ):
        assert private not in text


@pytest.mark.parametrize(
    "reply",
    [
        {"users": [{"level": "a"}]},
        {"users": []},
        {"users": {"user": [{"level": "a"}]}},
        {"a": [[1], [2]]},
        {},
        {"a": None},
        {"x": "尺" * 300_000},
        {"x": "\x00\x1b\u2028\ufffe🙂"},
        {"1bad name": {"": [{}]}},
        {"a": {"b": {"c": [1.5, True, None, 10**30]}}},
    ],
)
@pytest.mark.parametrize("format_", ["json", "xml"])
def test_any_stub_is_exported(reply, format_):
    """A canned reply of any shape is an entry, and hides no other call."""
    sandbox = Sandbox()
    sandbox.stub("taobao.users.get", reply)
    client = sandbox.client()
    text, _ = client.send("taobao.users.get", format=format_)
    client.call("taobao.time.get")

    entries = sandbox._ask("GET", "requests.har")["log"]["entries"]

    assert len(entries) == 2
    content = next(
        entry["response"]["content"] for entry in entries if entry["_method"] == "taobao.users.get"
    )
    assert content.get("text", text) == text


@pytest.mark.parametrize("places", [1, 2, 3])
def test_every_file_of_a_call_is_in_its_entry(opened, post, har, places):
    """However many files a multipart call brings, each is one parameter of the export."""
    from io import BytesIO

    files = {
        f"message_pics{number}": (BytesIO(bytes(number)), "a.png")
        for number in range(1, places + 1)
    }
    post("tmall.exchange.message.add", dispute_id=opened, content="图", fields="id", files=files)
    [entry] = har()
    params = entry["request"]["postData"]["params"]
    assert [(pair["name"], pair["comment"]) for pair in params if "fileName" in pair] == [
        (f"message_pics{number}", f"{number} bytes") for number in range(1, places + 1)
    ]


@pytest.mark.parametrize(
    "pair", ["buyer_nick=%CC%D4%B1%A6", "%CC%D4=1", "note=%ff%fe", "note=\udccc\udcd4", "note=%00"]
)
def test_a_call_of_another_encoding_is_har(api, har, pair):
    """A call that is not UTF-8, in a value, a name or in raw bytes, is in a valid export."""
    caller = api("GET", "")
    body = f"method=taobao.time.get&app_key={caller['app_key']}&{pair}".encode(
        "utf-8", "surrogateescape"
    )
    form = "application/x-www-form-urlencoded"
    api.app.test_client().post("/router/rest", data=body, content_type=form)
    [entry] = har()
    assert entry["_outcome"] == "refused" and entry["request"]["bodySize"] == len(body)

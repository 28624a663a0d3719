"""The journal's routes: lists, one call, later calls, what is kept of them.

Source: docs/control-api.md.
"""

import threading

import pytest

S = "/_sandbox/sandboxes"


def test_requests(api, call, opened, agree):
    """The journal lists calls, newest first, with method, outcome, code and what was sent."""
    agree(opened)
    call("tmall.exchange.get", dispute_id=opened)
    page = api("GET", "requests")
    assert page["total"] == 2
    assert [(item["method"], item["outcome"], item["code"]) for item in page["items"]] == [
        ("tmall.exchange.get", "refused", 40),
        ("tmall.exchange.agree", "ok", 0),
    ]
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

    def count_found(query):
        return [item["method"] for item in api("GET", f"requests?{query}")["items"]]

    assert count_found("method=tmall.exchange.get") == ["tmall.exchange.get"]
    assert count_found(f"dispute_id={opened}") == ["tmall.exchange.agree"] * 2
    assert count_found("outcome=refused") == ["tmall.exchange.nothing"]
    assert count_found("outcome=failed") == ["tmall.exchange.agree"]
    assert count_found("since=2026-03-01+11:00:00") == ["tmall.exchange.nothing", "taobao.time.get"]
    assert count_found("limit=1") == ["tmall.exchange.nothing"]
    assert api("GET", "requests?limit=1")["total"] == 5
    assert count_found("limit=0") == []
    assert count_found(f"dispute_id={opened}&outcome=ok") == ["tmall.exchange.agree"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("outcome=lost", "outcome"),
        ("limit=x", "limit"),
        ("limit=-1", "limit"),
        ("limit=99999999999", "limit"),
        ("colour=red", "colour"),
        ("since=yesterday", "since"),
        ("since=2026-02-30+00:00:00", "since"),
        ("code=many", "code"),
        ("wait=1", "wait"),
    ],
)
@pytest.mark.parametrize("path", ["requests", "/_sandbox/requests"])
def test_wrong_filter(api, path, query, field):
    """A wrong filter is a 400 that names it."""
    problem = api.problem("GET", f"{path}?{query}")
    assert (problem["status"], problem["field"]) == (400, field)


def test_one_call(api, call):
    """One call is found by its request_id and has a diagnosis in both languages."""
    error = call("tmall.exchange.receive.get", session="nobody", fields="dispute_id")
    entry = api("GET", f"/_sandbox/requests/{error['request_id']}")
    assert (entry["request_id"], entry["code"], entry["sub_code"]) == (
        error["request_id"],
        27,
        "invalid-sessionkey",
    )
    assert entry["diagnosis"]["zh"] and entry["diagnosis"]["en"]
    assert entry["sandbox"] == "default"


def test_unknown_call(api):
    """A call that is not kept is a 404."""
    problem = api.problem("GET", "/_sandbox/requests/zzzzzzzzzzzz")
    assert (problem["status"], problem["field"]) == (404, "request_id")


def test_calls_of_no_sandbox(api, call):
    """Calls whose key belongs to no sandbox are under `sandbox=none`, in no sandbox's journal."""
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
        (made["id"], "tmall.exchange.receive.get"),
        ("default", "taobao.time.get"),
    ]


def test_requests_of_a_named_sandbox(api, call):
    """`sandbox=ID` on the server's list shows that sandbox's calls.

    An unknown one is refused by name.
    """
    made = api("POST", S, {}, 201)
    call("taobao.time.get")
    call("taobao.time.get", made)
    answer = api("GET", f"/_sandbox/requests?sandbox={made['id']}")
    assert [item["sandbox"] for item in answer["items"]] == [made["id"]]
    assert api.problem("GET", "/_sandbox/requests?sandbox=nowhere")["field"] == "sandbox"


def test_clear(api, call):
    """Deleted, the journal is empty and fills again; other sandboxes keep theirs."""
    made = api("POST", S, {}, 201)
    call("taobao.time.get")
    call("taobao.time.get", made)
    api("DELETE", "requests", status=204)
    assert api("GET", "requests") == {"total": 0, "items": [], "next": 1}
    assert api("GET", f"{S}/{made['id']}/requests")["total"] == 1
    call("taobao.time.get")
    assert api("GET", "requests")["total"] == 1


def test_nothing_secret_is_kept(api, call, opened):
    """Neither sessions, secret nor personal data stand in the journal."""
    caller, exchange = api("GET", ""), api("GET", f"exchanges/{opened}")["exchange"]
    call(
        "tmall.exchange.get",
        dispute_id=opened,
        fields="dispute_id,buyer_name,buyer_phone,buyer_address",
    )
    text = api.ask("GET", "requests").text
    for secret in (
        caller["session"],
        caller["app_secret"],
        exchange["buyer_name"],
        exchange["buyer_phone"],
        exchange["buyer_address"],
    ):
        assert secret not in text


def test_control_calls_are_not_in_the_journal(api):
    """Only calls of the gateway are journalled."""
    api("GET", "clock")
    assert api("GET", "requests")["total"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=x", "after"),
        ("after=-1", "after"),
        ("after=99999999999", "after"),
        ("after=0&wait=31", "wait"),
        ("after=0&wait=soon", "wait"),
        ("after=0&wait=-1", "wait"),
        ("after=0&wait=1e9", "wait"),
        ("after=0&limit=x", "limit"),
    ],
)
@pytest.mark.parametrize(
    "path", ["requests", "/_sandbox/requests?sandbox=none", "/_sandbox/requests?sandbox=default"]
)
def test_wrong_position(api, path, query, field):
    """A wrong position or patience is a 400 that names it."""
    problem = api.problem("GET", f"{path}{'&' if '?' in path else '?'}{query}")
    assert (problem["status"], problem["field"]) == (400, field)


@pytest.mark.parametrize("name", ["after", "wait"])
def test_positions_are_one_sandboxs(api, name):
    """The list of all sandboxes has no positions, since each journal counts its own."""
    problem = api.problem("GET", f"/_sandbox/requests?{name}=1")
    assert (problem["status"], problem["field"]) == (400, name)


def test_going_on_from_a_position(api, call):
    """A list says where later calls begin; those come oldest first, and each once."""
    call("taobao.time.get")
    page = api("GET", "requests?limit=1")
    assert api("GET", f"requests?after={page['next']}") == {
        "total": 0,
        "items": [],
        "next": page["next"],
    }
    call("taobao.logistics.companies.get", fields="id")
    call("tmall.exchange.nothing")
    later = api("GET", f"requests?after={page['next']}&limit=1")
    assert (later["total"], [item["method"] for item in later["items"]]) == (
        2,
        ["taobao.logistics.companies.get"],
    )
    last = api("GET", f"requests?after={later['next']}&limit=1")
    assert [item["method"] for item in last["items"]] == ["tmall.exchange.nothing"]


def test_cleared_calls_are_reported_as_missed(api, call):
    """Who reads on after the journal was cleared hears how many calls it did not get to see."""
    call("taobao.time.get")
    call("taobao.time.get")
    api("DELETE", "requests")
    call("tmall.exchange.nothing")
    later = api("GET", "requests?after=1")
    assert ([item["method"] for item in later["items"]], later["missed"]) == (
        ["tmall.exchange.nothing"],
        1,
    )


def test_calls_of_nobody_are_followed_too(api, call):
    """Calls that belong to no sandbox have positions of their own."""
    call("taobao.time.get", {"app_key": "404404", "app_secret": "x", "session": "x"})
    later = api("GET", "/_sandbox/requests?sandbox=none&after=0")
    assert ([item["code"] for item in later["items"]], later["next"]) == ([29], 1)


def test_few_wait_at_a_time(api, call):
    """Eight wait for a call at once and get it.

    One more is answered without waiting, so that calls find threads.
    """
    journal = api.directory.get("default").journal
    answers = []

    def ask():
        answers.append(api("GET", "requests?after=0&wait=20&method=taobao.time.get"))

    waiters = [threading.Thread(target=ask, daemon=True) for _ in range(8)]
    for waiter in waiters:
        waiter.start()
    while journal._waiting < 8:
        waiters[0].join(0.001)
    assert api("GET", "requests?after=0&wait=20") == {"total": 0, "items": [], "next": 0}
    call("taobao.time.get")
    for waiter in waiters:
        waiter.join(10)
    assert [len(answer["items"]) for answer in answers] == [1] * 8
    assert api("GET", "requests?after=1&wait=0.001")["items"] == []


def test_a_long_list_examines_a_few_signs(api, call):
    """Of many wrong signs a list examines the newest; any other is examined when asked for."""
    for _ in range(25):
        call("taobao.time.get", sign="0" * 32)
    items = api("GET", "requests")["items"]
    kinds = [item["diagnosis"]["findings"][0]["id"] for item in items]
    assert kinds == ["unknown"] * 20 + ["unexamined"] * 5
    document = api("GET", f"/_sandbox/requests/{items[-1]['request_id']}")
    assert [finding["id"] for finding in document["diagnosis"]["findings"]] == ["unknown"]

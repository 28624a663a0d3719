"""Snapshots as documents: taken, stored, restored, made into sandboxes.

Source: docs/control-api.md.
"""

import copy
import json

import pytest

ALL = "/_sandbox/sandboxes"


@pytest.fixture
def document(api, opened, agree):
    """The snapshot of a sandbox with one agreed exchange and one message with a picture."""
    agree(opened)
    picture = (
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwA"
        "DhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    api(
        "POST",
        f"exchanges/{opened}/moves",
        {"by": "buyer", "move": "leave_message", "content": "见图", "pics": [picture]},
    )
    api("PUT", "snapshots/saved")
    return api("GET", "snapshots/saved")


def test_restore(api, opened):
    """A reset to a snapshot's name brings back what it kept."""
    api("PUT", "snapshots/before")
    before = {path: api("GET", path) for path in ("exchanges", "stock", "events", "clock")}
    api("POST", f"exchanges/{opened}/moves", {"by": "seller", "move": "agree"})
    api("POST", "clock/advance", {"by": "1d"})
    api("POST", "reset", {"to": "before"})
    assert {path: api("GET", path) for path in before} == before


def test_canonical(api, document):
    """A snapshot is versioned JSON, keys sorted, one value a line, the same at every reading."""
    text = api.ask("GET", "snapshots/saved").text
    assert text == api.ask("GET", "snapshots/saved").text
    assert isinstance(document["version"], int)
    assert text.strip() == json.dumps(document, indent=2, ensure_ascii=False)
    assert text == api.ask("GET", "snapshots/saved").text


def test_an_unchanged_frozen_world_has_one_snapshot(api, machine, opened):
    """Two snapshots of an unchanged frozen sandbox are the same text.

    However much real time lies between.
    """
    api("PUT", "snapshots/one")
    machine.pass_by(minutes=3)
    api("PUT", "snapshots/two")
    assert api.ask("GET", "snapshots/one").text == api.ask("GET", "snapshots/two").text


def test_no_secrets(api, document):
    """Neither app secret nor any session token stands in a snapshot."""
    text, credentials = json.dumps(document, ensure_ascii=False), api("GET", "")
    for name in ("app_secret", "session", "sub_session"):
        assert credentials[name] not in text


def test_round_trip(api, document):
    """A stored document is read back the same, and restores the same world."""
    before = {path: api("GET", path) for path in ("exchanges", "stock", "events", "clock", "rules")}
    api("PUT", "snapshots/copy", document)
    assert api("GET", "snapshots/copy") == document
    api("POST", "reset", {"to": "empty"})
    api("POST", "reset", {"to": "copy"})
    assert {path: api("GET", path) for path in before} == before


def test_storing_restores_nothing(api, opened, document):
    """A PUT with a body stores the document and leaves the sandbox as it is."""
    api("POST", f"exchanges/{opened}/moves", {"by": "buyer", "move": "ship_back"})
    api("PUT", "snapshots/other", document)
    assert api("GET", f"exchanges/{opened}")["status"] == 3


def test_callers_keep_their_tokens(api, opened, document, call):
    """After a restore the same credentials still see the exchange."""
    held = api("GET", "")
    api("POST", "reset", {"to": "empty"})
    api("POST", "reset", {"to": "saved"})
    reply = call("tmall.exchange.get", held, dispute_id=opened, fields="status")["result"]
    assert reply["exchange"]["status"] == "待买家退货"


def test_restored_from_a_document_callers_keep_their_tokens(api, opened, document, call):
    """The same holds for a snapshot that came in as a document: secret and sessions stay."""
    held = api("GET", "")
    api("PUT", "snapshots/copy", document)
    api("POST", "reset", {"to": "copy"})
    reply = call("tmall.exchange.get", held, dispute_id=opened, fields="status")
    assert "result" in reply, reply
    assert reply["result"]["exchange"]["status"] == "待买家退货"
    assert api("GET", "")["app_secret"] == held["app_secret"]


@pytest.mark.parametrize("by_name", [True, False])
def test_sandbox_from_a_snapshot(api, opened, document, call, by_name):
    """A sandbox made from a snapshot has its exchanges and credentials of its own."""
    made = api("POST", ALL, {"from": "saved" if by_name else document, "name": "twin"}, 201)
    original = api("GET", "")
    assert made["id"] == "twin"
    assert made["session"] not in (original["session"], original["sub_session"], "")
    assert made["app_secret"]
    reply = call("tmall.exchange.get", made, dispute_id=opened, fields="status")["result"]
    assert reply["exchange"]["status"] == "待买家退货"
    api("POST", f"{ALL}/twin/exchanges/{opened}/moves", {"by": "buyer", "move": "ship_back"})
    assert api("GET", f"exchanges/{opened}")["status"] == 2


def test_reset_of_a_sandbox_from_a_snapshot(api, opened, document):
    """The baseline of such a sandbox is the snapshot."""
    api("POST", ALL, {"from": "saved", "name": "twin"}, 201)
    api("POST", f"{ALL}/twin/exchanges/{opened}/moves", {"by": "buyer", "move": "ship_back"})
    api("POST", f"{ALL}/twin/reset")
    assert api("GET", f"{ALL}/twin/exchanges/{opened}")["status"] == 2


def test_from_goes_with_a_name_only(api, document):
    """Other keys beside `from` are refused by name."""
    assert api.problem("POST", ALL, {"from": "saved", "seed": 3})["field"] == "seed"


def test_delete(api, document):
    """A deleted snapshot is gone; deleting it again is a 404."""
    api("DELETE", "snapshots/saved", status=204)
    for verb in ("GET", "DELETE"):
        problem = api.problem(verb, "snapshots/saved")
        assert (problem["status"], problem["field"]) == (404, "name")


@pytest.mark.parametrize("name", ["baseline", "empty", "x" * 200])
def test_reserved_names(api, name):
    """A snapshot cannot take a name that a reset understands otherwise."""
    problem = api.problem("PUT", f"snapshots/{name}")
    assert (problem["status"], problem["field"]) == (400, "name")


@pytest.mark.parametrize(
    "change",
    [
        {"version": 99},
        {"version": None},
        {"surprise": 1},
        {"exchanges": {}},
        {"exchanges": [{}]},
        {"clock": "noon"},
        {"rules": {"no.such": 1}},
        {"shops": []},
        {"apps": []},
        {"numbers": {}},
        {"facts": [{"number": "x"}]},
        {"messages": []},
        {"pictures": {"x": "not base64!"}},
        {"accounts": {"1": {"available": "x"}}},
        {"facts": []},
        {"accounts": {}},
        {"sessions": []},
    ],
)
def test_wrong_document(api, document, change):
    """A document that cannot be a world is a 400 and is not stored."""
    wrong = {**copy.deepcopy(document), **change}
    problem = api.problem("PUT", "snapshots/wrong", wrong)
    assert problem["status"] == 400
    assert problem["field"]
    assert "wrong" not in api("GET", "snapshots")["items"]


@pytest.mark.parametrize(
    "missing", ["version", "clock", "rules", "shops", "exchanges", "numbers", "accounts"]
)
def test_incomplete_document(api, document, missing):
    """A document that lacks a part is refused."""
    problem = api.problem(
        "PUT", "snapshots/wrong", {name: part for name, part in document.items() if name != missing}
    )
    assert problem["status"] == 400


@pytest.mark.parametrize(
    "part",
    [
        "sessions",
        "shops",
        "goods",
        "buyers",
        "carriers",
        "reasons",
        "trades",
        "accounts",
        "exchanges",
        "facts",
        "messages",
        "waybills",
        "pictures",
        "stubs",
        "numbers",
    ],
)
def test_a_stored_document_never_breaks_a_read(api, opened, document, call, part):
    """A document without one part is refused, or can be restored, read, moved on and reset."""
    held = api("GET", "")
    answer = api.ask(
        "PUT", "snapshots/odd", {**copy.deepcopy(document), part: type(document[part])()}
    )
    if answer.status < 400:
        assert api.ask("POST", "reset", {"to": "odd"}).status == 200
        for path in ("", "exchanges", "stock", "rules", "clock", "events", "requests"):
            assert api.ask("GET", path).status == 200, path
        assert api.ask(
            "POST", f"exchanges/{opened}/moves", {"by": "buyer", "move": "ship_back"}
        ).status in (200, 404)
        assert api.ask("POST", "exchanges", {}).status == 201
        assert call("tmall.exchange.receive.get", held, fields="dispute_id,status").get("code") != 1
        assert api.ask("POST", "reset").status == 200
    assert api.faults == []

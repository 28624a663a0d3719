"""Robots over the control API: names, setting, what is planned, what is refused."""

import pytest

NONE = {"buyer": None, "courier": None, "cs": None, "applies": None}


def test_names(api):
    """Behaviours are listed with label, bilingual sentence and evidence, and so are the parties."""
    document = api("GET", "/_sandbox/robots/names")
    assert [item["name"] for item in document["items"]] == [
        "prompt",
        "slow",
        "forgetful",
        "adversarial",
        "random",
    ]
    assert document["total"] == 5
    assert all(
        item["zh"] and item["en"] and item["label"] and "assumed" in item["evidence"]
        for item in document["items"]
    )
    assert document["parties"] == ["buyer", "courier", "cs"]


def test_put_replaces_all(api):
    """What is put is what is set; a party that is left out or null is played by hand."""
    assert api("GET", "robots") == NONE
    assert api("PUT", "robots", {"buyer": "prompt", "cs": "random"}) == {
        **NONE,
        "buyer": "prompt",
        "cs": "random",
    }
    assert api("PUT", "robots", {"courier": "slow", "cs": None}) == {**NONE, "courier": "slow"}
    assert api("GET", "robots") == {**NONE, "courier": "slow"}
    assert api("PUT", "robots", {}) == NONE


@pytest.mark.parametrize(
    ("body", "field", "sentence"),
    [
        ({"buyer": "promt"}, "buyer", "prompt"),
        ({"buyer": ""}, "buyer", "prompt"),
        ({"cs": "x" * 10_000}, "cs", "prompt"),
        ({"applies": "often"}, "applies", "2h"),
        ({"applies": "59s"}, "applies", "1m"),
        ({"applies": "99999999h"}, "applies", "2h"),
        ({"seller": "prompt"}, "seller", "seller"),
        ({"buyer": 1}, "buyer", "str"),
        ([], "body", "object"),
        ("prompt", "body", "object"),
    ],
)
def test_what_cannot_be_is_refused(api, body, field, sentence):
    """An unknown behaviour, party or shape is refused by its field, and nothing changes."""
    api("PUT", "robots", {"buyer": "slow"})
    problem = api.problem("PUT", "robots", body)
    assert (problem["status"], problem["field"]) == (400, field)
    assert sentence in problem["detail"]
    assert len(problem["detail"]) < 500
    assert api("GET", "robots") == {**NONE, "buyer": "slow"}


def test_a_sandbox_is_made_with_robots(api):
    """The world document's robots are set from the start, also after a copy by snapshot."""
    made = api("POST", "/_sandbox/sandboxes", {"name": "lively", "robots": {"buyer": "forgetful"}})
    assert api("GET", f"/_sandbox/sandboxes/{made['id']}/robots") == {**NONE, "buyer": "forgetful"}
    api("PUT", "/_sandbox/sandboxes/lively/snapshots/one")
    api("POST", "/_sandbox/sandboxes", {"name": "twin", "from": "lively/one"})
    assert api("GET", "/_sandbox/sandboxes/twin/robots") == {**NONE, "buyer": "forgetful"}
    problem = api.problem("POST", "/_sandbox/sandboxes", {"robots": {"cs": "fast"}})
    assert problem["field"] == "robots.cs"


def test_the_clock_tells_of_plans_only_with_robots(api, opened):
    """`planned` stands in the clock while robots are set; deadlines stay what they are."""
    before = api("GET", "clock")
    assert "planned" not in before
    api("POST", f"exchanges/{opened}/moves", {"by": "seller", "move": "agree"})
    api("PUT", "robots", {"buyer": "prompt"})
    clock = api("GET", "clock")
    assert [(deadline["dispute_id"], deadline["rule"]) for deadline in clock["deadlines"]] == [
        (opened, "deadline.2")
    ]
    [plan] = clock["planned"]
    assert (plan["dispute_id"], plan["by"], plan["move"]) == (opened, "buyer", "ship_back")
    assert clock["now"] < plan["at"] < clock["deadlines"][0]["at"]
    assert api("GET", "clock?limit=0")["planned"] == []
    api("PUT", "robots", {})
    assert "planned" not in api("GET", "clock")


@pytest.mark.parametrize("how", ["advance", "age"])
def test_next_is_the_first_plan_or_deadline(api, opened, how):
    """`next` goes to whatever comes first and returns what happened there, by whom."""
    api("POST", f"exchanges/{opened}/moves", {"by": "seller", "move": "agree"})
    api("PUT", "robots", {"buyer": "prompt"})
    first = api("POST", f"clock/{how}", {"to": "next"})
    second = api("POST", f"clock/{how}", {"to": "next"})
    assert [(event["by"], event["move"], event["to"]) for event in first["fired"]] == [
        ("buyer", "ship_back", 3)
    ]
    assert first["planned"] == []
    assert [(event["by"], event["move"], event["to"]) for event in second["fired"]] == [
        ("system", "expire", 14)
    ]
    assert api.problem("POST", f"clock/{how}", {"to": "next"})["status"] == 409


def test_buyers_come_by_themselves(api, call):
    """With `applies` exchanges are opened as time passes.

    The plan names no exchange yet, a signed client finds them.
    """
    assert api("PUT", "robots", {"applies": "2h"})["applies"] == "2h"
    [plan] = api("GET", "clock")["planned"]
    assert (plan["dispute_id"], plan["by"], plan["move"]) == (None, "buyer", "apply")
    [event] = api("POST", "clock/advance", {"to": "next"})["fired"]
    assert (event["by"], event["move"], event["at"], event["to"]) == (
        "buyer",
        "apply",
        plan["at"],
        1,
    )
    api("POST", "clock/advance", {"by": "1d"})
    total = call("tmall.exchange.receive.get", fields="dispute_id")["total_results"]
    assert total == api("GET", "exchanges")["total"] > 4


def test_a_client_meets_what_robots_did(api, call, agree, opened):
    """A signed client that agrees sees the goods come back and the courier's note by itself."""
    api("PUT", "robots", {"buyer": "prompt", "courier": "prompt"})
    assert agree(opened)["result"]["success"]
    api("POST", "clock/advance", {"by": "5d"})
    exchange = call("tmall.exchange.get", dispute_id=opened, fields="status,buyer_logistic_no")[
        "result"
    ]["exchange"]
    assert exchange["status"] == "买家已退货，待收货"
    [rows] = call("tmall.exchange.messages.get", dispute_id=opened, fields="content")["result"][
        "results"
    ].values()
    [note] = [row["content"] for row in rows if "已送达" in row["content"]]
    assert exchange["buyer_logistic_no"] in note

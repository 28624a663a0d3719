"""Making, listing, resetting and dropping sandboxes.

Source: docs/control-api.md.
"""

import pytest

ALL = "/_sandbox/sandboxes"
EVERY_STATUS = [1, 2, 3, 4, 5, 6, 12, 13, 14]


def test_made_up_world(api):
    """An empty document gives one shop and app, two sessions, four goods and no exchange.

    The shop has three addresses.
    """
    made = api("POST", ALL, {}, 201)
    assert {"id", "app_key", "app_secret", "session", "sub_session", "gateway", "shops"} <= set(
        made
    )
    (shop,) = made["shops"]
    assert shop["session"] == made["session"]
    assert shop["subs"][0]["session"] == made["sub_session"]
    assert made["gateway"] == "http://localhost/router/rest"
    assert [address["cancel_def"] for address in shop["addresses"]].count(True) == 1
    assert len(shop["addresses"]) == 3
    assert shop["addresses"][0]["cancel_def"] is False
    stock = api("GET", f"{ALL}/{made['id']}/stock")["items"]
    assert {item["available"] for item in stock} == {100}
    assert len(stock) == 4
    assert {"bought", "wanted"} <= {item["name"] for item in stock}
    assert api("GET", f"{ALL}/{made['id']}/exchanges")["total"] == 0


def test_a_body_is_not_needed(api):
    """A POST without a body makes a sandbox too."""
    assert api("POST", ALL, status=201)["id"]


def test_listed_and_shown(api):
    """What was made is listed, and shown with the same credentials."""
    made = api("POST", ALL, {"name": "店铺甲"}, 201)
    listed = api("GET", ALL)
    assert made["id"] == "店铺甲"
    assert (listed["total"], [item["id"] for item in listed["items"]]) == (2, ["default", "店铺甲"])
    sandbox = api("GET", f"{ALL}/店铺甲")
    assert {name: sandbox[name] for name in ("app_key", "app_secret", "session", "shops")} == {
        name: made[name] for name in ("app_key", "app_secret", "session", "shops")
    }


def test_everything_given_is_kept(api):
    """What a service has in its own configuration is kept to the letter, ids of any length."""
    document = {
        "apps": [{"app_key": "00012345678901234567", "app_secret": "密钥 secret/+="}],
        "shops": [
            {
                "nick": "我的店",
                "seller_id": 9007199254740995,
                "session": "my-session",
                "subs": [{"nick": "我的店:小王", "session": "my-sub"}],
                "addresses": [
                    {"contact_id": 9007199254740993, "addr": "某路1号", "cancel_def": True}
                ],
            }
        ],
        "goods": {
            "wanted": {
                "sku_id": "98765432109876543210",
                "title": "杯子",
                "price": "12.30",
                "stock": 3,
            }
        },
    }
    made = api("POST", ALL, document, 201)
    assert (made["app_key"], made["app_secret"]) == ("00012345678901234567", "密钥 secret/+=")
    assert (made["session"], made["sub_session"]) == ("my-session", "my-sub")
    (shop,) = made["shops"]
    assert (shop["nick"], shop["seller_id"], shop["subs"]) == (
        "我的店",
        9007199254740995,
        [{"nick": "我的店:小王", "session": "my-sub"}],
    )
    assert (shop["addresses"][0]["contact_id"], shop["addresses"][0]["addr"]) == (
        9007199254740993,
        "某路1号",
    )
    stock = {item["name"]: item for item in api("GET", f"{ALL}/{made['id']}/stock")["items"]}
    assert (stock["wanted"]["sku_id"], stock["wanted"]["available"]) == ("98765432109876543210", 3)


def test_samples(api):
    """`samples` adds one exchange in every status."""
    made = api("POST", ALL, {"samples": True}, 201)
    items = api("GET", f"{ALL}/{made['id']}/exchanges")["items"]
    assert sorted(item["status"] for item in items) == EVERY_STATUS


def test_clock_given(api):
    """A bare text freezes the clock there; an object may let it run."""
    frozen = api("POST", ALL, {"clock": "2026-11-11 00:00:00"}, 201)["id"]
    running = api("POST", ALL, {"clock": {"mode": "running", "now": "2026-06-18 08:00:00"}}, 201)[
        "id"
    ]
    assert api("GET", f"{ALL}/{frozen}/clock") == {
        "mode": "frozen",
        "now": "2026-11-11 00:00:00",
        "deadlines": [],
    }
    assert api("GET", f"{ALL}/{running}/clock") == {
        "mode": "running",
        "now": "2026-06-18 08:00:00",
        "deadlines": [],
    }


def test_same_seed_same_world(api):
    """The same seed gives the same people, another seed others."""
    one, same, other = (
        api("POST", ALL, {"seed": seed, "samples": True}, 201) for seed in (7, 7, 8)
    )

    def people(made):
        return [
            (item["exchange"]["buyer_name"], item["exchange"]["buyer_address"])
            for item in api("GET", f"{ALL}/{made['id']}/exchanges")["items"]
        ]

    assert people(one) == people(same)
    assert people(one) != people(other)


def test_sandboxes_are_isolated(api, call):
    """An exchange of one sandbox does not exist for the credentials of another."""
    one, two = (api("POST", ALL, {}, 201) for _ in range(2))
    dispute_id = api("POST", f"{ALL}/{one['id']}/exchanges", {})["dispute_id"]
    assert one["session"] != two["session"]
    assert (
        call("tmall.exchange.get", one, dispute_id=dispute_id, fields="status")["result"]["success"]
        is True
    )
    result = call("tmall.exchange.get", two, dispute_id=dispute_id, fields="status")["result"]
    assert result["msg_code"] == "DISPUTE_NOT_EXIST"


def test_one_app_key_in_two_sandboxes(api, call):
    """One app_key with one secret stands in two sandboxes.

    The session decides, else the first answers.
    """
    app = {"apps": [{"app_key": "777", "app_secret": "same"}]}
    one, two = (
        api("POST", ALL, {**app, "shops": [{"session": name}]}, 201) for name in ("first", "second")
    )
    api("PATCH", f"{ALL}/{one['id']}/rules", {"text.1": "甲"})
    first, second = (
        api("POST", f"{ALL}/{sandbox['id']}/exchanges", {})["dispute_id"] for sandbox in (one, two)
    )
    statuses = [
        call("tmall.exchange.get", sandbox, dispute_id=number, fields="status")["result"][
            "exchange"
        ]["status"]
        for sandbox, number in ((one, first), (two, second))
    ]
    assert statuses == ["甲", "换货待处理"]
    call("taobao.time.get", two, session="")
    assert (
        api("GET", f"{ALL}/{one['id']}/requests", None)["items"][0]["method"] == "taobao.time.get"
    )


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"name": "default"}, "name"),
        ({"apps": [{"app_key": "1023456789", "app_secret": "another"}]}, "apps"),
        ({"shops": [{"session": "taken"}]}, "shops"),
    ],
)
def test_conflict(api, document, field):
    """A taken name or session is a 409 and nothing is made.

    So is a taken app_key with another secret.
    """
    api("POST", ALL, {"shops": [{"session": "taken"}]}, 201)
    problem = api.problem("POST", ALL, document)
    assert problem["status"] == 409
    assert problem["field"].startswith(field)
    assert api("GET", ALL)["total"] == 2


def test_from_a_snapshot_that_is_not_there(api):
    """A snapshot that nobody took is a 404, and nothing is made."""
    problem = api.problem("POST", ALL, {"from": "nothing"})
    assert (problem["status"], problem["field"]) == (404, "from")
    assert api("GET", ALL)["total"] == 1


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"seeed": 1}, "seeed"),
        ({"seed": "1"}, "seed"),
        ({"seed": 1.5}, "seed"),
        ({"name": 5}, "name"),
        ({"ruleset": "modern"}, "ruleset"),
        ({"clock": "yesterday"}, "clock"),
        ({"clock": {"mode": "fast"}}, "clock"),
        ({"clock": {"speed": 2}}, "clock"),
        ({"clock": 7}, "clock"),
        ({"apps": {}}, "apps"),
        ({"apps": [{"key": "1"}]}, "apps"),
        ({"shops": [{"nick": 1}]}, "shops"),
        ({"shops": [{"subs": [{"nik": ""}]}]}, "shops"),
        ({"shops": [{"addresses": [{"contact_id": "x"}]}]}, "shops"),
        ({"goods": {"wanted": {"stock": -1}}}, "goods"),
        ({"goods": {"wanted": {"stock": "many"}}}, "goods"),
        ({"goods": {"wanted": {"price": "dear"}}}, "goods"),
        ({"goods": []}, "goods"),
        ({"buyers": [{"nick": None}]}, "buyers"),
        ({"carriers": [{"id": 1}]}, "carriers"),
        ({"reasons": [{"reason_id": 1}]}, "reasons"),
        ({"rules": {"no.such": 1}}, "rules"),
        ({"rules": {"deadline.1": "soon"}}, "rules"),
        ({"samples": "yes"}, "samples"),
        ({"from": 7}, "body"),
        ({"from": {"version": 99}}, ""),
    ],
)
def test_wrong_document(api, document, field):
    """A wrong world document is a 400 that names the field, and nothing is made."""
    problem = api.problem("POST", ALL, document)
    assert problem["status"] == 400
    assert problem["field"].startswith(field)
    assert api("GET", ALL)["total"] == 1


@pytest.mark.parametrize("name", ["a/b", "..", ".", "x" * 500, "a b", "a?b", "a#b", " "])
def test_odd_names(api, name):
    """A sandbox of an odd name is refused, or can be reached and dropped."""
    from urllib.parse import quote

    answer = api.ask("POST", ALL, {"name": name})
    if answer.status == 201:
        where = f"{ALL}/{quote(answer.json['id'], safe='')}"
        assert api("GET", where)["id"] == answer.json["id"]
        api("DELETE", where, status=204)
    else:
        assert (answer.status, answer.json["field"]) == (400, "name")


def test_drop(api, call):
    """A dropped sandbox is gone, its credentials too, and its name is free again."""
    made = api("POST", ALL, {"name": "gone"}, 201)
    api("DELETE", f"{ALL}/gone", status=204)
    assert api.problem("GET", f"{ALL}/gone")["status"] == 404
    assert call("taobao.time.get", made)["code"] == 29
    assert api("POST", ALL, {"name": "gone"}, 201)["id"] == "gone"


def test_drop_one_of_two_with_one_app(api, call):
    """Dropping one sandbox leaves the app_key to the other."""
    app = {"apps": [{"app_key": "777", "app_secret": "same"}]}
    one, two = (api("POST", ALL, app, 201) for _ in range(2))
    api("DELETE", f"{ALL}/{one['id']}", status=204)
    assert "time" in call("taobao.time.get", two)


def test_default_credentials(api):
    """The default sandbox has the same documented constants at every reset."""
    before = api("GET", "")
    api("POST", "reset", {"to": "empty"})
    after = api("GET", "")
    assert {name: before[name] for name in ("app_key", "app_secret", "session", "sub_session")} == {
        name: after[name] for name in ("app_key", "app_secret", "session", "sub_session")
    }


def test_reset_to_baseline(api, call, opened):
    """A reset to `baseline` brings back data, stock, clock and rules, and empties the journal."""
    baseline = {path: api("GET", path) for path in ("stock", "rules")}
    call("taobao.time.get")
    api("POST", f"exchanges/{opened}/moves", {"by": "seller", "move": "agree"})
    api("PUT", "stock/shoes", {"available": 1})
    api("PATCH", "rules", {"deadline.2": "1d"})
    api("POST", "clock/advance", {"by": "5h"})
    api("PUT", "snapshots/kept")

    api("POST", "reset", {"to": "baseline"})

    assert api("GET", "exchanges")["total"] == 0
    assert {path: api("GET", path) for path in baseline} == baseline
    assert api("GET", "clock") == {"mode": "frozen", "now": "2026-03-01 10:00:00", "deadlines": []}
    assert api("GET", "requests")["total"] == 0
    assert api("GET", "events")["total"] == 0
    assert api("GET", "snapshots")["items"] == ["kept"]


def test_reset_needs_no_body(api, opened):
    """A reset without a body goes to the baseline."""
    api("POST", "reset")
    assert api("GET", "exchanges")["total"] == 0


def test_reset_to_samples(make_api):
    """The baseline of a sandbox made with samples holds them."""
    api = make_api(samples=True)
    api("POST", "exchanges", {})
    api("POST", "reset", {"to": "baseline"})
    assert sorted(item["status"] for item in api("GET", "exchanges")["items"]) == EVERY_STATUS


def test_reset_to_empty(api, opened, call):
    """A reset to `empty` leaves no goods and no exchange, while credentials still work."""
    api("POST", "reset", {"to": "empty"})
    assert api("GET", "stock")["total"] == 0
    assert api("GET", "exchanges")["total"] == 0
    assert call("tmall.exchange.receive.get", fields="dispute_id")["total_results"] == 0


@pytest.mark.parametrize("to", ["baseline", "empty", "mine"])
def test_reset_is_idempotent(api, opened, to):
    """Resetting twice leaves what resetting once leaves."""
    api("PUT", "snapshots/mine")

    def state():
        return {
            path: api("GET", path)
            for path in ("", "exchanges", "stock", "rules", "clock", "events")
        }

    api("POST", "reset", {"to": to})
    once = state()
    api("POST", "reset", {"to": to})
    assert state() == once


def test_ids_after_a_reset_are_the_same(api):
    """After a reset the same openings have the same ids.

    A test that is run again reads the same.
    """
    first = api("POST", "exchanges", {})["dispute_id"]
    api("POST", "reset")
    assert api("POST", "exchanges", {})["dispute_id"] == first


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"to": "nowhere"}, "to"),
        ({"to": 5}, "to"),
        ({"to": None}, "to"),
        ({"too": "baseline"}, "too"),
        ({"to": ""}, "to"),
    ],
)
def test_wrong_reset(api, opened, body, field):
    """A wrong reset names the field and changes nothing."""
    problem = api.problem("POST", "reset", body)
    assert problem["status"] in (400, 404)
    assert problem["field"] == field
    assert api("GET", "exchanges")["total"] == 1

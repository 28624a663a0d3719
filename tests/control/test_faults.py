"""Quotas and faults over the control API.  Source: docs/control-api.md, protocol page 6."""

import pytest

QUOTA = {"method": "tmall.exchange.get", "per": "day", "limit": 2}
COMPLETED_QUOTA = {**QUOTA, "sub_code": "accesscontrol.limited-by-api-access-count"}


def test_no_quota_limits_nothing(api):
    """A new sandbox has no quotas."""
    assert api("GET", "quotas") == []


def test_quotas_are_put_and_shown(api, call, opened):
    """Quotas hold at once; what is shown can be put again, and begins the count anew."""
    assert api("PUT", "quotas", [QUOTA]) == api("GET", "quotas") == [COMPLETED_QUOTA]
    codes = [
        call("tmall.exchange.get", dispute_id=opened, fields="status").get("code") for _ in range(3)
    ]
    assert codes == [None, None, 7]
    assert api("PUT", "quotas", api("GET", "quotas")) == [COMPLETED_QUOTA]
    assert "code" not in call("tmall.exchange.get", dispute_id=opened, fields="status")


def test_bans_fall_in_real_time_and_by_advancing(api, call, machine, opened):
    """The seconds of a ban fall as real time passes and as the sandbox's clock is advanced."""
    api("PUT", "quotas", [{"per": "day", "limit": 0}])

    def left():
        return call("taobao.time.get")["sub_msg"]

    assert left() == "This ban will last for 50400 more seconds"
    machine.pass_by(seconds=10)
    assert left() == "This ban will last for 50390 more seconds"
    api("POST", "clock/advance", {"by": "1h"})
    assert left() == "This ban will last for 46790 more seconds"


def test_quotas_of_the_world_document_come_back(make_api):
    """A reset brings back the quotas that the sandbox was made with."""
    api = make_api(quotas=[QUOTA])
    api("PUT", "quotas", [])
    assert api("GET", "quotas") == []
    api("POST", "reset")
    assert api("GET", "quotas") == [COMPLETED_QUOTA]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([{"per": "week", "limit": 1}], "quotas[0].per"),
        ([QUOTA, {"per": "day", "limit": -5}], "quotas[1].limit"),
        ([{**QUOTA, "metod": "x"}], "[0].metod"),
        ({}, "body"),
        (None, "body"),
        ("x", "body"),
        ([1], "[0]"),
        ([QUOTA] * 101, "quotas"),
    ],
)
def test_wrong_quotas_change_nothing(api, body, field):
    """A wrong quota is a 400 that names the place; those that were set stay."""
    api("PUT", "quotas", [QUOTA])
    problem = api.problem("PUT", "quotas", body)
    assert (problem["status"], problem["field"]) == (400, field)
    assert api("GET", "quotas") == [COMPLETED_QUOTA]


@pytest.mark.parametrize("key", ["method", "app_key"])
def test_a_quota_of_a_name_that_this_sandbox_has_not(api, key):
    """A method or app that the sandbox could have is a 404; the quotas that were set stay."""
    api("PUT", "quotas", [QUOTA])
    problem = api.problem("PUT", "quotas", [{**QUOTA, key: "tmall.exchange.gett"}])
    assert (problem["status"], problem["field"]) == (404, f"quotas[0].{key}")
    assert api("GET", "quotas") == [COMPLETED_QUOTA]


def test_a_stubbed_method_can_have_a_quota(api, call):
    """A method that the mock only knows by its stub is limited like any other."""
    assert (
        api.problem("PUT", "quotas", [{**QUOTA, "method": "taobao.subusers.get"}])["status"] == 404
    )
    api("PUT", "stubs/taobao.subusers.get", {"reply": {"ok": True}})
    api("PUT", "quotas", [{"method": "taobao.subusers.get", "per": "second", "limit": 1}])
    assert [call("taobao.subusers.get").get("code") for _ in range(2)] == [None, 7]


# faults

GET = "tmall.exchange.get"


def test_names_tell_all_that_can_be_planned(api):
    """Every fault with words in both languages, evidence, calls and options.

    Every set with its faults.
    """
    reply = api("GET", "/_sandbox/faults/names")
    lost = next(fault for fault in reply["faults"] if fault["name"] == "reply_lost")
    assert lost["options"][0]["among"] == ["reset", "hang", "isp.remote-service-timeout"]
    assert {"name", "zh", "en", "effect", "evidence", "calls", "options"} == set(lost)
    assert next(fault for fault in reply["faults"] if fault["name"] == "late_rows")["options"] == [
        {
            "name": "by",
            "default": "30s",
            "least": 1,
            "most": 86400,
            "zh": "晚多久",
            "en": "how late",
        }
    ]
    assert {fault["name"]: fault["zh"].partition("：")[0] for fault in reply["sets"]} == {
        "bad_day": "坏日子",
        "double_eleven": "双十一",
    }
    assert all(fault["faults"] for fault in reply["sets"])


def test_a_fault_is_planned_shown_and_struck(api, call, opened):
    """A planned fault is listed with its counts, strikes, and names itself in the journal."""
    planned = api("POST", "faults", {"fault": "platform_error", "method": GET, "code": 10}, 201)
    assert planned == {
        "id": "f1",
        "fault": "platform_error",
        "method": GET,
        "after": 0,
        "times": 1,
        "probability": 1,
        "code": 10,
        "sub_code": "",
        "msg": "",
        "sub_msg": "",
        "met": 0,
        "hits": 0,
        "left": 1,
    }
    assert call(GET, dispute_id=opened, fields="status")["code"] == 10
    assert api("GET", "faults") == {
        "total": 1,
        "items": [{**planned, "met": 1, "hits": 1, "left": 0}],
    }
    [entry] = api("GET", "requests?fault=platform_error")["items"]
    assert entry["fault"] == {
        "id": "f1",
        "name": "platform_error",
        "effect": "code=10",
        "lost": False,
    }
    assert "result" in call(GET, dispute_id=opened, fields="status")
    assert api("GET", "requests?limit=1")["items"][0]["fault"] is None
    assert api("GET", "requests?fault=reset")["total"] == 0


def test_a_set_is_planned(api):
    """A set gives the list of its faults."""
    planned = api(
        "POST", "faults", {"set": "double_eleven", "method": "tmall.exchange.receive.get"}, 201
    )
    assert planned["total"] == len(planned["items"]) == api("GET", "faults")["total"] > 4
    assert [fault["fault"] for fault in planned["items"]][:1] == ["limited"]


def test_a_fault_is_changed_and_dropped(api, call):
    """PATCH lays keys over a fault and keeps its counts; DELETE drops one, or all."""
    api("POST", "faults", {"fault": "platform_error"})
    call("taobao.time.get")
    assert api("PATCH", "faults/f1", {"times": None, "after": 3})["left"] is None
    assert api("PATCH", "faults/f1", {"times": 5})["hits"] == 1
    for _ in range(2):
        api("POST", "faults", {"fault": "reset"})
    assert api.ask("DELETE", "faults/f2").status == 204
    assert [fault["id"] for fault in api("GET", "faults")["items"]] == ["f1", "f3"]
    assert api.ask("DELETE", "faults").status == 204
    assert api("GET", "faults") == {"total": 0, "items": []}


@pytest.mark.parametrize(("verb", "body"), [("PATCH", {"times": 2}), ("DELETE", None)])
def test_an_unknown_fault_is_404(api, verb, body):
    """A fault that is not planned is a 404 that lists those that are."""
    api("POST", "faults", {"fault": "reset"})
    problem = api.problem(verb, "faults/f7", body)
    assert (problem["status"], problem["field"]) == (404, "fault_id")
    assert "f1" in problem["title"] and "f1" in problem["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "fault"),
        (None, "fault"),
        ([], "fault"),
        ("reset", "fault"),
        ({"fault": "replylost"}, "fault"),
        ({"fault": "reset", "time": 1}, "time"),
        ({"set": "x"}, "set"),
        ({"fault": "reset", "times": 0}, "times"),
    ],
)
def test_a_wrong_fault_plans_nothing(api, body, field):
    """A fault that cannot be is a 400 that names the key, and nothing is planned."""
    problem = api.problem("POST", "faults", body)
    assert (problem["status"], problem["field"]) == (400, field)
    assert api("GET", "faults")["total"] == 0


@pytest.mark.parametrize("key", ["method", "session"])
def test_a_fault_for_a_name_that_this_sandbox_has_not(api, key):
    """A method or session that the sandbox could have is a 404, and nothing is planned."""
    problem = api.problem("POST", "faults", {"fault": "reset", key: "x"})
    assert (problem["status"], problem["field"]) == (404, key)
    assert api("GET", "faults")["total"] == 0


def test_the_kind_of_a_planned_fault_stays(api):
    """Another kind is a 409 that says which it is; the fault is as it was."""
    api("POST", "faults", {"fault": "reset"})
    before = api("GET", "faults")
    problem = api.problem("PATCH", "faults/f1", {"fault": "garbled"})
    assert (problem["status"], problem["field"]) == (409, "fault")
    assert "reset" in problem["detail"]
    assert api("GET", "faults") == before


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"times": 0}, "times"),
        ({"set": "bad_day"}, "set"),
        ([], "body"),
        (None, "body"),
        ({"bytes": "1"}, "bytes"),
    ],
)
def test_a_wrong_change_changes_nothing(api, body, field):
    """A change that cannot be is a 400, and the fault is what it was."""
    planned = api("POST", "faults", {"fault": "reset"})
    problem = api.problem("PATCH", "faults/f1", body)
    assert (problem["status"], problem["field"]) == (400, field)
    assert api("GET", "faults")["items"] == [planned]


def test_reset_brings_back_the_faults_as_made(make_api, call):
    """Reset to baseline plans what the document had, unused; a snapshot brings back its own."""
    api = make_api(faults=[{"fault": "platform_error"}])
    api("POST", "faults", {"fault": "reset"})
    api("PUT", "snapshots/two")
    api("DELETE", "faults", status=204)
    api("POST", "reset")
    assert [(fault["fault"], fault["hits"]) for fault in api("GET", "faults")["items"]] == [
        ("platform_error", 0)
    ]
    api("POST", "reset", {"to": "two"})
    assert [fault["fault"] for fault in api("GET", "faults")["items"]] == [
        "platform_error",
        "reset",
    ]


def test_a_wrong_fault_of_a_document_is_named(api):
    """A sandbox whose document has a wrong fault is not made."""
    problem = api.problem(
        "POST", "/_sandbox/sandboxes", {"faults": [{"fault": "reset"}, {"fault": "hang"}]}
    )
    assert (problem["status"], problem["field"]) == (400, "faults[1].fault")
    assert api("GET", "/_sandbox/sandboxes")["total"] == 1


def test_a_fault_stays_in_its_sandbox(api, call):
    """What one sandbox plans strikes no other's calls."""
    other = api("POST", "/_sandbox/sandboxes", {})
    api("POST", "faults", {"fault": "platform_error", "times": None})
    assert call("taobao.time.get")["code"] == 15
    assert "time" in call("taobao.time.get", other)

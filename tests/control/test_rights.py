"""Rules, rights of apps and sessions, expiry.

Sources: docs/control-api.md, rules.md (Platform errors), top-protocol.md 4.
"""

import pytest

from tests.oracle import DEADLINE_TEXTS, OPEN_STATUSES


def test_rules_shown(api):
    """All switches are shown, durations as text."""
    rules = api("GET", "rules")
    assert {status: rules[f"deadline.{status}"] for status in OPEN_STATUSES} == DEADLINE_TEXTS
    assert rules["fields_required"] is True
    assert (rules["modify_to"], rules["strict_logistics"], rules["text.14"]) == (1, False, "请退款")
    assert rules["msg_code.not_exist"] == "DISPUTE_NOT_EXIST"


def test_rules_patched(api, opened):
    """A patched deadline counts at once, for exchanges that wait already."""
    patched = api("PATCH", "rules", {"deadline.1": "3d12h", "text.1": "待处理"})
    assert (patched["deadline.1"], patched["text.1"]) == ("3d12h", "待处理")
    exchange = api("GET", f"exchanges/{opened}")
    assert (exchange["deadline"], exchange["status_text"]) == ("2026-03-04 22:00:00", "待处理")


def test_a_patched_code_is_on_the_wire(api, call):
    """A patched failure code is what a caller meets."""
    api("PATCH", "rules", {"msg_code.not_exist": "ORDER_GONE"})
    assert (
        call("tmall.exchange.get", dispute_id=1, fields="status")["result"]["msg_code"]
        == "ORDER_GONE"
    )


def test_fields_required(api, call, opened):
    """A missing `fields` is 40, unless the switch accepts it."""
    assert call("tmall.exchange.get", dispute_id=opened)["code"] == 40
    api("PATCH", "rules", {"fields_required": False})
    assert call("tmall.exchange.get", dispute_id=opened)["result"]["success"] is True


@pytest.mark.parametrize(
    "patch",
    [
        {"deadline.2": "soon"},
        {"deadline.2": 7},
        {"deadline.2": ""},
        {"deadline.2": "-1d"},
        {"deadline.99": "1d"},
        {"nothing": 1},
        {"fields_required": "yes"},
        {"fields_required": 1},
        {"modify_to": 2},
        {"modify_to": "1"},
        {"text.14": ""},
        {"text.14": None},
        {"msg_code.no_stock": 5},
        {"page_size_max": 0},
        {"page_size_max": True},
        {"strict_logistics": None},
    ],
)
def test_wrong_rule(api, patch):
    """A wrong rule is named, and nothing of the patch counts."""
    before = api("GET", "rules")
    problem = api.problem("PATCH", "rules", {"deadline.1": "5d", **patch})
    assert problem["status"] == 400
    assert problem["field"] in patch
    assert api("GET", "rules") == before


def test_app_rights(api, call):
    """An app without the package meets 11 with the documented sub_code; null gives all back."""
    key = api("GET", "")["app_key"]
    patched = api("PATCH", f"apps/{key}", {"methods": ["taobao.time.get", "tmall.exchange.get"]})
    assert patched == {"app_key": key, "methods": ["taobao.time.get", "tmall.exchange.get"]}
    refused = call("tmall.exchange.receive.get", fields="dispute_id")
    assert (refused["code"], refused["sub_code"]) == (11, "isv.permission-api-package-limit")
    assert "time" in call("taobao.time.get")
    assert api("PATCH", f"apps/{key}", {"methods": None})["methods"] is None
    assert call("tmall.exchange.receive.get", fields="dispute_id")["total_results"] == 0


def test_sub_account_rights(api, call, opened):
    """A sub-account without the right meets 12, while the main account may."""
    api("PATCH", "sessions/sub", {"methods": ["tmall.exchange.get"]})
    sub = api("GET", "")["sub_session"]
    assert call("tmall.exchange.receive.get", session=sub, fields="dispute_id")["code"] == 12
    assert (
        call("tmall.exchange.get", session=sub, dispute_id=opened, fields="status")["result"][
            "success"
        ]
        is True
    )
    assert call("tmall.exchange.receive.get", fields="dispute_id")["total_results"] == 1


@pytest.mark.parametrize("name", ["main", "sub", "nick"])
def test_session_expires_now(api, call, name):
    """A session that expired now meets 27 with the platform's words, and only that one."""
    caller = api("GET", "")
    label = caller["shops"][0]["subs"][0]["nick"] if name == "nick" else name
    tokens = {
        "main": caller["session"],
        "sub": caller["sub_session"],
        "nick": caller["sub_session"],
    }
    other = caller["session"] if name != "main" else caller["sub_session"]
    api("PATCH", f"sessions/{label}", {"expires": "now"})
    refused = call("tmall.exchange.receive.get", session=tokens[name], fields="dispute_id")
    assert (refused["code"], refused["msg"], refused["sub_code"]) == (
        27,
        "Invalid session:session-expired",
        "session-expired",
    )
    assert (
        call("tmall.exchange.receive.get", session=other, fields="dispute_id")["total_results"] == 0
    )


@pytest.mark.parametrize(
    ("expires", "text"),
    [("2h", "2026-03-01 12:00:00"), ("2026-03-01 12:00:00", "2026-03-01 12:00:00")],
)
def test_session_expires_by_the_sandbox_clock(api, call, expires, text):
    """A session lives until its instant on the sandbox's clock, and not at it."""
    assert api("PATCH", "sessions/main", {"expires": expires})["expires"] == text
    api("POST", "clock/advance", {"by": "1h59m59s"})
    assert "code" not in call("tmall.exchange.receive.get", fields="dispute_id")
    api("POST", "clock/advance", {"by": "1s"})
    assert call("tmall.exchange.receive.get", fields="dispute_id")["code"] == 27


def test_session_lives_again(api, call):
    """`null` takes the expiry away."""
    api("PATCH", "sessions/main", {"expires": "now"})
    assert api("PATCH", "sessions/main", {"expires": None})["expires"] is None
    assert "code" not in call("tmall.exchange.receive.get", fields="dispute_id")


def test_patches_keep_what_they_do_not_name(api):
    """A patch of the rights leaves the expiry, and the other way round."""
    api("PATCH", "sessions/sub", {"expires": "1d"})
    both = api("PATCH", "sessions/sub", {"methods": ["taobao.time.get"]})
    again = api("PATCH", "sessions/sub", {})
    assert both == again
    assert (both["expires"], both["methods"]) == ("2026-03-02 10:00:00", ["taobao.time.get"])


def test_no_token_is_shown(api):
    """The reply names a session by its label, not by its token."""
    caller = api("GET", "")
    text = api.ask("PATCH", "sessions/main", {"expires": "1d"}).text
    assert caller["session"] not in text
    assert caller["app_secret"] not in api.ask("PATCH", f"apps/{caller['app_key']}", {}).text


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        ("apps/1", {"methods": []}, 404, "app_key"),
        ("apps/1023456789", {"methods": "all"}, 400, "methods"),
        ("apps/1023456789", {"methods": ["no.such.method"]}, 404, "methods"),
        ("apps/1023456789", {"method": []}, 400, "method"),
        ("apps/1023456789", {"methods": [1]}, 400, "methods[0]"),
        ("sessions/nobody", {"expires": "now"}, 404, "label"),
        ("sessions/main", {"expires": "soon"}, 400, "expires"),
        ("sessions/main", {"expires": 5}, 400, "expires"),
        ("sessions/main", {"expire": "now"}, 400, "expire"),
        ("sessions/main", {"methods": {}}, 400, "methods"),
        ("sessions/main", {"expires": ""}, 400, "expires"),
        ("sessions/main", {"expires": "99999999d"}, 400, "expires"),
    ],
)
def test_wrong_rights(api, call, path, body, status, field):
    """A wrong patch of rights names its field and changes nothing."""
    problem = api.problem("PATCH", path, body)
    assert (problem["status"], problem["field"]) == (status, field)
    assert call("tmall.exchange.receive.get", fields="dispute_id")["total_results"] == 0

"""Named tokens at the control API's door: what each reaches, on every route."""

import json
import re
from datetime import timedelta

import pytest

from mockserver.control.routes import ROUTES

GENERAL = {
    "/_sandbox/openapi.json",
    "/_sandbox/faults/names",
    "/_sandbox/robots/names",
    "/_sandbox/stories",
}
OPEN = {"/_sandbox/health", "/_sandbox/ready", "/_sandbox/version"}
BODIES = ({}, {"by": "1d"}, {"available": 0}, {"deadline.2": "1d"}, {"to": "baseline"}, [])


def fill(path: str, sandbox: str) -> str:
    """The path with its arguments: this sandbox, `x` for others."""
    return re.sub(r"{(\w+)}", lambda name: sandbox if name[1] == "id" else "x", path)


def make_token(api, name: str, **fields: str) -> str:
    """The secret of a new token."""
    return api("POST", "/_sandbox/tokens", {"name": name, **fields}, 201)["token"]


@pytest.fixture
def team(api):
    """An app with the sandboxes `default`, `one` and `two`, an exchange in each."""
    for name in ("one", "two"):
        api("POST", "/_sandbox/sandboxes", {"name": name, "clock": "2026-03-01 10:00:00"})
    for name in ("default", "one", "two"):
        api("POST", f"/_sandbox/sandboxes/{name}/exchanges", {})
    return api


def picture(api, *sandboxes: str) -> str:
    """All that the owner sees of these sandboxes, and of the tokens without their last use."""
    texts = []
    for name in sandboxes:
        path = f"/_sandbox/sandboxes/{name}"
        snapshots = api("GET", f"{path}/snapshots")["items"]
        api("PUT", f"{path}/snapshots/picture")
        texts.append(json.dumps([snapshots, api("GET", f"{path}/snapshots/picture")]))
        api("DELETE", f"{path}/snapshots/picture")
        texts += [
            json.dumps(api("GET", f"{path}/{part}"))
            for part in ("rules", "faults", "quotas", "robots", "requests", "coverage", "stock")
        ]
    tokens = api("GET", "/_sandbox/tokens")["items"]
    texts.append(json.dumps([{**token, "used": None} for token in tokens]))
    texts.append(json.dumps([item["id"] for item in api("GET", "/_sandbox/sandboxes")["items"]]))
    return "\n".join(texts)


def test_read_tokens_change_nothing_on_any_route(team):
    """Every verb but GET is refused, and no route changes anything, whatever its body."""
    token = make_token(team, "dashboard", scope="read")
    before = picture(team, "default", "one", "two")
    answered = 0
    for route in ROUTES:
        for body in BODIES:
            answer = team.ask(route.verb, fill(route.path, "one"), body, token=token)
            if route.verb != "GET" or route.path == "/_sandbox/tokens":
                assert answer.status == 403, (route.verb, route.path, answer.text)
            else:
                assert answer.status in (200, 400, 404, 409), (route.path, answer.text)
                answered += answer.status == 200
    assert answered > 60
    assert picture(team, "default", "one", "two") == before


@pytest.mark.parametrize("scope", ["sandbox", "read"])
def test_tokens_of_a_sandbox_reach_no_other(team, scope):
    """Outside its sandbox only what the product knows answers; other sandboxes stay as they are."""
    token = make_token(team, "pipeline", scope=scope, sandbox="one")
    before = picture(team, "default", "two")
    for route in ROUTES:
        path = fill(route.path, "two")
        for body in BODIES:
            status = team.ask(route.verb, path, body, token=token).status
            assert status == (200 if route.path in GENERAL | OPEN else 403), (route.verb, path)
    for path in ("One", "one ", "ONE", "one%00", "two/../one", "%2e/one"):
        assert team.ask("GET", f"/_sandbox/sandboxes/{path}", token=token).status in (403, 404)
    assert picture(team, "default", "two") == before


def test_a_sandbox_token_does_everything_in_its_own(team):
    """No route of its sandbox is refused for the token, dropping it included."""
    token = make_token(team, "pipeline", scope="sandbox", sandbox="one")
    routes = [route for route in ROUTES if "{id}" in route.path]
    assert len(routes) > 40
    last = ("DELETE", "/_sandbox/sandboxes/{id}")
    for route in sorted(routes, key=lambda route: (route.verb, route.path) == last):
        status = team.ask(route.verb, fill(route.path, "one"), {}, token=token).status
        assert status not in (401, 403), (route.verb, route.path)
    assert team.ask("GET", "/_sandbox/sandboxes/one").status == 404


def test_tokens_go_with_their_sandbox(team):
    """A new sandbox of the same name is not open to the old one's token."""
    token = make_token(team, "pipeline", scope="sandbox", sandbox="one")
    team("DELETE", "/_sandbox/sandboxes/one")
    team("POST", "/_sandbox/sandboxes", {"name": "one"})
    assert team.ask("GET", "/_sandbox/sandboxes/one", token=token).status == 401
    assert team("GET", "/_sandbox/tokens")["items"] == []


def test_a_token_for_all_opens_all_but_tokens(team):
    """It makes and drops sandboxes, and cannot make, list or revoke tokens."""
    token = make_token(team, "colleague", scope="all")
    assert team.ask("POST", "/_sandbox/sandboxes", {"name": "x"}, token=token).status == 201
    assert team.ask("DELETE", "/_sandbox/sandboxes/x", token=token).status == 204
    for verb, path in (("GET", ""), ("POST", ""), ("DELETE", ""), ("DELETE", "/colleague")):
        answer = team.ask(verb, f"/_sandbox/tokens{path}", {}, token=token)
        assert answer.status == 403, verb
        assert "own token" in answer.json["detail"]


def test_a_reader_sees_no_secret(team):
    """App secrets and sessions of all sandboxes are masked in every reply to a read token."""
    token = make_token(team, "dashboard", scope="read")
    items = team("GET", "/_sandbox/sandboxes")["items"]
    secrets = {item[name] for item in items for name in ("app_secret", "session", "sub_session")}
    assert len(secrets) >= 7
    for route in ROUTES:
        if route.verb == "GET":
            for name in ("default", "one", "two"):
                text = team.ask("GET", fill(route.path, name), token=token).text
                assert not [secret for secret in secrets if secret in text], route.path
    document = team.ask("GET", "/_sandbox/sandboxes/one", token=token).json
    assert (document["id"], document["app_secret"], document["session"]) == ("one", "***", "***")


def test_short_sessions_are_masked_too(make_api):
    """A session of three characters, which no text is searched for, is hidden by its name."""
    api = make_api(apps=[{"app_key": "k", "app_secret": "abc"}], shops=[{"session": "xyz"}])
    document = api.ask("GET", "", token=make_token(api, "reader", scope="read")).json
    assert (document["app_secret"], document["session"]) == ("***", "***")
    assert "xyz" not in json.dumps(document)


def test_the_secret_is_shown_once(team):
    """The reply to POST has it, no list and no problem has it again."""
    made = team("POST", "/_sandbox/tokens", {"name": "one", "scope": "read"}, 201)
    assert re.fullmatch(r"[\w-]{43}", made["token"])
    assert made["used"] is None
    listed = team.ask("GET", "/_sandbox/tokens").text
    again = team.ask("POST", "/_sandbox/tokens", {"name": "one", "scope": "read"})
    assert again.status == 409
    assert made["token"] not in listed + again.text
    team.ask("GET", "", token=made["token"])
    [item] = team("GET", "/_sandbox/tokens")["items"]
    assert item["used"] == "2026-05-06 07:08:09"


def test_a_revoked_token_opens_nothing(team):
    """After DELETE, of one or of all, the token is as unknown as any other text."""
    one, two = (make_token(team, name, scope="read") for name in ("one", "two"))
    team("DELETE", "/_sandbox/tokens/one")
    assert [team.ask("GET", "", token=token).status for token in (one, two)] == [401, 200]
    assert team.ask("DELETE", "/_sandbox/tokens/one").status == 404
    team("DELETE", "/_sandbox/tokens")
    assert team.ask("GET", "", token=two).status == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x"}, "scope"),
        ({"name": "x", "scope": "write"}, "scope"),
        ({"name": "x", "scope": "sandbox"}, "sandbox"),
        ({"name": "x", "scope": "sandbox", "sandbox": "nowhere"}, "sandbox"),
        ({"name": "x", "scope": "all", "sandbox": "one"}, "sandbox"),
        ({"name": "", "scope": "read"}, "name"),
        ({"name": "a/b", "scope": "read"}, "name"),
        ({"name": "令牌", "scope": "read"}, "name"),
        ({"name": "x" * 65, "scope": "read"}, "name"),
        ({"name": "x", "scope": "read", "colour": "red"}, "colour"),
    ],
)
def test_tokens_that_cannot_be(team, body, field):
    """Each wrong body is a 400 that names its field, and makes no token."""
    problem = team.problem("POST", "/_sandbox/tokens", body)
    assert (problem["status"], problem["field"]) == (400, field)
    assert team("GET", "/_sandbox/tokens")["total"] == 0


def test_tokens_go_with_a_sandbox_that_expires(team, machine):
    """An expired sandbox's token opens nothing, also when its name is taken again."""
    team.directory.uses.expire_after = timedelta(days=1)
    token = make_token(team, "pipeline", scope="sandbox", sandbox="one")
    machine.pass_by(days=2)
    [item] = team("GET", "/_sandbox/sandboxes")["items"]
    assert (item["id"], item["size"]["exchanges"], item["expires"]) == ("default", 1, None)
    team("POST", "/_sandbox/sandboxes", {"name": "one"})
    assert team.ask("GET", "/_sandbox/sandboxes/one", token=token).status == 401
    listed = team("GET", "/_sandbox/sandboxes")["items"][1]
    assert listed["last_used"] == "2026-05-08 07:08:09"
    assert listed["expires"] == "2026-05-09 07:08:09"

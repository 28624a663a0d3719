"""The control API's door: token, Host, JSON bodies, problems.

Sources: docs/control-api.md, issue (Bad input).
"""

import re

import pytest

from mockserver.control.routes import ROUTES

OPEN = ("/_sandbox/health", "/_sandbox/ready", "/_sandbox/version")


def every_route():
    """Return verb and path of every control route, its arguments filled in."""
    return sorted(
        (
            route.verb,
            re.sub(r"{(\w+)}", lambda name: "default" if name[1] == "id" else "x", route.path),
        )
        for route in ROUTES
    )


def test_every_route_but_three_needs_the_token(api):
    """Without the right token every route but health, ready and version answers 401."""
    served = every_route()
    guarded = [route for route in served if route[1] not in OPEN]
    assert len(served) - len(guarded) == 3
    for verb, path in guarded:
        for token in (None, "", "wrong", "a-token-for-test", "a-token-for-tests "[:-1] + "x"):
            answer = api.ask(verb, path, {}, token=token)
            assert (answer.status, answer.kind) == (401, "application/problem+json"), (
                verb,
                path,
                token,
            )
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_refused_token_tells_nothing(api, opened):
    """A refusal for a missing token shows neither the token nor whether the thing exists."""
    texts = {
        api.ask("GET", path, token=None).text
        for path in (
            "",
            f"exchanges/{opened}",
            "exchanges/1",
            "snapshots/x",
            "/_sandbox/sandboxes/nowhere",
        )
    }
    assert len(texts) == 1
    (text,) = texts
    assert "a-token-for-tests" not in text and opened not in text


def test_a_refused_call_changes_nothing(api, opened):
    """A move without the token does not happen."""
    api.ask("POST", f"exchanges/{opened}/moves", {"by": "seller", "move": "agree"}, token="wrong")
    assert api("GET", f"exchanges/{opened}")["status"] == 1


@pytest.mark.parametrize(
    "header", ["Basic YTpi", "a-token-for-tests", "Bearer", "Token a-token-for-tests", "令牌"]
)
def test_other_authorizations_are_refused(api, header):
    """Only `Bearer TOKEN` opens the door."""
    assert api.ask("GET", "", token=None, Authorization=header).status == 401


@pytest.mark.parametrize("path", OPEN)
def test_open_routes(api, path):
    """Health, ready and version answer without a token."""
    answer = api.ask("GET", path, token=None)
    assert (answer.status, answer.kind) == (200, "application/json")


@pytest.mark.parametrize("path", OPEN)
@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8420",
        "LOCALHOST",
        "127.0.0.1",
        "127.0.0.1:8420",
        "[::1]",
        "[::1]:8420",
        "192.168.1.7:80",
    ],
)
def test_open_routes_accept_local_hosts(api, path, host):
    """Loopback and IP literals may stand in Host without a token."""
    assert api.ask("GET", path, token=None, host=host).status == 200


FOREIGN = [
    "evil.example",
    "evil.example:8420",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "gw.api.taobao.com",
]


@pytest.mark.parametrize("host", FOREIGN)
def test_open_routes_refuse_foreign_hosts(api, host):
    """A foreign name in Host is refused without a token.

    No page of another site reads this server.
    """
    answer = api.ask("GET", "/_sandbox/version", token=None, host=host)
    assert (answer.status, answer.json["field"]) == (403, "Host")


@pytest.mark.parametrize("path", ["/_sandbox/health", "/_sandbox/ready"])
@pytest.mark.parametrize("host", [*FOREIGN, "mock.default.svc.cluster.local:8420"])
def test_probes_answer_under_any_host(api, path, host):
    """Health and readiness answer under names of compose and Kubernetes, and show nothing else."""
    assert api.ask("GET", path, token=None, host=host).status == 200


def test_any_host_allowed(make_api):
    """With `*` allowed, open routes answer under any Host."""
    api = make_api(hosts=("*",))
    assert api.ask("GET", "/_sandbox/version", token=None, host="evil.example").status == 200


def test_allowed_host(make_api):
    """A name given as an allowed host may stand in Host without a token."""
    api = make_api(hosts=("mock.local",))
    assert api.ask("GET", "/_sandbox/health", token=None, host="mock.local:8420").status == 200
    assert api.ask("GET", "/_sandbox/version", token=None, host="evil.example").status == 403


@pytest.mark.parametrize("path", [*OPEN, "", "clock"])
def test_the_token_passes_under_any_host(api, path):
    """With a valid token any Host is served."""
    assert api.ask("GET", path, host="evil.example").status == 200


def test_a_foreign_host_without_token_learns_nothing(api):
    """A guarded route under a foreign Host is refused too."""
    assert api.ask("GET", "", token=None, host="evil.example").status in (401, 403)


def test_no_cors_anywhere(api):
    """No reply of any route carries a CORS header, whatever origin asks; a preflight is refused."""
    for verb, path in every_route():
        for token in (None, "a-token-for-tests"):
            answer = api.ask(verb, path, {}, token=token, Origin="http://evil.example")
            assert not [
                name for name, _ in answer.headers if name.lower().startswith("access-control")
            ], (verb, path)
        preflight = api.ask(
            "OPTIONS",
            path,
            token=None,
            Origin="http://evil.example",
            **{"Access-Control-Request-Method": verb},
        )
        assert preflight.status >= 400, path
        assert not [
            name for name, _ in preflight.headers if name.lower().startswith("access-control")
        ], path


def test_no_route_breaks(api):
    """No route answers an odd or an empty body with an error of our own."""
    for verb, path in every_route():
        if path == "/_sandbox/sandboxes/default" and verb == "DELETE":
            continue
        for raw in (
            b"",
            b"{}",
            b"null",
            b"[]",
            b"1",
            b'"x"',
            b"{",
            b"\xff\xfe",
            b'{"a":{"b":[1e999]}}',
            b"[" * 20000,
        ):
            answer = api.ask(verb, path, raw=raw)
            assert answer.status < 500, (verb, path, raw[:20], answer.text)
            kinds = (
                "text/yaml" if path.endswith(".yaml") else "application/json",
                "application/problem+json",
            )
            assert answer.kind in kinds or answer.status == 204
    assert api.faults == []


@pytest.mark.parametrize("raw", [b"{", b"not json", b'{"a":1,}', b"\xff", b"{}x", b"[" * 100_000])
@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/_sandbox/sandboxes"),
        ("POST", "reset"),
        ("POST", "clock"),
        ("POST", "clock/advance"),
        ("POST", "clock/age"),
        ("POST", "exchanges"),
        ("POST", "exchanges/1/moves"),
        ("PUT", "stock/wanted"),
        ("PATCH", "rules"),
        ("PATCH", "apps/1023456789"),
        ("PATCH", "sessions/main"),
        ("PUT", "stubs/a.b"),
        ("PUT", "snapshots/x"),
    ],
)
def test_bad_json(api, verb, path, raw):
    """A body that is not JSON is a 400 that names the body."""
    problem = api.problem(verb, path, raw=raw)
    assert (problem["status"], problem["field"]) == (400, "body")


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("POST", "/_sandbox/sandboxes"),
        ("POST", "reset"),
        ("POST", "clock"),
        ("POST", "clock/advance"),
        ("POST", "exchanges"),
        ("POST", "exchanges/1/moves"),
        ("PUT", "stock/wanted"),
        ("PATCH", "rules"),
        ("PATCH", "apps/1023456789"),
        ("PATCH", "sessions/main"),
        ("PUT", "stubs/a.b"),
        ("PUT", "snapshots/x"),
    ],
)
@pytest.mark.parametrize("body", [[], [1], "text", 1, True])
def test_a_body_that_is_no_object(api, verb, path, body):
    """A JSON value other than an object is a 400 that names a field."""
    problem = api.problem(verb, path, body)
    assert problem["status"] == 400
    assert problem["field"]


def test_a_bom_is_accepted(api):
    """A byte order mark before the JSON is skipped."""
    assert api.ask("POST", "exchanges", raw=b"\xef\xbb\xbf{}").status == 201


def test_a_huge_body_is_refused(api):
    """A body above the limit is refused as 413 and nothing is stored."""
    problem = api.problem("PUT", "snapshots/big", raw=b'"' + b"x" * (65 * 1024 * 1024) + b'"')
    assert problem["status"] == 413
    assert api("GET", "snapshots")["total"] == 0


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/nothing",
        "/_sandbox",
        "/_sandbox/",
        "/_sandbox/nothing",
        "/router",
        "/favicon.ico",
        "/_sandbox/sandboxes/default/nothing",
        "/_sandbox/sandboxes/default/clock/x/y",
        "/%00",
        "/..%2f",
    ],
)
@pytest.mark.parametrize("verb", ["GET", "POST", "DELETE"])
def test_unknown_path(api, verb, path):
    """An unknown address is a problem document, never a page."""
    assert api.problem(verb, path)["status"] in (404, 405)


@pytest.mark.parametrize(
    ("verb", "path", "allowed"),
    [
        ("DELETE", "/_sandbox/health", {"GET"}),
        ("PUT", "/_sandbox/sandboxes", {"GET", "POST"}),
        ("POST", "rules", {"GET", "PATCH"}),
        ("GET", "reset", {"POST"}),
        ("DELETE", "exchanges", {"GET", "POST"}),
        ("GET", "clock/advance", {"POST"}),
        ("PATCH", "stock/wanted", {"PUT"}),
        ("GET", "sessions/main", {"PATCH"}),
    ],
)
def test_wrong_verb(api, verb, path, allowed):
    """A wrong verb is a 405 that says which ones are allowed."""
    answer = api.ask(verb, path)
    assert (answer.status, answer.kind) == (405, "application/problem+json")
    assert {name.strip() for name in answer.headers["Allow"].split(",")} - {"HEAD"} == allowed


def test_unknown_sandbox(api):
    """Every route below an unknown sandbox is a 404 that names the id and lists what there is."""
    for verb, path in every_route():
        if path.startswith("/_sandbox/sandboxes/default"):
            body = {"by": "1d"} if "clock/" in path else {"available": 1} if "stock" in path else {}
            answer = api.ask(verb, path.replace("/default", "/nowhere"), body)
            if answer.status != 404:
                assert answer.json["field"] not in ("id", ""), (
                    verb,
                    path,
                )  # the body was read before
                continue
            assert answer.json["field"] == "id", (verb, path)
            assert "default" in answer.json["title"]


def test_replies_are_not_cached(api):
    """Replies say that they are not to be kept or sniffed."""
    answer = api.ask("GET", "")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers


def test_urls_follow_the_host(api):
    """A URL handed out has the Host that the request named."""
    assert (
        api.ask("GET", "", host="mock.internal:9000").json["gateway"]
        == "http://mock.internal:9000/router/rest"
    )


def test_public_url(make_api):
    """A public URL goes before the request's Host."""
    api = make_api(public_url="https://mock.example/tmall")
    assert (
        api.ask("GET", "", host="other:1").json["gateway"]
        == "https://mock.example/tmall/router/rest"
    )


def test_a_host_that_is_none(api):
    """A Host that cannot be one is not handed out."""
    page = api.ask("GET", "", host='x"/><script>').text
    assert "<script>" not in page

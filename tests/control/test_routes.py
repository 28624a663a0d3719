"""How a verb and a path find their route, and that calls in process and over HTTP give the same."""

import json
import re
from functools import partial

import pytest

from mockserver.client.control_client import Control, ControlRefused, LocalControl, local_control
from mockserver.control.routes import ROUTES, NoSuchRoute, resolve


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.verb} {route.path}")
def test_every_route_is_found_with_its_arguments(route):
    """A route's path with its arguments resolves to the route and gives the arguments back."""
    names = re.findall(r"{(\w+)}", route.path)
    path = re.sub(r"{(\w+)}", r"a \1", route.path)
    assert resolve(route.verb, path) == (route, {name: f"a {name}" for name in names})
    assert resolve(route.verb, f"{path}/") == resolve(route.verb, path)


def test_head_is_answered_as_get():
    """HEAD finds the route of GET."""
    assert resolve("HEAD", "/_sandbox/health") == resolve("GET", "/_sandbox/health")


@pytest.mark.parametrize(
    "path",
    [
        "/_sandbox",
        "/_sandbox/",
        "/_sandbox/nothing",
        "/_sandbox/sandboxes/a/clock/b",
        "/router/rest",
    ],
)
def test_an_unknown_path_is_404(path):
    """A path that no route has is refused as 404, without verbs."""
    with pytest.raises(NoSuchRoute) as refused:
        resolve("GET", path)
    assert (refused.value.status, refused.value.verbs) == (404, ())


def test_an_unknown_path_names_the_doors():
    """Who opens the root in a browser reads, in both languages, where the three doors are."""
    with pytest.raises(NoSuchRoute) as refused:
        resolve("GET", "/")
    for text in (refused.value.zh, refused.value.en):
        for door in ("/router/rest", "/_sandbox/openapi.json", "/console"):
            assert door in text


def test_a_wrong_verb_is_405():
    """A path whose routes have other verbs is refused as 405, with the verbs that it has."""
    with pytest.raises(NoSuchRoute) as refused:
        resolve("DELETE", "/_sandbox/sandboxes/a/exchanges")
    assert (refused.value.status, set(refused.value.verbs)) == (405, {"GET", "POST"})


@pytest.fixture
def both():
    """Two callers of one server with the sandbox `one`: in process, and over its WSGI app."""
    local: LocalControl = local_control()
    local("POST", "sandboxes", {"name": "one"})
    return local, Control(local.transport, local.token)


@pytest.mark.parametrize(
    ("verb", "path", "body", "query"),
    [
        ("GET", "nothing", None, {}),
        ("DELETE", "health", None, {}),
        ("GET", "sandboxes/nowhere", None, {}),
        ("GET", "sandboxes/one/clock", None, {"limit": "many"}),
        ("GET", "sandboxes/one/clock", None, {"colour": "red"}),
        ("POST", "sandboxes/one/clock/advance", {"by": "soon"}, {}),
        ("POST", "sandboxes/one/clock/advance", {"buy": "1d"}, {}),
        ("POST", "sandboxes/one/exchanges", [1], {}),
        ("POST", "sandboxes/one/exchanges/1/moves", {"by": "buyer", "move": "cancel"}, {}),
        ("POST", "sandboxes/one/exchanges", {"colour": 1}, {}),
        ("GET", "sandboxes/one/snapshots/a%2Fb", None, {}),
        ("PUT", "sandboxes/one/stock/%E7%BA%A2", {"available": 1}, {}),
        ("PATCH", "sandboxes/one/rules", {"deadline.2": "soon"}, {}),
        ("POST", "sandboxes/one/play", {"scenario": "x: ["}, {}),
    ],
)
def test_both_ways_refuse_with_the_same_problem(both, verb, path, body, query):
    """A refused call has the same problem document in process and over the WSGI app."""
    problems = []
    for control in both:
        with pytest.raises(ControlRefused) as refused:
            control(verb, path, body, **query)
        problems.append(refused.value.problem)
    assert problems[0] == problems[1]
    assert problems[0]["status"] >= 400


@pytest.mark.parametrize(
    "path",
    [
        "sandboxes",
        "sandboxes/one",
        "sandboxes/one/exchanges",
        "sandboxes/one/clock",
        "sandboxes/one/stock",
        "sandboxes/one/events",
        "sandboxes/one/rules",
        "sandboxes/one/quotas",
        "sandboxes/one/robots",
        "sandboxes/one/messages",
        "sandboxes/one/requests",
        "sandboxes/one/report",
        "sandboxes/one/coverage",
        "sandboxes/one/faults",
        "sandboxes/one/scenario",
        "sandboxes/one/snapshots/saved",
        "faults/names",
        "robots/names",
        "stories",
        "openapi.json",
        "version",
    ],
)
def test_both_ways_reply_with_the_same_values(both, path):
    """A reply is the same plain JSON in process and over the WSGI app."""
    local, _ = both
    opened = local("POST", "sandboxes/one/exchanges", {"status": 3})
    local(
        "POST",
        f"sandboxes/one/exchanges/{opened['dispute_id']}/moves",
        {"by": "seller", "move": "returngoods_agree"},
    )
    local("PUT", "sandboxes/one/quotas", [{"per": "day", "limit": 5}])
    local("POST", "sandboxes/one/faults", {"fault": "reply_lost"})
    local("PUT", "sandboxes/one/snapshots/saved")
    replies = [control("GET", path) for control in both]
    assert replies[0] == replies[1]
    assert json.loads(json.dumps(replies[0])) == replies[0]


def test_a_reply_is_the_callers_own(both):
    """What a caller in process does to a reply changes nothing in the sandbox."""
    ask = partial(both[0], "GET", "sandboxes/one/rules")
    reply = ask()
    before = dict(reply)
    reply.clear()
    assert ask() == before

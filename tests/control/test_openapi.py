"""The description of the control API: valid OpenAPI 3.1, and exactly the routes that are served."""

import re
from urllib.parse import quote

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from mockserver.control.routes import ROUTES


def described(document):
    return {(verb.upper(), path) for path, verbs in document["paths"].items() for verb in verbs}


def served():
    return {(route.verb, route.path) for route in ROUTES}


@pytest.mark.slow
def test_valid(api):
    """The document is valid OpenAPI 3.1."""
    document = api("GET", "/_sandbox/openapi.json")
    assert document["openapi"].startswith("3.1.")
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


def test_describes_exactly_what_is_served(api):
    """Every route served is described, and nothing else is."""
    assert described(api("GET", "/_sandbox/openapi.json")) == served()


def test_routes_of_the_contract(api):
    """Every route that the guide of the control API promises is described."""
    s = "/_sandbox/sandboxes/{id}"
    routes = {
        ("GET", "/_sandbox/health"),
        ("GET", "/_sandbox/ready"),
        ("GET", "/_sandbox/version"),
        ("GET", "/_sandbox/openapi.json"),
        ("GET", "/_sandbox/sandboxes"),
        ("POST", "/_sandbox/sandboxes"),
        ("GET", s),
        ("DELETE", s),
        ("POST", f"{s}/reset"),
        ("GET", f"{s}/clock"),
        ("POST", f"{s}/clock"),
        ("POST", f"{s}/clock/advance"),
        ("POST", f"{s}/clock/age"),
        ("GET", f"{s}/exchanges"),
        ("POST", f"{s}/exchanges"),
        ("GET", f"{s}/exchanges/{{dispute_id}}"),
        ("POST", f"{s}/exchanges/{{dispute_id}}/moves"),
        ("GET", f"{s}/stock"),
        ("PUT", f"{s}/stock/{{name}}"),
        ("GET", f"{s}/rules"),
        ("PATCH", f"{s}/rules"),
        ("PATCH", f"{s}/apps/{{app_key}}"),
        ("PATCH", f"{s}/sessions/{{label}}"),
        ("GET", "/_sandbox/requests"),
        ("GET", "/_sandbox/requests/{request_id}"),
        ("GET", f"{s}/requests"),
        ("DELETE", f"{s}/requests"),
        ("GET", f"{s}/events"),
        ("GET", f"{s}/quotas"),
        ("PUT", f"{s}/quotas"),
        ("GET", "/_sandbox/stories"),
        ("POST", f"{s}/play"),
        ("GET", f"{s}/scenario"),
        ("GET", f"{s}/faults"),
        ("POST", f"{s}/faults"),
        ("PATCH", f"{s}/faults/{{fault_id}}"),
        ("DELETE", f"{s}/faults/{{fault_id}}"),
        ("GET", "/_sandbox/faults/names"),
        *((verb, f"{s}/snapshots/{{name}}") for verb in ("GET", "PUT", "DELETE")),
        *((verb, f"{s}/stubs/{{method}}") for verb in ("GET", "PUT", "DELETE")),
    }
    assert routes <= described(api("GET", "/_sandbox/openapi.json"))


def test_open_routes_are_marked(api):
    """Exactly health, ready and version are described as needing no token."""
    document = api("GET", "/_sandbox/openapi.json")
    marked = {
        path
        for path, verbs in document["paths"].items()
        for operation in verbs.values()
        if operation.get("security") == []
    }
    assert marked == {"/_sandbox/health", "/_sandbox/ready", "/_sandbox/version"}
    assert document["security"]


def test_names_are_unique(api):
    """Every operation has its own id, and every path variable is declared."""
    document = api("GET", "/_sandbox/openapi.json")
    operations = [
        (path, operation)
        for path, verbs in document["paths"].items()
        for operation in verbs.values()
    ]
    assert len({operation["operationId"] for _, operation in operations}) == len(operations)
    for path, operation in operations:
        assert {p["name"] for p in operation["parameters"] if p["in"] == "path"} == set(
            re.findall(r"{(\w+)}", path)
        )


def test_server_is_the_one_asked(api):
    """The described server is the address that the request used."""
    document = api.ask("GET", "/_sandbox/openapi.json", host="mock.internal:9000").json
    assert document["servers"] == [{"url": "http://mock.internal:9000"}]


def test_every_reply_and_refusal_has_a_schema(api):
    """No reply is described as anything at all; each route names the refusals it knows."""
    document = api("GET", "/_sandbox/openapi.json")
    for path, verbs in document["paths"].items():
        for verb, operation in verbs.items():
            responses = operation["responses"]
            for status, response in responses.items():
                assert status == "204" or all(
                    content["schema"] for content in response["content"].values()
                ), (verb, path, status)
            assert {"400", "403", "default"} <= set(responses)
            assert ("401" in responses) == (operation.get("security") != [])
            assert ("404" in responses) >= ("{" in path)


@pytest.mark.parametrize(
    ("verb", "path", "place", "body"),
    [
        ("GET", "", "", None),
        ("GET", "clock", "/clock", None),
        ("GET", "exchanges", "/exchanges", None),
        ("POST", "exchanges", "/exchanges", {}),
        ("POST", "exchanges", "/exchanges", {"count": 2}),
        ("POST", "clock/advance", "/clock/advance", {"by": "3d"}),
        ("GET", "stock", "/stock", None),
        ("GET", "events", "/events", None),
        ("GET", "requests", "/requests", None),
        ("GET", "report", "/report", None),
        ("GET", "coverage", "/coverage", None),
        ("POST", "play", "/play", {"story": "classic/whole-exchange"}),
        ("POST", "faults", "/faults", {"fault": "latency"}),
    ],
)
def test_a_reply_is_as_described(api, verb, path, place, body):
    """A real reply is valid under the schema of its route."""
    document = api("GET", "/_sandbox/openapi.json")
    operation = document["paths"]["/_sandbox/sandboxes/{id}" + place][verb.lower()]
    [schema] = [
        response["content"]["application/json"]["schema"]
        for status, response in operation["responses"].items()
        if status.startswith("2")
    ]
    status = int(next(status for status in operation["responses"] if status.startswith("2")))
    reply = api(verb, path, body, status)
    Draft202012Validator({**schema, "components": document["components"]}).validate(reply)


def test_what_the_checks_refuse_the_schema_refuses(api):
    """Bounds and choices of bodies are described, not only types."""
    schemas = api("GET", "/_sandbox/openapi.json")["components"]["schemas"]
    for name, value in (
        ("StockBody", {"available": -1}),
        ("MoveBody", {"by": "nobody", "move": "agree"}),
        ("FaultBody", {"fault": "none_such"}),
        ("FaultBody", {"fault": "latency", "probability": 2}),
        ("ClockDocument", {"mode": "stopped"}),
        ("QuotaDocument", {"per": "week", "limit": 1}),
        ("StubBody", {"reply": []}),
        ("SpanBody", {}),
        ("SpanBody", {"by": "1d", "to": "next"}),
        ("SpanBody", {"by": "soon"}),
        ("SpanBody", {"to": "later"}),
        ("SpanBody", {"to": "deadline:x"}),
        ("FaultBody", {"fault": ""}),
        ("FaultBody", {"set": ""}),
        ("ClockDocument", {"mode": "frozen", "now": "2026-03-01"}),
        ("PlayBody", {"story": None}),
        ("FaultBody", {"fault": "latency", "set": "bad_day"}),
        ("FaultBody", {"fault": "latency", "after": -1}),
        ("FaultBody", {"fault": "latency", "times": 0}),
        ("FaultBody", {"fault": "latency", "times": 10**9 + 1}),
        ("FaultBody", {"fault": "latency", "dispute_id": "x"}),
        ("FaultBody", {"fault": "latency", "until": "soon"}),
        ("FaultBody", {"fault": "latency", "code": 7}),
        ("FaultBody", {"set": "bad_day", "seconds": 1}),
        ("MoveBody", {"by": "buyer", "move": "agree"}),
        ("MoveBody", {"by": "buyer", "move": "cancel", "sub": True}),
        ("MoveBody", {"by": "buyer", "move": "cancel", "num": 1}),
        ("RobotsDocument", {"applies": "59s"}),
        ("RobotsDocument", {"applies": "often"}),
        ("RobotsDocument", {"buyer": "nice"}),
        ("SnapshotDocument", {}),
        ("SnapshotDocument", {"version": 3}),
        ("WorldDocument", {"name": "none"}),
        ("WorldDocument", {"from": "a", "seed": 1}),
        ("WorldDocument", {"faults": [{"fault": "none_such"}]}),
        ("OpenDocument", {"status": 7}),
        ("OpenDocument", {"dispute_id": 0}),
        ("OpenDocument", {"created": "2026-02-30 10:00:00"}),
    ):
        assert not Draft202012Validator(
            {**schemas[name], "components": {"schemas": schemas}}
        ).is_valid(value)


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("FaultBody", "faults", {"fault": "latency", "until": "3d", "times": None}),
        ("FaultBody", "faults", {"set": "bad_day", "method": "tmall.exchange.*"}),
        ("RobotsDocument", "robots", {"applies": "60s", "buyer": "slow"}),
        ("WorldDocument", "/_sandbox/sandboxes", {"faults": [{"fault": "latency"}]}),
        ("OpenDocument", "exchanges", {"status": "待买家退货", "tid": "123", "price": "9.50"}),
        ("MoveBody", "exchanges/1/moves", {"by": "seller", "move": "agree", "sub": True}),
        ("MoveBody", "exchanges/1/moves", {"by": "cs", "move": "judge", "for": "refund"}),
        ("MoveBody", "exchanges/1/moves", {"by": "buyer", "move": "modify", "num": "2"}),
    ],
)
def test_what_is_taken_the_schema_allows(api, name, place, value):
    """Usual bodies fit their schemas; the routes take them, or miss the exchange that is named."""
    schemas = api("GET", "/_sandbox/openapi.json")["components"]["schemas"]
    Draft202012Validator({**schemas[name], "components": {"schemas": schemas}}).validate(value)
    verb = "PUT" if place == "robots" else "POST"
    assert api.ask(verb, place, value).status in (200, 201, 404)


@pytest.mark.parametrize(
    "route",
    [route for route in ROUTES if route.body],
    ids=lambda route: f"{route.verb} {route.path}",
)
@pytest.mark.parametrize("body", [b"null", b" null\n"])
def test_no_route_takes_null(api, route, body):
    """`null` is in no request schema, and no route takes it for an absent body."""
    path = re.sub(r"{id}", "default", re.sub(r"{(?!id)\w+}", "x1", route.path))
    answer = api.ask(route.verb, path, raw=body)
    assert answer.status == 400
    assert answer.json["field"] == "body" and "null" in answer.json["detail"]


@pytest.mark.parametrize(
    ("rules", "fits"),
    [
        ({}, True),
        ({"page_size_max": 1, "deadline.1": " 3d12h "}, True),
        ({"page_size_max": 10_000, "fields_required": False}, True),
        ({"page_size_max": 0}, False),
        ({"page_size_max": 10_001}, False),
        ({"page_size_max": True}, False),
        ({"page_size_max": "100"}, False),
        ({"fields_required": 1}, False),
        ({"modify_to": 2}, False),
        ({"modify_to": 3}, True),
        ({"personal_data": "hidden"}, False),
        ({"deadline.1": "soon"}, False),
        ({"deadline.1": ""}, False),
        ({"deadline.1": 5}, False),
        ({"text.1": ""}, False),
        ({"text.1": "待处理"}, True),
        ({"no_such_rule": 1}, False),
    ],
)
def test_rules_fit_the_schema_if_they_are_taken(api, rules, fits):
    """A change of rules is valid under the schema exactly if the route takes it."""
    operation = api("GET", "/_sandbox/openapi.json")["paths"]["/_sandbox/sandboxes/{id}/rules"]
    schema = operation["patch"]["requestBody"]["content"]["application/json"]["schema"]
    assert Draft202012Validator(schema).is_valid(rules) == fits
    api("PATCH", "rules", rules, 200 if fits else 400)


@pytest.mark.parametrize(
    ("place", "body", "fits"),
    [
        ("clock/advance", {"by": "1d"}, True),
        ("clock/advance", {"by": "1d", "to": None}, True),
        ("clock/age", {"by": "6d23h59m59s"}, True),
        ("clock/age", {"by": "1h1d"}, False),
        ("clock/advance", {"by": "\u0663d"}, False),
        ("clock/advance", {"by": None}, False),
        ("play", {}, False),
        ("play", {"story": "classic/whole-exchange", "scenario": None}, True),
        ("play", {"story": "classic/whole-exchange", "scenario": ""}, False),
    ],
)
def test_exactly_one_of_two(api, place, body, fits):
    """A body with none or both of two members is refused by the schema and by the route."""
    document = api("GET", "/_sandbox/openapi.json")
    operation = document["paths"]["/_sandbox/sandboxes/{id}/" + place]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    full = {**schema, "components": document["components"]}
    assert Draft202012Validator(full).is_valid(body) == fits
    api("POST", place, body, 200 if fits else 400)


@pytest.mark.parametrize("text", ["", "x", "-1", "\u0663", "1" * 20, "1 "])
def test_a_dispute_id_that_cannot_be(api, text):
    """The path's schema of an exchange's id takes digits only, at most 19."""
    paths = api("GET", "/_sandbox/openapi.json")["paths"]
    operation = paths["/_sandbox/sandboxes/{id}/exchanges/{dispute_id}"]["get"]
    [schema] = [item["schema"] for item in operation["parameters"] if item["name"] == "dispute_id"]
    assert not Draft202012Validator(schema).is_valid(text)
    assert Draft202012Validator(schema).is_valid("1" * 19)


@pytest.mark.parametrize(
    ("place", "text", "fits"),
    [
        ("events", 3, True),
        ("events", "2026-03-01 10:00:00", False),
        ("requests", "2026-03-01 10:00:00", True),
        ("requests", "2026-03-01", False),
        ("requests", "", False),
        ("requests.har", "3", False),
    ],
)
def test_since_is_what_the_route_reads(api, place, text, fits):
    """Events count from a number, requests from an instant: the schemas and the routes agree."""
    operation = api("GET", "/_sandbox/openapi.json")["paths"]["/_sandbox/sandboxes/{id}/" + place]
    [schema] = [
        item["schema"] for item in operation["get"]["parameters"] if item["name"] == "since"
    ]
    assert Draft202012Validator(schema).is_valid(text) == fits
    api("GET", f"{place}?since={quote(str(text))}", None, 200 if fits else 400)

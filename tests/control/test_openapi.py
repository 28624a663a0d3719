"""The description of the control API: valid OpenAPI 3.1, and exactly the routes that are served."""

import re

from openapi_spec_validator import OpenAPIV31SpecValidator

from mockserver.control.routes import ROUTES


def described(document):
    return {(verb.upper(), path) for path, verbs in document["paths"].items() for verb in verbs}


def served():
    return {(route.verb, route.path) for route in ROUTES}


def test_valid(api):
    """The document is valid OpenAPI 3.1."""
    document = api("GET", "/_sandbox/openapi.json")
    assert document["openapi"].startswith("3.1.")
    assert not list(OpenAPIV31SpecValidator(document).iter_errors())


def test_describes_exactly_what_is_served(api):
    """Every route served is described, and nothing else is."""
    assert described(api("GET", "/_sandbox/openapi.json")) == served()


def test_routes_of_the_contract(api):
    """Every route that interfaces.md promises for this step is described."""
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

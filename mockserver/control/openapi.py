"""The control API described as OpenAPI 3.1, derived from the route declarations."""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from ..version import __version__
from .route import Route

__all__ = ["describe"]

_PROBLEM = {
    "type": "object",
    "required": ["type", "status", "title", "detail"],
    "properties": {
        "type": {"type": "string"},
        "status": {"type": "integer"},
        "title": {"type": "string", "description": "中文说明"},
        "detail": {"type": "string", "description": "English"},
        "field": {"type": "string"},
        "status_now": {"type": "integer"},
        "possible": {"type": "object"},
        "legal_from": {"type": "array", "items": {"type": "integer"}},
        "way": {"type": ["array", "null"], "items": {"type": "object"}},
        "deadline": {"type": ["object", "null"]},
        "advice": {"type": "object"},
    },
}


def describe(routes: Sequence[Route], server: str) -> dict[str, Any]:
    """Return the document; request bodies refer to `components.schemas`."""
    shapes = list(dict.fromkeys(route.body for route in routes if route.body is not None))
    bodies, schemas = msgspec.json.schema_components(
        shapes, ref_template="#/components/schemas/{name}"
    )
    schema_of = dict(zip(shapes, bodies, strict=True))
    paths: dict[str, Any] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.verb.lower()] = _operation(
            route, schema_of.get(route.body)
        )
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "tmall-mockserver control API 控制接口",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": server}],
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": {**schemas, "Problem": _PROBLEM},
        },
    }


def _operation(route: Route, body: dict[str, Any] | None) -> dict[str, Any]:
    names = re.findall(r"{(\w+)}", route.path)
    words = (
        re.sub(r"[{}]", "", route.path.removeprefix("/_sandbox/"))
        .replace("/", "_")
        .replace(".", "_")
    )
    operation: dict[str, Any] = {
        "operationId": f"{route.verb.lower()}_{words}",
        "summary": route.en,
        "description": route.zh,
        "parameters": [
            *(
                {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
                for name in names
            ),
            *({"name": name, "in": "query", "schema": {"type": "string"}} for name in route.query),
        ],
        "responses": {
            str(route.status): {"description": "好 (fine)"}
            if route.status == 204
            else {
                "description": "好 (fine)",
                "content": {route.kind.partition(";")[0]: {"schema": {}}},
            },
            "default": {
                "description": "被拒绝 (refused)",
                "content": {
                    "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            },
        },
    }
    if route.open:
        operation["security"] = []
    if body is not None:
        operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
    return operation

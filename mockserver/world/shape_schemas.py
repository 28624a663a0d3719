"""JSON Schemas of frozen values, which are alike with every release of msgspec."""

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec

__all__ = ["describe_shapes"]

Schema = dict[str, Any]


def describe_shapes(
    shapes: Iterable[Any], ref_template: str
) -> tuple[tuple[Schema, ...], dict[str, Schema]]:
    """Return the schema of each shape, and those of the named parts to which they refer, by name.

    `ref_template` is how a reference is written, with `{name}` in it.  A description is the shape's
    docstring without the indentation that it has in the source: msgspec keeps it up to release
    0.22 and takes it away from 0.23 on.  Of alternatives null is the last; releases differ in that.

    Raises:
        TypeError: a shape is of a type that JSON Schema cannot describe.
    """
    schemas, parts = msgspec.json.schema_components(shapes, ref_template=ref_template)
    for part in parts.values():
        if "description" in part:
            part["description"] = inspect.cleandoc(part["description"])
    _put_null_last([*schemas, *parts.values()])
    return schemas, parts


def _put_null_last(schema: Any) -> None:
    """Order the alternatives below a schema, which nobody else has yet."""
    if isinstance(schema, list):
        for item in schema:
            _put_null_last(item)
    elif isinstance(schema, dict):
        if isinstance(schema.get("anyOf"), list):
            schema["anyOf"].sort(key=lambda alternative: alternative.get("type") == "null")
        for member in schema.values():
            _put_null_last(member)

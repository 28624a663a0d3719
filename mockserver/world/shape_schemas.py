"""JSON Schemas of frozen values, with descriptions that every release of msgspec writes alike."""

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
    0.22 and takes it away from 0.23 on.

    Raises:
        TypeError: a shape is of a type that JSON Schema cannot describe.
    """
    schemas, parts = msgspec.json.schema_components(shapes, ref_template=ref_template)
    for part in parts.values():
        if "description" in part:
            part["description"] = inspect.cleandoc(part["description"])
    return schemas, parts

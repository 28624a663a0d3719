"""Descriptions in JSON Schemas are the same whatever release of msgspec made them."""

from __future__ import annotations

import msgspec
import pytest

from mockserver.world.shape_schemas import describe_shapes


class Parcel(msgspec.Struct):
    """One parcel.

    Its number is the carrier's.
        Indented further.
    """

    number: str


class Holder(msgspec.Struct):
    parcel: Parcel | None


class Bare(msgspec.Struct):
    number: str


def test_a_description_has_no_indentation_of_its_source() -> None:
    """The lines of a docstring begin where its second paragraph begins."""
    (schema,), parts = describe_shapes([Parcel], "#/parts/{name}")

    assert schema == {"$ref": "#/parts/Parcel"}
    description = "One parcel.\n\nIts number is the carrier's.\n    Indented further."
    assert parts["Parcel"]["description"] == description


def test_null_is_the_last_alternative() -> None:
    """Releases of msgspec write it before or after a reference; here it is always the last."""
    _, parts = describe_shapes([Holder], "#/parts/{name}")

    assert parts["Holder"]["properties"]["parcel"]["anyOf"] == [
        {"$ref": "#/parts/Parcel"},
        {"type": "null"},
    ]


def test_a_shape_without_a_docstring_has_no_description() -> None:
    """Nothing is made up for it."""
    assert "description" not in describe_shapes([Bare], "{name}")[1]["Bare"]


def test_a_shape_that_no_schema_describes_is_refused() -> None:
    """A type that msgspec does not know is a TypeError."""
    with pytest.raises(TypeError):
        describe_shapes([complex], "{name}")

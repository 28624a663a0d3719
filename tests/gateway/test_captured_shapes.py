"""Replies of the real gateway that others left in public code, as shapes, against ours.

`data/captures.json` has of each capture its source, year, names in order and types; no value of it
is kept.  Two more that evidence-3.3 names (2017, 2021) are left out: a program between the gateway
and the file has changed their types (amounts as numbers, ids as texts, `None`).

Source: docs/spec/evidence-2026-11.md#evidence-3.
"""

import json
from pathlib import Path

import msgspec
import pytest

from mockserver.api.methods import METHODS
from tests.gateway.test_declared_types import arguments, make_type

__all__ = ["arguments"]  # the fixture

CAPTURES = json.loads((Path(__file__).parent / "data" / "captures.json").read_text("utf-8"))
REPLIES = {name: capture for name, capture in CAPTURES.items() if capture["method"]}
EXAMPLES = {"text": "x", "number": 2**53 + 1, "boolean": True}
NAMES = {str: "text", int: "number", bool: "boolean"}
# What a capture has and our reply has not, although it is declared: the sandbox has no such data.
ABSENT = {
    "trade-closed": {
        "trade.orders.cid",
        "trade.orders.pic_path",
        "trade.orders.sku_properties_name",
        "trade.promotion_details",
        "trade.receiver_phone",
        "trade.seller_memo",
    },
    "trade-finished": {
        "trade.orders.cid",
        "trade.orders.invoice_no",
        "trade.orders.logistics_company",
        "trade.orders.pic_path",
        "trade.orders.sku_properties_name",
    },
}


def make_example(shape):
    """A reply of this shape."""
    if isinstance(shape, dict):
        return {name: make_example(member) for name, member in shape.items()}
    return [make_example(shape[0])] if isinstance(shape, list) else EXAMPLES[shape]


def select_declared(shape, fields):
    """Of a captured shape what the method declares, in the order of the capture."""
    by_name = {field.name: field for field in fields}
    selected = {}
    for name, member in shape.items():
        field = by_name.get(name)
        if field is None:
            continue
        if field.item:
            selected[name] = {field.item: [select_declared(member[field.item][0], field.of)]}
        elif field.of:
            selected[name] = select_declared(member, field.of)
        else:
            selected[name] = member
    return selected


def read_shape(value):
    """Names in order and the types below them; of a list, the first element."""
    if isinstance(value, dict):
        return {name: read_shape(member) for name, member in value.items()}
    return [read_shape(value[0])] if isinstance(value, list) else NAMES[type(value)]


def split_common(ours, captured, path=""):
    """Our part and the capture's part of what both have, and the paths that only the capture has.

    A path leaves out the element names of lists.
    """
    if isinstance(captured, list):
        mine, theirs, missing = split_common(ours[0], captured[0], path)
        return [mine], [theirs], missing
    if not isinstance(captured, dict):
        return ours, captured, set()
    mine, theirs, missing = {}, {}, set()
    for name in ours:
        if name in captured:
            below = path if isinstance(captured[name], list) else f"{path}{name}."
            mine[name], part, less = split_common(ours[name], captured[name], below)
            theirs[name] = part
            missing |= less
    missing |= {f"{path}{name}" for name in captured if name not in ours}
    return mine, {name: theirs[name] for name in captured if name in theirs}, missing


@pytest.mark.parametrize("name", REPLIES)
def test_a_captured_reply_decodes_into_the_declared_types(name):
    """Every declared field of a capture has the type of its declaration; ids keep all digits."""
    method = METHODS[REPLIES[name]["method"]]
    captured = select_declared(REPLIES[name]["shape"], method.reply)
    assert captured
    text = json.dumps(make_example(captured))

    msgspec.json.decode(text, type=make_type(method.reply, form="json"), strict=True)


@pytest.mark.parametrize("name", REPLIES)
def test_our_reply_has_the_captured_shape(top, arguments, name):
    """Names, order, types and element names are the capture's, but for what no sandbox has."""
    method = METHODS[REPLIES[name]["method"]]
    captured = select_declared(REPLIES[name]["shape"], method.reply)
    reply = top.result(method.name, **arguments(method, exists=name != "receive-empty"))

    mine, theirs, missing = split_common(read_shape(reply), captured)

    assert json.dumps(mine) == json.dumps(theirs)
    assert missing == ABSENT.get(name, set())


def test_a_refusal_has_the_captured_shape(top, world):
    """With failure_shape error15 a business failure is the sibling's error, name by name."""
    world.patch_rules({"failure_shape": "error15"})
    params = top.params("tmall.exchange.get", dispute_id=299999999999999999, fields="status")
    text = top.send(params).body.decode()

    assert read_shape(json.loads(text)["error_response"]) == CAPTURES["refusal"]["shape"]
    assert list(json.loads(text)["error_response"]) == list(CAPTURES["refusal"]["shape"])


@pytest.mark.parametrize("name", CAPTURES)
def test_a_capture_names_its_source_and_no_value(name):
    """A repository with path and commit, or a number of the code index; types, never values."""
    source = CAPTURES[name]["source"]
    assert set(source) in ({"repo", "path", "commit"}, {"index_id"})

    def leaves(shape):
        members = shape.values() if isinstance(shape, dict) else shape
        for member in members:
            yield from [member] if isinstance(member, str) else leaves(member)

    assert set(leaves(CAPTURES[name]["shape"])) <= set(EXAMPLES)

"""The schema for editors: it accepts what the reader accepts, and knows the same names."""

import json
from pathlib import Path

import pytest
from jsonschema import Draft7Validator

from mockserver.scenario.expectations import EXPECTATIONS
from mockserver.scenario.matching import OPERATORS
from mockserver.scenario.schema import make_scenario_schema
from mockserver.scenario.step_kinds import STEP_KINDS
from mockserver.scenario.yaml_text import read_yaml

LIBRARY = Path(__file__).parents[2] / "scenarios"
FILES = sorted(LIBRARY.rglob("*.scenario.yaml"))
HEADER = "# yaml-language-server: $schema="
VALIDATOR = Draft7Validator(make_scenario_schema())


def wrong(text: str) -> list:
    """What the schema finds in a text."""
    return list(VALIDATOR.iter_errors(read_yaml(text).plain()))


def test_it_is_a_schema():
    """Editors can use it: a valid schema of draft 7."""
    Draft7Validator.check_schema(make_scenario_schema())


def test_the_committed_file_is_what_the_command_prints():
    """`python -m mockserver schema > scenarios/schema.json` has been run since the last change."""
    assert json.loads((LIBRARY / "schema.json").read_text("utf-8")) == make_scenario_schema()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(LIBRARY).as_posix())
def test_a_shipped_scenario_is_valid_and_names_the_schema(path: Path):
    """Each scenario opens with the line that leads an editor to the schema, and keeps to it."""
    text = path.read_text("utf-8")
    first = text.splitlines()[0]
    assert first.startswith(HEADER), f"add the line {HEADER}…"
    assert (path.parent / first.removeprefix(HEADER)).resolve() == LIBRARY / "schema.json"
    assert [(list(error.absolute_path), error.message) for error in wrong(text)] == []


def test_it_names_all_that_the_reader_knows():
    """Every kind of step, expectation and operator is offered, with its Chinese title."""
    parts = make_scenario_schema()["definitions"]
    assert {name: parts["step"]["properties"][name]["title"] for name in STEP_KINDS} == {
        name: kind.zh for name, kind in STEP_KINDS.items()
    }
    assert set(parts["expectations"]["properties"]) == set(EXPECTATIONS) - {"stock"}
    assert set(parts["operators"]["properties"]) == set(OPERATORS)


GOOD = """\
scenario: x
set: {units: 2}
given: {clock: 2026-03-01 10:00:00, goods: {wanted: {stock: $units}}, rules: {modify_to: 3}}
steps:
  - buyer: apply
    as: mine
    num: $units
  - call: tmall.exchange.agree
    with: {dispute_id: $it, address_id: 10000002}
    expect: {result.success: true}
  - call: no.such.method
    refused: 22
  - await: {status: 2, within: 1s}
  - advance: 7d
  - expect: {status: 换货关闭, stock.wanted: {available: {above: 1}}}
"""


def test_references_may_stand_for_values():
    """A number may be a `$name`; paths of a reply and goods' names are free."""
    assert wrong(GOOD) == []


@pytest.mark.parametrize(
    ("right", "mistaken"),
    [
        ("scenario: x", "scenaro: x"),
        ("given: {", "given: {clok: 1, "),
        ("stock: $units", "stok: 1"),
        ("stock: $units", "stock: many"),
        ("buyer: apply", "buyer: aply"),
        ("as: mine", "az: mine"),
        ("num: $units", "nummer: 1"),
        ("call: tmall.exchange.agree", "call: tmall.exchange.agre"),
        ("dispute_id: $it", "disput_id: $it"),
        ("await: {", "await: {soon: 1, "),
        ("expect: {status: 换货关闭,", "expect: {stat: 1,"),
        ("advance: 7d", "advance: 7d\n    by: 1d"),
        ("steps:\n", "steps: []\nmore:\n"),
        ("modify_to: 3}", "modify_to: 3}, ruleset: old"),
        ("above: 1", "above: 1}}}\n  - hurry: {a: {b: {c: 1"),
    ],
)
def test_a_mistake_is_seen_in_the_editor(right, mistaken):
    """Unknown keys, moves, methods, parameters, fields and steps are marked."""
    assert right in GOOD
    assert wrong(GOOD.replace(right, mistaken))

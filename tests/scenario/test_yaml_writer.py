"""The writer of YAML: what it writes is read back as the same values."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.scenario.yaml_text import InvalidFile, read_yaml
from mockserver.scenario.yaml_writer import write_yaml

LAW = settings(derandomize=True, database=None, deadline=None, max_examples=200)
TEXTS = st.one_of(
    st.text(max_size=30),
    st.text(
        (
            "-?:,[]{}#&*!|>'\"%@`~ \t\n"
            "\r$./0123456789eE+_abc是，。\x00\x7f\x85\xa0\u2028\ufeff\ufffe\U0001f600"
        ),
        max_size=12,
    ),
    st.sampled_from(
        [
            "true",
            "no",
            "on",
            "~",
            "null",
            "Null",
            "0123",
            "1.5",
            "-1",
            "1e5",
            "0x1F",
            "12:30:45",
            "2026-03-01 10:00:00",
            "- a",
            "a: b",
            "a #b",
            "---",
            "...",
            "<<",
            "=",
            "$it",
            "7天无理由换货",
            "",
        ]
    ),
)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**18), 10**18),
    st.decimals(-(10**6), 10**6, places=2).map(float),
    TEXTS,
)
VALUES = st.recursive(
    SCALARS,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXTS, below, max_size=4),
    max_leaves=20,
)


@LAW
@given(st.dictionaries(TEXTS, VALUES, max_size=5))
def test_what_is_written_is_read_back(value):
    """Any tree of JSON values survives, whatever stands in its texts and keys."""
    assert read_yaml(write_yaml(value)).plain() == value


def test_a_step_is_written_as_people_write_it():
    """Members of a step stand on lines of their own, an expectation on one."""
    written = write_yaml(
        {
            "steps": [
                {"buyer": "apply", "reason": "尺码不合适", "expect": {"status": 1}},
                {"advance": "7d"},
                {"expect": {"stock.wanted": {"available": 1}, "messages": 2}},
            ],
            "given": {"clock": "2026-03-01 10:00:00"},
        }
    )
    assert (
        written
        == """\
steps:
  - buyer: apply
    reason: 尺码不合适
    expect: {status: 1}
  - advance: 7d
  - expect:
      stock.wanted: {available: 1}
      messages: 2
given: {clock: 2026-03-01 10:00:00}
"""
    )


def test_half_a_surrogate_pair_is_replaced():
    """What no text can hold becomes the replacement character."""
    assert read_yaml(write_yaml({"a": "\ud800x"})).plain() == {"a": "\ufffdx"}


def test_depth_is_bounded():
    """A tree deeper than a text may be is refused, not written."""
    value: dict = {}
    for _ in range(100_000):
        value = {"a": value}
    with pytest.raises(InvalidFile):
        write_yaml(value)

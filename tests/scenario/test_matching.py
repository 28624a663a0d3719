"""What an expectation of a scenario takes for equal, and what it says where it is not met."""

import pytest

from mockserver.scenario.matching import MISSING, compare
from mockserver.scenario.yaml_text import read_yaml

NESTED = {"a": {"b": [1, "2"]}, "x": "换货关闭"}


def mismatches(expected, actual):
    """Name, expected and actual value of every mismatch."""
    return [
        (mismatch.what, mismatch.expected, mismatch.actual)
        for mismatch in compare("value", read_yaml(expected), actual)
    ]


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ("12", "12"),
        ("'12'", 12),
        ("null", None),
        ("null", MISSING),
        ("true", True),
        ("{x: 换货关闭}", NESTED),
        ("{a.b.1: 2}", NESTED),
        ("{a: {b: [1, 2]}}", NESTED),
        ("{x: {absent: false}, y: {absent: true}}", NESTED),
        ("{x: {present: true}, y: {present: false}}", NESTED),
        ("{a: {b: {count: 2}}}", NESTED),
        ("{y: {count: 0}}", NESTED),
        ("{count: 3}", 3),
        ("{count: {above: 1}}", [1, 2]),
        ("{contains: 关闭}", "换货关闭"),
        ("{contains: 2}", [1, "2"]),
        ("{one_of: [1, 换货关闭]}", "换货关闭"),
        ("{one_of: [1, {contains: 关闭}]}", "换货关闭"),
        ("{one_of: 1}", 1),
        ("{not: 2}", 1),
        ("{not: {contains: 成功}}", "换货关闭"),
        ("{above: 9}", "10"),
        ("{below: 10}", 9.5),
        ("{above: 2026-03-01 10:00:00}", "2026-03-01 10:00:01"),
        ("{below: 2026-03-02 00:00:00}", "2026-03-01 23:59:59"),
        ("{above: abc}", "abd"),
        ("{first: 1, last: 3}", [1, 2, 3]),
        ("{any: 2}", [1, 2, 3]),
        ("{any: {a: 2}}", [{"a": 1}, {"a": 2}]),
    ],
)
def test_what_is_as_expected(expected, actual):
    """Number texts equal numbers; members that are not named do not matter; operators hold."""
    assert mismatches(expected, actual) == []


@pytest.mark.parametrize(
    ("expected", "actual", "mismatch"),
    [
        ("12", 13, ("value", 12, 13)),
        ("1", [1], ("value", 1, [1])),
        ("null", 0, ("value", None, 0)),
        ("1", None, ("value", 1, None)),
        ("true", 1, ("value", True, 1)),
        ("1", True, ("value", 1, True)),
        ("{x: 1}", "text", ("value", {"x": 1}, "text")),
        ("{x: 1}", None, ("value", {"x": 1}, None)),
        ("{a.b.2: 1}", NESTED, ("value.a.b.2", 1, MISSING)),
        ("{a: {b: [1, 3]}}", NESTED, ("value.a.b.1", 3, "2")),
        ("[1]", [1, 2], ("value", [1], [1, 2])),
        ("[1]", "1", ("value", [1], "1")),
        ("{x: {absent: true}}", NESTED, ("value.x", MISSING, "换货关闭")),
        ("{y: {absent: false}}", NESTED, ("value.y", "present", MISSING)),
        ("{y: {present: true}}", NESTED, ("value.y", "present", MISSING)),
        ("{x: {present: false}}", NESTED, ("value.x", MISSING, "换货关闭")),
        ("{count: 2}", [1], ("value count", 2, 1)),
        ("{y: {count: 1}}", NESTED, ("value.y count", 1, 0)),
        ("{contains: 成功}", "换货关闭", ("value contains", "成功", "换货关闭")),
        ("{contains: 3}", [1, 2], ("value contains", 3, [1, 2])),
        ("{one_of: [1, 2]}", 3, ("value one_of", [1, 2], 3)),
        ("{not: 1}", "1", ("value not", 1, "1")),
        ("{above: 9}", "9", ("value above", 9, "9")),
        ("{below: 9}", 10, ("value below", 9, 10)),
        ("{above: 9}", "abc", ("value above", 9, "abc")),
        ("{above: 9}", MISSING, ("value above", 9, MISSING)),
        ("{above: 0}", True, ("value above", 0, True)),
        (
            "{above: 2026-03-01 10:00:00}",
            "2026-03-01 10:00:00",
            ("value above", "2026-03-01 10:00:00", "2026-03-01 10:00:00"),
        ),
        ("{first: 2}", [1, 2], ("value first", 2, 1)),
        ("{last: 1}", [], ("value last", 1, MISSING)),
        ("{any: 4}", [1, 2], ("value any", 4, [1, 2])),
        ("{any: 4}", 4, ("value any", 4, 4)),
    ],
)
def test_what_is_not_as_expected(expected, actual, mismatch):
    """The one value that differs is named, with what was expected and what there is."""
    assert mismatches(expected, actual) == [mismatch]

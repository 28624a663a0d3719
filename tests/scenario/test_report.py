"""Reports: valid whatever scenarios contain, complete, and without a secret."""

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.scenario.report import (
    collect_secrets,
    format_json,
    format_junit,
    format_summary,
    format_transcript,
    mask_secrets,
)
from mockserver.scenario.result import ScenarioFailure, ScenarioResult

TROUBLE = ScenarioFailure(
    line=13,
    column=14,
    zh="due_in：期望 '2s'，实际 '1s'",
    en="due_in: expected '2s', got '1s'",
    expected="2s",
    actual="1s",
    events=({"at": "2026-03-01 10:00:00", "by": "buyer", "move": "apply", "to": 1},),
    possible={"seller": ["agree", "refuse"]},
    curl="curl -s http://127.0.0.1/router/rest",
    source="  - expect: {期望: 2s}",
    log="last words",
)
PASSED = ScenarioResult(
    title="顺利", path="a.scenario.yaml", outcome="passed", steps=3, seconds=0.25
)
FAILED = ScenarioResult(
    title="不顺", path="b.scenario.yaml", outcome="failed", steps=2, trouble=TROUBLE
)
BROKEN = ScenarioResult(
    title="坏了", path="c.scenario.yaml", outcome="broken", steps=0, trouble=TROUBLE
)
CUT = ScenarioResult(title="没完", path="d.scenario.yaml", outcome="interrupted", steps=0)


def test_junit_counts_and_names_every_scenario():
    """A failed expectation is a failure, a broken scenario an error, an interrupted one skipped."""
    root = ElementTree.fromstring(format_junit([PASSED, FAILED, BROKEN, CUT], 1.5))
    suite = root.find("testsuite")
    cases = {case.get("name"): [child.tag for child in case] for case in suite}
    assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
        "tests": "4",
        "failures": "1",
        "errors": "1",
        "skipped": "1",
    }
    assert cases == {"顺利": [], "不顺": ["failure"], "坏了": ["error"], "没完": ["skipped"]}
    assert "b.scenario.yaml:13:14" in suite.find("testcase/failure").text


@settings(derandomize=True, database=None, deadline=None)
@given(
    st.text(),
    st.text(),
    st.recursive(
        st.none() | st.text() | st.integers(),
        lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    ),
)
def test_reports_are_valid_whatever_stands_in_them(title, words, value):
    """XML and JSON parse for any title, sentence and value, control characters included."""
    trouble = ScenarioFailure(
        line=1, column=1, zh=words, en=words, expected=value, actual=value, source=words, log=words
    )
    results = [ScenarioResult(title=title, path="x", outcome="failed", steps=1, trouble=trouble)]
    case = ElementTree.fromstring(format_junit(results, 0.0).encode()).find("testsuite/testcase")
    assert case.get("file") == "x"
    assert json.loads(format_json(results, 0.0))["stories"][0]["title"] == title


def test_json_counts_by_outcome():
    """The JSON report has the counts and every scenario with its trouble."""
    report = json.loads(format_json([PASSED, FAILED, CUT], 1.0))
    assert {
        name: report[name] for name in ("total", "passed", "failed", "broken", "interrupted")
    } == {"total": 3, "passed": 1, "failed": 1, "broken": 0, "interrupted": 1}
    assert report["stories"][1]["trouble"]["line"] == 13


@pytest.mark.parametrize(
    ("lang", "words"),
    [
        (
            "zh",
            (
                "不符 不顺",
                "b.scenario.yaml:13:14: due_in：期望",
                "买家申请换货 → 1 换货待处理",
                "卖家: agree, refuse",
                "last words",
            ),
        ),
        (
            "en",
            (
                "failed 不顺",
                "b.scenario.yaml:13:14: due_in: expected",
                "buyer apply → 1",
                "seller: agree, refuse",
                "last words",
            ),
        ),
    ],
)
def test_a_transcript_has_all_that_helps(lang, words):
    """A failure's transcript has place, sentence, events, moves, call and the client's words."""
    text = format_transcript(FAILED, lang)
    assert all(word in text for word in (*words, "curl -s"))


def test_the_mark_stands_below_the_column():
    """A Chinese character before the column takes two places of a terminal."""
    lines = format_transcript(FAILED).splitlines()
    place = next(n for n, line in enumerate(lines) if line.startswith("      - expect"))
    before = TROUBLE.source[: TROUBLE.column - 1]
    assert lines[place + 1].index("^") == 4 + len(before) + sum(
        character > "\u2e80" for character in before
    )


def test_big_values_get_lines_of_their_own():
    """A list or mapping that was wanted stands beside what was there instead."""
    trouble = ScenarioFailure(line=1, column=1, zh="x", en="x", expected={"a": 1}, actual=["b"])
    lines = format_transcript(
        ScenarioResult(title="t", path="p", outcome="failed", steps=1, trouble=trouble)
    ).splitlines()
    assert '  期望  {"a":1}' in lines
    assert '  实际  ["b"]' in lines


def test_a_transcript_cannot_steer_a_terminal():
    """Escape codes of a title or reply are shown as a mark."""
    result = ScenarioResult(title="a\x1b[31mb\x07", path="p", outcome="passed", steps=1)
    assert format_transcript(result).isprintable()


def test_secrets_are_masked_wherever_they_stand():
    """Secret and sessions of all shops vanish from sentence, values, call, line and log."""
    info = {
        "app_secret": 'se"cret-1',
        "session": "session-main",
        "sub_session": "session-sub",
        "shops": [
            {"session": "session-main", "subs": [{"session": "session-sub"}]},
            {"session": "session-other", "subs": []},
        ],
    }
    said = 'se"cret-1 session-main session-sub session-other'
    trouble = ScenarioFailure(
        line=1,
        column=1,
        zh=said,
        en=said,
        expected=[said],
        actual={said: said},
        curl=said,
        source=said,
        log=said,
    )
    result = mask_secrets(
        ScenarioResult(title="t", path="p", outcome="failed", steps=1, trouble=trouble),
        collect_secrets(info),
    )
    assert "cret-1" not in format_json([result], 0.0)
    assert "session-" not in format_json([result], 0.0)
    assert result.trouble.zh == "*** *** *** ***"


@pytest.mark.parametrize(
    ("lang", "line"),
    [
        ("zh", "4 个场景：1 通过，1 不符，1 中止，1 中断 (2.0 秒)"),
        ("en", "4 scenarios: 1 passed, 1 failed, 1 broken, 1 interrupted (2.0 s)"),
    ],
)
def test_the_counts_are_one_line(lang, line):
    """Every outcome that occurred is counted."""
    assert format_summary([PASSED, FAILED, BROKEN, CUT], 2.0, lang) == line

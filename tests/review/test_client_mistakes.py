"""The list of common mistakes: complete, in two languages, and what points to which."""

import pytest

from mockserver.review.client_mistakes import (
    CLIENT_MISTAKES,
    find_mistake_of_check,
    find_mistake_of_code,
    find_mistake_of_finding,
    find_mistake_of_scenario,
)
from mockserver.review.lint_rules import LINT_RULES
from mockserver.scenario.library import list_shipped
from mockserver.testing.machine.machine_options import CHECKED


def test_there_are_twenty_four() -> None:
    """Twenty-four mistakes, each with every text; Chinese has Chinese characters."""
    assert len(CLIENT_MISTAKES) == 24
    for mistake in CLIENT_MISTAKES.values():
        for name in ("title", "cost", "change"):
            assert any("\u4e00" <= c <= "\u9fff" for c in getattr(mistake, f"{name}_zh"))
            assert getattr(mistake, f"{name}_en").strip()
        assert mistake.wrong != mistake.right


def test_every_lint_rule_and_check_belongs_to_one() -> None:
    """No rule is left out or counted twice; scenarios are shipped ones, each of one mistake."""
    findings = [name for mistake in CLIENT_MISTAKES.values() for name in mistake.findings]
    assert sorted(findings) == sorted(LINT_RULES)
    checks = {name for mistake in CLIENT_MISTAKES.values() for name in mistake.checks}
    assert checks == {*CHECKED, "exception"}
    scenarios = [name for mistake in CLIENT_MISTAKES.values() for name in mistake.scenarios]
    assert len(scenarios) == len(set(scenarios))
    assert set(scenarios) <= set(list_shipped())


@pytest.mark.parametrize(
    ("check", "play", "mistake"),
    [
        ("left_lying", "replies", "gave_up"),
        ("left_lying", "lists", "rows_missed"),
        ("left_lying", "stock", "failure_ignored"),
        ("left_lying", "texts", "unknown_status_text"),
        ("left_lying", "buyer", "left_lying"),
        ("unhandled", "buyer", "second_round_skipped"),
        ("repeats", "replies", "repeated_write"),
        ("pressed_on", "trouble", "call_in_ban"),
        ("exception", "texts", "unread_content"),
    ],
)
def test_a_check_points_to_a_mistake(check: str, play: str, mistake: str) -> None:
    """What waits is attributed by what the machine was playing."""
    assert find_mistake_of_check(check, play).id == mistake


def test_codes_findings_and_scenarios_point_to_mistakes() -> None:
    """25 is a wrong sign, 31 a wrong clock; a scenario that is nobody's was left lying."""
    for code, expected in ((25, "wrong_sign"), (31, "wrong_clock"), (40, "required_left_out")):
        mistake = find_mistake_of_code(code)
        assert mistake is not None and mistake.id == expected
    assert find_mistake_of_code(9999) is None
    double = find_mistake_of_finding("double_message")
    assert double is not None and double.id == "repeated_write"
    assert find_mistake_of_scenario("stock/last-unit").id == "failure_ignored"
    assert find_mistake_of_scenario("nobody/knows").id == "left_lying"

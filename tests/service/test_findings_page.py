"""The page about findings: worst first, escaped, in one language, needing nothing from outside."""

import re

import pytest

from mockserver.review.finding_advice import FINDING_ADVICE
from mockserver.review.lint_rules import LINT_RULES
from mockserver.service.findings_page import PlacedFinding, render_findings

CHINESE = re.compile("[\u4e00-\u9fff]")


def place(rule_id: str, test: str = "test_it.py::test_one", **more) -> PlacedFinding:
    """A finding of the control API at a place."""
    finding = {"id": rule_id, "zh": "某次调用", "en": "a call", "count": 2, "request_ids": ["abc"]}
    return PlacedFinding(test, {**finding, **more})


def test_the_advice_is_about_each_rule() -> None:
    """Neither a rule without cost and forms nor advice about a rule that there is not."""
    assert sorted(FINDING_ADVICE) == sorted(LINT_RULES)


def test_a_finding_has_its_cost_its_forms_and_its_place_in_the_guide() -> None:
    """What somebody who reads the page of a run needs, without another page."""
    page = render_findings([place("call_in_ban")], "en")
    for text in (
        "test_it.py::test_one: a call",
        "Every call of the app is refused for all shops",
        "while refused(code 7): call_again()",
        "sleep(seconds); call_again()",
        "docs/client-findings.md#call_in_ban",
        "docs/mistakes/call_in_ban.md",
        "explain call_in_ban",
        'href="#call_in_ban"',
        'id="call_in_ban"',
    ):
        assert text in page


@pytest.mark.parametrize("rule_id", LINT_RULES)
def test_each_finding_can_be_on_it_in_both_languages(rule_id: str) -> None:
    """In English nothing is Chinese but a text of the platform in a form."""
    english = render_findings([place(rule_id)], "en")
    assert not CHINESE.search(re.sub("<pre>.*?</pre>", "", english, flags=re.S).split("<h1>")[1])
    chinese = render_findings([place(rule_id)], "zh")
    assert f"docs/client-findings.zh-CN.md#{rule_id}" in chinese
    assert LINT_RULES[rule_id].title in chinese


def test_errors_come_first_and_one_kind_stands_once() -> None:
    """However the tests were ordered; places of one kind are counted."""
    findings = [place("md5_sign"), place("no_window"), place("ids_rounded"), place("ids_rounded")]
    page = render_findings(findings, "zh")
    positions = [page.index(f'<section id="{name}">') for name in ("ids_rounded", "no_window")]
    assert positions == sorted(positions)
    assert page.index('<section id="no_window">') < page.index('<section id="md5_sign">')
    assert page.count("<section ") == 3
    assert page.count("<li>") == 4


def test_of_very_many_places_some_are_listed_and_the_others_counted() -> None:
    """A suite of a thousand tests makes no page of a thousand lines."""
    page = render_findings([place("no_window", f"test_{number}") for number in range(1000)], "en")
    assert page.count("<li>") == 20
    assert "and 980 more" in page


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "{{ 7 * 7 }}", '"><img src=x>'])
def test_what_callers_wrote_is_text(text: str) -> None:
    """Names of tests, of methods and values of parameters run nothing and break nothing."""
    page = render_findings([place("no_window", text, zh=text, en=text)], "en")
    body = page.split("<h1>")[1]
    for form in ("<script", "<img", "49"):
        assert form not in body
    assert "default-src 'none'" in page


def test_without_findings_it_says_so() -> None:
    """A clean run has a page, too."""
    assert "Nothing was found" in render_findings([], "en")
    assert "没有发现问题" in render_findings([], "zh")

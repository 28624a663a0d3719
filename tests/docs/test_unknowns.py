"""The table of what nobody outside knows: twelve lines, two languages, rules that exist."""

import re
from pathlib import Path

import pytest

from mockserver.domain.rules import RULES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("unknowns.md", "unknowns.zh-CN.md")


def _rows(page):
    """Number, unknown, choice and rules of each line of a page's table."""
    lines = re.findall(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", (DOCS / page).read_text(), re.M)
    return [
        (int(n), text, choice, re.findall(r"`([^`]+)`", rules)) for n, text, choice, rules in lines
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_unknown_has_a_choice_and_a_rule_that_exists(page):
    """Twelve lines, numbered, each with words and at least one rule of the product."""
    rows = _rows(page)
    assert [number for number, *_ in rows] == list(range(1, 13))
    for _, text, choice, rules in rows:
        assert text.strip()
        assert choice.strip()
        assert rules
        assert set(rules) <= set(RULES)


def test_both_languages_name_the_same_rules():
    """The Chinese page has the same lines with the same rules, in Chinese words."""
    english, chinese = (_rows(page) for page in PAGES)
    assert [rules for *_, rules in english] == [rules for *_, rules in chinese]
    assert all(re.search(r"[\u4e00-\u9fff]", text + choice) for _, text, choice, _ in chinese)
    assert not any(re.search(r"[\u4e00-\u9fff]", text + choice) for _, text, choice, _ in english)

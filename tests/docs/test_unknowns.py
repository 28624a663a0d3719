"""The table of what nobody outside knows: every unknown of the evidence, rules that exist."""

import re
from pathlib import Path

import pytest

from mockserver.domain.rules import RULES

DOCS = Path(__file__).parents[2] / "docs"
PAGES = ("unknowns.md", "unknowns.zh-CN.md")
# Section 7 of the evidence by number: how each of its unknowns begins there, a name that stands in
# its line in both languages (none: the line's number), and the rules of the line.  No rule: the
# unknown stands below the table.
UNKNOWNS = {
    1: (
        ("any real success or failure reply", 1, {"success_text", "msg_code.wrong_state"}),
        ("where DISPUTE_NOT_EXIST sits", "`DISPUTE_NOT_EXIST`", {"dispute_not_exist"}),
    ),
    2: (("whether a wrong state is success=false", "`error_response`", {"failure_shape"}),),
    3: (("real refuse-reason ids", 4, {"msg_code.unknown_reason"}),),
    4: (
        ("deadlines of 1 and 13", 5, {"deadline.1", "deadline.13"}),
        ("whether `time_out` is text", "`time_out`", {"deadline.3"}),
    ),
    5: (("receive.get: sort order", "`receive.get`", {"page_size_max"}),),
    6: (
        (
            "message_type and owner_role values",
            "`message_type`",
            {"message_type.human", "message_type.system", "owner_role"},
        ),
        (
            "picture limits for exchanges",
            8,
            {"message_picture_max_bytes", "picture_max_bytes", "picture_limits"},
        ),
    ),
    7: (("what old calls return for upgraded", "`newExchangeRepair`", set()),),
    8: (
        ("whether taobao_refund_* with bill_type replace_bill", "`replace_bill`", set()),
        ("payload samples of taobao_dispute_Exchange*", "`taobao_dispute_Exchange*`", set()),
    ),
    9: (("masking format of buyer_name", "`buyer_name`", {"personal_data"}),),
    10: (("today's carrier code for JD and J&T", 12, {"strict_logistics"}),),
}


def _rows(page):
    """Number, unknown, choice and rules of each line of a page's table."""
    lines = re.findall(r"^\| (\d+) \| (.+) \| (.+) \| (.+) \|$", (DOCS / page).read_text(), re.M)
    return [
        (int(n), text, choice, re.findall(r"`([^`]+)`", rules)) for n, text, choice, rules in lines
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_unknown_has_a_choice_and_a_rule_that_exists(page):
    """Thirteen lines, numbered, each with words and at least one rule of the product."""
    rows = _rows(page)
    assert [number for number, *_ in rows] == list(range(1, 14))
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


def test_the_unknowns_are_those_of_the_evidence():
    """Section 7 of the evidence has these unknowns and no more."""
    page = (DOCS / "spec" / "evidence-2026-11.md").read_text()
    section = page.partition('<a id="evidence-7">')[2].partition("\n## ")[0]
    items = dict(re.findall(r"^(\d+)\. (.+)$", section, re.M))

    assert {int(number) for number in items} == set(UNKNOWNS)
    for number, unknowns in UNKNOWNS.items():
        for words, _, _ in unknowns:
            assert words in items[str(number)]
        assert items[str(number)].count(";") == len(unknowns) - 1


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(
    ("name", "rules"),
    [(name, rules) for unknowns in UNKNOWNS.values() for _, name, rules in unknowns],
)
def test_every_unknown_of_the_evidence_has_its_line(page, name, rules):
    """One line of the table names it, with its rules; without a rule, one line below names it."""
    if not rules:
        lines = (DOCS / page).read_text().partition("\n- ")[2].split("\n- ")
        assert len([line for line in lines if name in line]) == 1
        return
    [line] = [row for row in _rows(page) if name in (row[0], *re.findall(r"`[^`]+`", row[1]))]
    assert set(line[3]) == rules
    assert rules <= set(RULES)

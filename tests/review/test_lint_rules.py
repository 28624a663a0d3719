"""Each finding has a place in the guides, with a wrong and a right form."""

import re
from pathlib import Path

import pytest

from mockserver.review.lint_rules import LINT_RULES

DOCS = Path(__file__).parents[2] / "docs"
LABELS = {
    "client-findings.md": ("Wrong:", "Right:"),
    "client-findings.zh-CN.md": ("错误：", "正确："),
}


@pytest.mark.parametrize("name", LABELS)
@pytest.mark.parametrize("rule", LINT_RULES.values(), ids=lambda rule: rule.id)
def test_a_finding_has_its_place(name: str, rule) -> None:
    """Its section says more than one sentence and has two forms that differ."""
    text = (DOCS / name).read_text("utf-8")
    (section,) = re.findall(rf"^## {rule.id}$(.*?)(?=^## |\Z)", text, re.M | re.S)
    wrong, right = LABELS[name]
    forms = re.findall(r"```text\n(.*?)```", section, re.S)
    assert section.index(wrong) < section.index(right)
    assert len(forms) == len(set(forms)) == 2


def test_the_page_is_a_path_and_an_anchor() -> None:
    """What findings link to opens."""
    assert LINT_RULES["md5_sign"].page == "docs/client-findings.md#md5_sign"
    assert (DOCS.parent / "docs/client-findings.md").is_file()

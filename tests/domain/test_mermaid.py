"""The state diagram shows the statuses and the moves of one ruleset."""

import pytest

from mockserver.domain.mermaid import render_diagram
from mockserver.domain.vocabulary import Ruleset
from tests.oracle import END_STATUSES, LEGAL_MOVES


@pytest.mark.parametrize("ruleset", Ruleset)
def test_every_way_of_the_ruleset_is_an_arrow(ruleset):
    """Each documented change of status is drawn, and nothing else but the ways in and out."""
    changes = {
        (start["status"], target)
        for rulesets, start, move, _, _, target, _, _ in LEGAL_MOVES
        if ruleset in rulesets and move not in ("apply", "leave_message")
    }
    lines = render_diagram(ruleset).splitlines()
    arrows = {tuple(line.split(":")[0].split(" --> ")) for line in lines if " --> " in line}

    assert lines[0] == "stateDiagram-v2"
    assert {("[*]", "s1"), *((f"s{status}", "[*]") for status in END_STATUSES)} <= {
        (source.strip(), target) for source, target in arrows
    }
    assert {
        (int(source.strip()[1:]), int(target[1:]))
        for source, target in arrows
        if "[*]" not in (source.strip(), target)
    } == changes


def test_arrows_say_who_moves_and_how():
    """The label holds the actor and the move in Chinese.

    Messages, which change nothing, have none.
    """
    text = render_diagram(Ruleset.CLASSIC)

    assert "    s1 --> s2: 卖家·同意换货申请" in text
    assert "留言" not in text


@pytest.mark.parametrize(
    ("lang", "arrows"),
    [
        ("zh", ("s1 --> s2: 系统·超时处理 [满 2d，有库存]", "s13 --> s5: 系统·超时处理 [满 10d]")),
        ("en", ("s1 --> s4: system · expire [after 2d, out of stock]",)),
    ],
)
def test_arrows_say_under_which_condition(lang, arrows):
    """Two arrows of one move differ in what they ask for; durations are those of the documents."""
    lines = [line.strip() for line in render_diagram(Ruleset.CLASSIC, lang).splitlines()]

    assert set(arrows) <= set(lines)
    assert len(lines) == len(set(lines))


def test_each_status_that_is_reached_is_declared_once():
    """Each status that the flow can reach is declared once, before the arrows."""
    for ruleset in Ruleset:
        text = render_diagram(ruleset)
        arrows = [line for line in text.splitlines() if "-->" in line]
        for name in {line.split(" --> ")[1].split(":")[0] for line in arrows}:
            assert name == "[*]" or text.count(f'" as {name}\n') == 1

"""The reader: every mistake of a story is told at once, with its place and what was meant."""

import pytest

from mockserver.scenario.reader import read_story
from mockserver.scenario.yaml_text import Unreadable

WRONG = """\
scenario: 五处错误
given: {goods: {wanted: {stok: 1}}}
steps:
  - buyer: aply
  - buyer: apply
    reson: 尺码不合适
  - call: tmall.exchange.gett
  - expect: {status: 77}
"""


def mistakes_of(text):
    """Line, column and sentence of every mistake of a story."""
    with pytest.raises(Unreadable) as unreadable:
        read_story(text, "story.yaml")
    return [(each.line, each.column, f"{each.zh} {each.en}") for each in unreadable.value.mistakes]


def test_all_mistakes_are_told_at_once():
    """Five mistakes of different kinds are five mistakes, each at its place."""
    found = mistakes_of(WRONG)
    assert [(line, column) for line, column, _ in found] == [(2, 26), (4, 12), (6, 5), (7, 11), (8, 22)]
    for (_, _, sentence), meant in zip(found, ("stok", "apply", "reason", "tmall.exchange.get", "换货成功"), strict=True):
        assert meant in sentence


def test_members_asked_of_a_reply_are_checked_at_every_depth():
    """A member that no reply of the method can have is a mistake at its own place; those it has are none."""
    story = """\
scenario: x
steps:
  - call: tmall.exchange.receive.get
    expect: {results: {exchange: {first: {status: 换货待处理}}}, total_results: {count: 1}}
  - call: tmall.exchange.messages.get
    with: {dispute_id: 1}
    expect: {result: {total_resluts: 2, results: {refund_message: {count: 2}}}}
"""
    found = mistakes_of(story)
    assert [(line, column) for line, column, _ in found] == [(7, 23)]
    assert "total_results" in found[0][2]


def test_an_argument_is_checked_by_the_rules_of_the_story():
    """A message longer than the story's own limit is a mistake, one within a raised limit is none."""
    story = "scenario: x\ngiven: {{rules: {{message_max_bytes: {0}}}}}\nsteps:\n  - call: tmall.exchange.message.add\n    with: {{dispute_id: 1, content: {1}}}\n"
    assert [line for line, _, _ in mistakes_of(story.format(5, "六个字节"))] == [5]
    read_story(story.format(1000, "长" * 300), "story.yaml")


@pytest.mark.parametrize(("wrong", "column"), [
    ("ruleset: {any: [1]}\nsteps:\n  - buyer: apply\n", 10),
    ("steps:\n  - buyer: apply\n    expect: {moved_by: {a: 1}, status: 1}\n", 24),
    ("steps:\n  - buyer: apply\n    expect: {moved_by: [buyer], status: 1}\n", 24),
])
def test_a_mapping_or_list_is_no_name(wrong, column):
    """Where a name is wanted, something else is a mistake at its place."""
    assert [place for _, place, _ in mistakes_of(f"scenario: x\n{wrong}")] == [column]


def test_a_fault_is_checked_before_anything_runs():
    """An unknown fault, an option of another and a value out of bounds are mistakes at their places."""
    story = "scenario: x\nsteps:\n  - buyer: apply\n  - fault: reply_lots\n  - fault: reply_lost\n    time: 2\n  - fault: latency\n    probability: 7\n"
    found = mistakes_of(story)
    assert [(line, column) for line, column, _ in found] == [(4, 12), (6, 5), (8, 18)]
    assert "reply_lost" in found[0][2] and "times" in found[1][2]

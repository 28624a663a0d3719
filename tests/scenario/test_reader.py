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

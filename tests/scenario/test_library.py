"""The shipped stories: each reads without mistake, says what it is and on what evidence, and passes."""

import re
from collections import Counter
from pathlib import Path

import pytest

from mockserver.domain.evidence import SOURCES
from mockserver.scenario.checker import check_story
from mockserver.scenario.reader import read_story

LIBRARY = Path(__file__).parents[2] / "scenarios"
FILES = sorted(LIBRARY.rglob("*.yaml"))
STORIES = {path.relative_to(LIBRARY).as_posix(): read_story(path.read_text("utf-8"), str(path)) for path in FILES}


def test_there_is_a_library():
    """The stories are many, lie in folders by subject, and have short names."""
    assert len(STORIES) >= 70
    assert [name for name in STORIES if not re.fullmatch(r"[a-z-]+/[a-z0-9-]+\.scenario\.yaml", name)] == []


def test_no_two_stories_are_called_the_same():
    """A title says what only this story shows."""
    assert [title for title, count in Counter(each.title for each in STORIES.values()).items() if count > 1] == []


@pytest.mark.parametrize("name", STORIES)
def test_a_story_says_what_it_shows_and_how_that_is_known(name):
    """A Chinese title, an English sentence, and sources that the product knows."""
    story = STORIES[name]

    assert re.search(r"[\u4e00-\u9fff]", story.title)
    assert re.fullmatch(r"[\x20-\x7e]{20,200}\.", story.about)
    assert story.evidence
    assert {each.partition("-")[0] for each in story.evidence} <= set(SOURCES)


@pytest.mark.parametrize("name", STORIES)
def test_a_story_can_work(name):
    """The static check finds nothing in a shipped story."""
    assert check_story(STORIES[name]) == ()


@pytest.mark.parametrize("name", STORIES)
def test_a_story_passes(tell, name):
    """Every step of a shipped story goes as written."""
    result = tell((LIBRARY / name).read_text("utf-8"))

    assert (result.outcome, result.trouble) == ("passed", None)

"""Shipped stories are found by name."""

import pytest

from mockserver.scenario.library import located, read, shipped


def test_a_story_is_found_by_its_path_or_its_last_part():
    """The last part is enough where it is the only one."""
    assert located("classic/whole-exchange") == shipped()["classic/whole-exchange"]
    lasts = [name.rpartition("/")[2] for name in shipped()]
    alone = next(name for name in shipped() if lasts.count(name.rpartition("/")[2]) == 1)
    assert located(alone.rpartition("/")[2]) == shipped()[alone]
    assert "scenario: " in read(alone)


@pytest.mark.parametrize(
    "name", ["nothing", "whole-exchange", "", "../classic/whole-exchange", "classic"]
)
def test_other_names_are_none(name):
    """A name of none or of several is refused."""
    with pytest.raises(KeyError):
        located(name)

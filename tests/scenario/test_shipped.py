"""Shipped scenarios are found by name."""

import pytest

from mockserver.scenario.library import find_shipped_file, list_shipped, read_shipped


def test_a_scenario_is_found_by_its_path_or_its_last_part():
    """The last part is enough where it is the only one."""
    assert find_shipped_file("classic/whole-exchange") == list_shipped()["classic/whole-exchange"]
    lasts = [name.rpartition("/")[2] for name in list_shipped()]
    alone = next(name for name in list_shipped() if lasts.count(name.rpartition("/")[2]) == 1)
    assert find_shipped_file(alone.rpartition("/")[2]) == list_shipped()[alone]
    assert "scenario: " in read_shipped(alone)


@pytest.mark.parametrize(
    "name", ["nothing", "whole-exchange", "", "../classic/whole-exchange", "classic"]
)
def test_other_names_are_none(name):
    """A name of none or of several is refused."""
    with pytest.raises(KeyError):
        find_shipped_file(name)

"""Typed keyword arguments are what the control API takes."""

from mockserver.client.arguments import (
    CallFilters,
    FaultFields,
    OpenFields,
    RequestFilters,
    WorldFields,
)
from mockserver.control.faults import FaultBody
from mockserver.control.routes import resolve
from mockserver.world.document import WorldDocument
from mockserver.world.faults.fault_kinds import FAULTS
from mockserver.world.opening_document import OpenDocument


def test_filters_are_the_query_of_the_route() -> None:
    """Calls are filtered by every query parameter of the route, except those for waiting."""
    route, _ = resolve("GET", "/_sandbox/sandboxes/a/requests")
    assert RequestFilters.__annotations__.keys() == set(route.query) - {"after", "wait"}


def test_assertions_filter_the_calls_of_one_method() -> None:
    """An assertion names its method, and looks at all calls."""
    names = RequestFilters.__annotations__.keys() - CallFilters.__annotations__.keys()
    assert names == {"method", "limit"}


def test_fields_to_open_are_those_of_the_document() -> None:
    """An exchange is opened with every field of the open document."""
    assert OpenFields.__annotations__.keys() == set(OpenDocument.__struct_fields__)


def test_fields_of_a_sandbox_are_those_of_the_world_document() -> None:
    """A sandbox is made with every key of the world document, or from a snapshot."""
    assert WorldFields.__annotations__.keys() == {*WorldDocument.__struct_fields__, "from"}


def test_fields_of_a_fault_are_those_of_all_kinds() -> None:
    """A fault takes what chooses calls, and the options of its kind; `as_` stands for `as`."""
    options = {option.name for kind in FAULTS.values() for option in kind.options}
    names = {*FaultBody.__struct_fields__, *options} - {"fault", "set"}
    assert {name.rstrip("_") for name in FaultFields.__annotations__} == names

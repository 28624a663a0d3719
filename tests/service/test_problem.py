"""Every refusal of a lower floor becomes a problem document; no other exception does."""

import pytest

from mockserver.domain.errors import DomainError, NoSuchExchange
from mockserver.domain.rules import DEFAULTS, BadRule
from mockserver.service.problem import exception_place, make_problem
from mockserver.world.document import BadDocument


def test_a_wrong_rule_is_a_bad_request_that_names_it():
    """A rule that does not exist is status 400, with its name as the field."""
    with pytest.raises(BadRule) as refused:
        DEFAULTS.with_changes({"no.such.rule": 1})
    problem = make_problem(refused.value)
    assert problem is not None
    assert (problem.status, problem.document()["field"]) == (400, "no.such.rule")


@pytest.mark.parametrize(("conflict", "status"), [(False, 400), (True, 409)])
def test_a_wrong_document_names_its_field(conflict, status):
    """A document that cannot be is 400, one that clashes with what exists is 409."""
    problem = make_problem(BadDocument("name", "中文", "English", conflict=conflict))
    assert problem is not None
    assert (problem.status, problem.more) == (status, {"field": "name"})


def test_an_unknown_exchange_is_not_found():
    """An exchange that the sandbox does not have is 404."""
    problem = make_problem(NoSuchExchange(1))
    assert problem is not None
    assert (problem.status, problem.more) == (404, {"field": "dispute_id"})


def test_any_refusal_of_the_domain_is_a_conflict():
    """A refusal of no class that has members of its own is 409, with its failure."""
    problem = make_problem(DomainError("中文", "English"))
    assert problem is not None
    assert (problem.status, problem.more) == (409, {"failure": "wrong_state"})


def test_an_error_of_our_own_is_no_refusal():
    """An exception that no lower floor refuses with has no problem document."""
    assert make_problem(ZeroDivisionError()) is None


def test_the_place_of_an_exception_has_no_value_of_the_call():
    """Class, function and line are named, the message is not; the place is `?` without them."""
    try:
        raise ValueError("secret")
    except ValueError as error:
        place = exception_place(error)
    assert place.startswith("ValueError at test_the_place_of_an_exception_has_no")
    assert exception_place(ValueError("secret")) == "ValueError at ?"

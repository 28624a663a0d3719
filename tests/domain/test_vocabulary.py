"""The wire codes and Chinese words of an exchange, as the API pages and the guide spell them."""

import pytest

from mockserver.domain.vocabulary import Actor, CsStatus, GoodStatus, Phase, Role, Ruleset, Status
from tests.oracle import CS_STATUS_TEXTS, ROLE_ACTORS, ROLE_TEXTS, STATUS_TEXTS


def test_statuses():
    """Nine statuses with their texts; the comma of status 3 is full-width, and there is no 11."""
    assert {status.value: status.zh for status in Status} == STATUS_TEXTS


def test_operator_roles():
    """Roles count from the seller's main account to the system's timeout."""
    assert {role.value: role.zh for role in Role} == ROLE_TEXTS


@pytest.mark.parametrize(("role", "actor"), ROLE_ACTORS.items())
def test_a_role_acts_for_a_party(role, actor):
    """Main and sub-account are the seller, a timeout is the system."""
    assert Role(role).actor is Actor(actor)


def test_customer_service_statuses():
    """The eleven numbers of the sibling refund API."""
    assert {status.value: status.zh for status in CsStatus} == CS_STATUS_TEXTS


def test_phases_and_good_statuses():
    """售中 1 and 售后 2; goods received, not received, returned."""
    assert {phase.value: phase.zh for phase in Phase} == {1: "售中换货", 2: "售后换货"}
    assert set(GoodStatus) == {"BUYER_NOT_RECEIVED", "BUYER_RECEIVED", "BUYER_RETURNED_GOODS"}


def test_rulesets():
    """Two named choices: the guide's flow and the one of 2023."""
    assert set(Ruleset) == {"classic", "upgraded"}

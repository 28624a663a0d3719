"""The robots' policies: what each promises in words holds in its data."""

from datetime import timedelta

import pytest

from mockserver.domain.behaviours import BEHAVIOURS
from mockserver.domain.evidence import Grade
from mockserver.domain.moves import AskCs, Cancel, ConfirmReceipt, Modify, ShipBack
from mockserver.domain.vocabulary import CsStatus, Status
from tests.oracle import DEADLINES

DAY, HOUR, SECOND = timedelta(days=1), timedelta(hours=1), timedelta(seconds=1)


def test_the_five_policies():
    """Five behaviours have an id, a label, a sentence in both languages, and are assumed."""
    assert {name: policy.label for name, policy in BEHAVIOURS.items()} == {
        "prompt": "及时",
        "slow": "拖延",
        "forgetful": "健忘",
        "adversarial": "刁难",
        "random": "随机",
    }
    for policy in BEHAVIOURS.values():
        assert policy.zh and policy.en
        assert policy.evidence.grade is Grade.ASSUMED


@pytest.mark.parametrize("policy", BEHAVIOURS.values(), ids=lambda policy: policy.name)
def test_every_party_has_something_to_do(policy):
    """A buyer may ship back, modify and confirm, a courier deliver.

    Weights are positive, spans go forward.
    """
    kinds = {type(choice.move) for choices in policy.buyer.values() for choice in choices}
    assert {ShipBack, Modify, ConfirmReceipt} <= kinds
    assert any(choice.move for choice in policy.courier)
    for choices in (*policy.buyer.values(), policy.courier, *policy.cs.values()):
        for choice in choices:
            assert choice.weight > 0
            assert timedelta() <= choice.delay.least <= choice.delay.most


@pytest.mark.parametrize("policy", BEHAVIOURS.values(), ids=lambda policy: policy.name)
def test_customer_service_always_moves_in_the_end(policy):
    """While customer service has a case in hand no deadline runs, so it never lets a case rest."""
    assert set(policy.cs) == {CsStatus.ASKED, CsStatus.STEPPED_IN}
    assert all(choice.move for choices in policy.cs.values() for choice in choices)


def test_a_prompt_buyer_takes_a_day_at_most():
    """Whatever a prompt buyer does, it does within a day."""
    choices = [choice for choices in BEHAVIOURS["prompt"].buyer.values() for choice in choices]
    assert all(
        choice.move and not choice.delay.ending and choice.delay.most <= DAY for choice in choices
    )


def test_a_slow_buyer_keeps_every_deadline():
    """A slow buyer acts in the second half of the time that it has, and in time."""
    for status, choices in BEHAVIOURS["slow"].buyer.items():
        for choice in choices:
            assert choice.move
            assert choice.delay.ending
            assert SECOND <= choice.delay.least <= choice.delay.most < DEADLINES[status] / 2


def test_a_forgetful_buyer_mostly_lets_it_rest():
    """In each of its states a forgetful buyer does nothing more often than something."""
    for choices in BEHAVIOURS["forgetful"].buyer.values():
        weights = {bool(choice.move): 0 for choice in choices}
        for choice in choices:
            weights[bool(choice.move)] += choice.weight
        assert weights[False] > weights[True]


def test_an_adversarial_buyer_is_difficult():
    """It modifies, asks for customer service, cancels late, and acts at the last second."""
    buyer = BEHAVIOURS["adversarial"].buyer
    assert {Modify, AskCs, Cancel} <= {
        type(choice.move) for choice in buyer[Status.WAIT_BUYER_MODIFY]
    }
    by_kind = {
        kind: [c for choices in buyer.values() for c in choices if isinstance(c.move, kind)]
        for kind in (ShipBack, ConfirmReceipt, Cancel)
    }
    for kind in (ShipBack, ConfirmReceipt):
        assert [(c.delay.ending, c.delay.least, c.delay.most) for c in by_kind[kind]] == [
            (True, SECOND, SECOND)
        ]
    assert by_kind[Cancel]
    assert all(c.delay.ending and c.delay.most <= 2 * HOUR for c in by_kind[Cancel])

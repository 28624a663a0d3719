"""A status is one definition and its rows: these tests name what a new status still lacks."""

import pytest

from mockserver.domain.rules import RULES
from mockserver.domain.table import FINAL_STATUSES, TABLE
from mockserver.domain.vocabulary import Actor, Status
from mockserver.reference.articles import build_articles

# what a trade shows for a sub-order.  Source: docs/spec/evidence-2026-11.md, sibling dispute API
REFUND_STATUSES = {
    "WAIT_SELLER_AGREE",
    "WAIT_BUYER_RETURN_GOODS",
    "WAIT_SELLER_CONFIRM_GOODS",
    "SELLER_REFUSE_BUYER",
    "CLOSED",
    "SUCCESS",
}


def find_missing_parts(status: Status) -> list[str]:
    """What the definition of a status, or the table, does not have for it."""
    out = [row for row in TABLE if row.source is status]
    expiries = [row for row in out if row.by is Actor.SYSTEM and row.deadline_rule]
    talkers = {row.by for row in out if row.move.name() == "leave_message"}
    is_final = status in FINAL_STATUSES
    parts = {
        "a Chinese text (vocabulary.py)": bool(status.zh),
        "an English text (vocabulary.py)": bool(status.en),
        "a known refund_status (vocabulary.py)": status.refund_status in REFUND_STATUSES,
        "its text rule": status.text_rule in RULES,
        "a row that leads to it (table.py)": any(row.target is status for row in TABLE),
        "a deadline (vocabulary.py), or none if the flow ends": bool(status.deadline)
        is not is_final,
        "an Expire row for its deadline (table.py)": bool(expiries) is not is_final,
        "its deadline rule": (status.deadline_rule in RULES) is not is_final,
        "rows that use its own deadline": all(
            row.deadline_rule == status.deadline_rule for row in expiries
        ),
        "messages of all parties while the flow runs": is_final
        or talkers == {Actor.BUYER, Actor.SELLER, Actor.CS},
        "an article that explains it": any(
            article.kind.endswith("status") and article.id == str(status.value)
            for article in build_articles()
        ),
    }
    return [part for part, is_there in parts.items() if not is_there]


@pytest.mark.parametrize("status", Status, ids=lambda status: str(status.value))
def test_a_status_is_complete(status):
    """Definition, texts, deadline, refund status, rows and reference of a status are all there."""
    assert find_missing_parts(status) == []


def test_a_status_is_found_by_its_number():
    """`Status(12)` is the status with code 12; another number is an error."""
    assert Status(12) is Status.WAIT_SELLER_CONSIGN
    with pytest.raises(ValueError, match="11"):
        Status(11)


@pytest.mark.parametrize("actor", Actor)
def test_the_main_role_of_a_party_acts_for_it(actor):
    """The role that stands for a party is one of its own."""
    assert actor.main_role.actor is actor

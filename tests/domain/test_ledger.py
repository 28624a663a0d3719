"""Stock accounts: entries move units between places, nothing is made or lost, all or nothing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.domain.errors import StockShort
from mockserver.domain.exchange import Entry
from mockserver.domain.ledger import Accounts, post_entries, set_available

PLACES = ["available", "reserved", "shipped", "returned", "outside"]
COUNTS = st.integers(0, 50)
ACCOUNTS = st.builds(
    Accounts,
    available=COUNTS,
    reserved=COUNTS,
    shipped=COUNTS,
    returned=COUNTS,
    outside=st.integers(-50, 50),
)
ENTRIES = st.lists(
    st.builds(
        Entry,
        sku=st.sampled_from(["B", "W", "new"]),
        num=st.integers(1, 9),
        source=st.sampled_from(PLACES),
        target=st.sampled_from(PLACES),
    ).filter(lambda entry: entry.source != entry.target),
    max_size=8,
)


def test_an_entry_takes_from_one_account_and_gives_to_another():
    """Reserving two of five leaves three; only the SKU that changed comes back."""
    accounts = {"W": Accounts(available=5), "B": Accounts(available=1)}

    changed = post_entries(accounts, [Entry("W", 2, "available", "reserved")])

    assert changed == {"W": Accounts(available=3, reserved=2)}


def test_entries_follow_one_another():
    """A later entry may take what an earlier one gave."""
    entries = [Entry("W", 2, "available", "reserved"), Entry("W", 2, "reserved", "shipped")]

    assert post_entries({"W": Accounts(available=2)}, entries) == {"W": Accounts(shipped=2)}


@pytest.mark.parametrize("source", ["available", "reserved", "shipped", "returned"])
def test_an_account_cannot_give_more_than_it_holds(source):
    """The refusal names account, SKU, what was wanted and what was left."""
    with pytest.raises(StockShort) as short:
        post_entries({"W": Accounts(**{source: 1})}, [Entry("W", 2, source, "outside")])

    assert (short.value.sku, short.value.account, short.value.quantity, short.value.left) == (
        "W",
        source,
        2,
        1,
    )
    assert short.value.failure == "no_stock"


def test_outside_balances():
    """Goods come in from outside however many there were."""
    assert post_entries({}, [Entry("B", 3, "outside", "returned")]) == {
        "B": Accounts(returned=3, outside=-3)
    }


def test_one_entry_that_fails_stops_all():
    """Nothing changes when a later entry cannot be met."""
    accounts = {"W": Accounts(available=1), "B": Accounts()}

    with pytest.raises(StockShort):
        post_entries(
            accounts, [Entry("W", 1, "available", "reserved"), Entry("B", 1, "reserved", "shipped")]
        )

    assert accounts == {"W": Accounts(available=1), "B": Accounts()}


@settings(deadline=None)
@given(before=st.fixed_dictionaries({"B": ACCOUNTS, "W": ACCOUNTS}), entries=ENTRIES)
def test_posting_keeps_every_total(before, entries):
    """Whatever is posted, each SKU's sum over all places stays."""
    try:
        after = {**before, **post_entries(before, entries)}
    except StockShort:
        after = before

    for sku, accounts in after.items():
        assert accounts.total == before.get(sku, Accounts()).total
        assert min(accounts.available, accounts.reserved, accounts.shipped, accounts.returned) >= 0


@settings(deadline=None)
@given(accounts=ACCOUNTS, available=st.integers(0, 1000))
def test_setting_stock_is_balanced_against_outside(accounts, available):
    """Setting the shelf changes `available` and `outside` only, and the sum stays."""
    after = set_available(accounts, available)

    assert after.available == available
    assert after.total == accounts.total
    assert (after.reserved, after.shipped, after.returned) == (
        accounts.reserved,
        accounts.shipped,
        accounts.returned,
    )

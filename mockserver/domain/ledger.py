"""Stock as double-entry bookkeeping: where each unit of each SKU is.

The model.  Every SKU has five accounts: `available` on the shelf, `reserved` (预占) for an
exchange, `shipped` to a buyer, `returned` by a buyer, and `outside`, which stands for everywhere
else and may be negative.  Goods never appear or vanish, they only change their account: an
`Entry` takes units from one account and adds them to another.  So the sum over the five is
constant for ever, whatever moves, deadlines and faults happen, and one property test (`total`
before and after) holds the whole bookkeeping.

A row of the table does not contain numbers.  It has `Posting`s, kinds of entries: of which goods
(the exchange's wanted or bought SKU), how many units (the number of the exchange, or what it has
reserved), from which account to which.  `play.py` turns postings into entries; `post_entries`
applies them to the accounts, all or none.

A test that sets stock by hand ("there are 3 on the shelf") would create goods; `set_available`
takes them from `outside`, so even then the sum stays.  What would break: a posting whose two
sides count different units; an account that is changed without an entry (the sum would move and
nobody could say which move did it); entries applied one by one (a shortage in the second would
leave the first).

Knows no exchange.  Source: docs/spec/exchange-guide.md#guide-7 (check, then reserve) and
docs/spec/rules.md#rules-stock; the accounts other than available and reserved are assumed.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from .errors import StockShort
from .exchange import Entry

__all__ = ["Accounts", "Posting", "post_entries", "set_available"]


class Accounts(Struct, frozen=True, gc=False):
    """Units of one SKU by place; `outside` balances the others, so the sum never changes."""

    available: int = 0
    reserved: int = 0
    shipped: int = 0
    returned: int = 0
    outside: int = 0

    @property
    def total(self) -> int:
        """The sum of all accounts: constant over every move."""
        return self.available + self.reserved + self.shipped + self.returned + self.outside


class Posting(Struct, frozen=True):
    """A kind of entry: of which goods, how many units, from account `source` to account `target`.

    `goods` names the exchange's field with the SKU, `units` its field with the count (`num`,
    `reserved`).
    """

    zh: str
    goods: str
    units: str
    source: str
    target: str


def post_entries(accounts: Mapping[str, Accounts], entries: Iterable[Entry]) -> dict[str, Accounts]:
    """Return the accounts by SKU that change, as they are after all entries; `accounts` stays.

    Raises:
        StockShort: an account other than `outside` would fall below zero.
    """
    changed: dict[str, Accounts] = {}
    for entry in entries:
        before = changed.get(entry.sku) or accounts.get(entry.sku) or Accounts()
        held = getattr(before, entry.source)
        if held < entry.num and entry.source != "outside":
            raise StockShort(sku=entry.sku, account=entry.source, quantity=entry.num, left=held)
        changed[entry.sku] = replace(
            before,
            **{
                entry.source: held - entry.num,
                entry.target: getattr(before, entry.target) + entry.num,
            },
        )
    return changed


def set_available(accounts: Accounts, available: int) -> Accounts:
    """Return the accounts with `available` units on the shelf, balanced against `outside`."""
    return replace(
        accounts, available=available, outside=accounts.outside + accounts.available - available
    )

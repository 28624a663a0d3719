"""Stock accounts: where each unit of each SKU is.

An entry takes from one account and gives to another, so nothing is made or lost.
Knows no exchange; play.py decides which entries a move posts.  Source: docs/spec/exchange-guide.md#guide-7
(check, then reserve); the other accounts are assumed.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from .errors import StockShort
from .exchange import Entry

__all__ = ["Accounts", "Posting", "post_entries", "set_available"]


class Accounts(Struct, frozen=True, gc=False):
    """Units of one SKU by place; `outside` balances, so the sum never changes."""

    available: int = 0
    reserved: int = 0
    shipped: int = 0
    returned: int = 0
    outside: int = 0

    @property
    def total(self) -> int:
        """All units, `outside` included: constant over every move."""
        return self.available + self.reserved + self.shipped + self.returned + self.outside


class Posting(Struct, frozen=True):
    """A kind of entry: of which goods, how many units, from which account to which.

    `goods` names the exchange's SKU field; `units` the field that counts: `num` or `reserved`.
    """

    zh: str
    goods: str
    units: str
    source: str
    target: str


def post_entries(accounts: Mapping[str, Accounts], entries: Iterable[Entry]) -> dict[str, Accounts]:
    """The accounts that change, after all entries; none changes if one entry cannot be met.

    Raises:
        StockShort: an account other than `outside` would fall below zero.
    """
    changed: dict[str, Accounts] = {}
    for entry in entries:
        before = changed.get(entry.sku) or accounts.get(entry.sku) or Accounts()
        left = getattr(before, entry.source) - entry.num
        if left < 0 and entry.source != "outside":
            raise StockShort(
                sku=entry.sku, account=entry.source, wanted=entry.num, left=left + entry.num
            )
        changed[entry.sku] = replace(
            before, **{entry.source: left, entry.target: getattr(before, entry.target) + entry.num}
        )
    return changed


def set_available(accounts: Accounts, available: int) -> Accounts:
    """The accounts with `available` units on the shelf, balanced against `outside`."""
    return replace(
        accounts, available=available, outside=accounts.outside + accounts.available - available
    )

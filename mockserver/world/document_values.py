"""Values of documents as numbers: ids and prices; and ids that nobody set."""

import re

from .document import BadDocument

__all__ = ["make_long_id", "parse_id", "parse_price"]


def make_long_id(seed: int, series: int, number: int) -> int:
    """Return an odd 18-digit id: above 2^53, so a client that keeps it in a double fails here."""
    return series * 10**17 + (seed % 997) * 10**13 + number * 20_014 + 7


def parse_id(value: str | int | None, field: str) -> int:
    """Return an id that is written as a number or as digits; 0 if there is none.

    Raises:
        BadDocument: no digits, or beyond int64, which no call could name.
    """
    text = "" if value is None else str(value)
    if text and not (
        text.isascii() and text.isdigit() and len(text) < 20 and 0 < int(text) < 2**63
    ):
        raise BadDocument(field, "应为数字(int64)", "digits within int64 are wanted")
    return int(text or 0)


def parse_price(price: str | int | float, field: str) -> int:
    """Return a price in yuan as fen.

    Raises:
        BadDocument: not a price with at most two decimals.
    """
    decimal = re.fullmatch(r"(\d{1,12})(?:\.(\d)(\d)?0*)?", str(price), re.ASCII)
    if not decimal:
        raise BadDocument(field, '应为价格，例如 "199.00"', 'a price such as "199.00"')
    yuan, tenth, hundredth = decimal.groups()
    return int(yuan) * 100 + int(tenth or 0) * 10 + int(hundredth or 0)

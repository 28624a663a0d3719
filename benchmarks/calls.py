"""Signed calls, built before the clock runs: the caller's work must not count as the server's.

Knows neither sockets nor rounds.  Credentials are the documented ones of the default sandbox.
"""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlencode

from mockserver.protocol.shapes import BEIJING, format_time
from mockserver.protocol.signing import sign
from mockserver.world.default_world import APP_KEY, APP_SECRET, SESSION

__all__ = ["APP_KEY", "APP_SECRET", "FIELDS", "WRITTEN", "agrees", "gets", "lists", "signed"]

# the 21 fields that the API page of tmall.exchange.get lists for both reads
FIELDS = (
    "dispute_id,bizorder_id,num,buyer_nick,status,created,modified,reason,title,buyer_logistic_no,seller_logistic_no,"
    "bought_sku,exchange_sku,buyer_address,address,buyer_phone,buyer_logistic_name,seller_logistic_name,alipay_no,"
    "buyer_name,seller_nick"
)
WRITTEN = "dispute_id,bizorder_id,status,modified"  # all that writes answer
_ADDRESS = 10_000_002  # contact_id of the default sandbox's return address


def signed(method: str, *, format: str = "json", **business: object) -> bytes:
    """An urlencoded body with its md5 sign."""
    texts = {
        "method": method,
        "app_key": APP_KEY,
        "session": SESSION,
        "v": "2.0",
        "format": format,
        "sign_method": "md5",
        "timestamp": format_time(datetime.now(BEIJING)),
        **{name: str(value) for name, value in business.items()},
    }
    return urlencode({**texts, "sign": sign(texts, APP_SECRET)}).encode()


def gets(ids: Iterable[str], format: str = "json") -> list[bytes]:
    """One `tmall.exchange.get` for each exchange."""
    return [
        signed("tmall.exchange.get", format=format, fields=FIELDS, dispute_id=dispute_id)
        for dispute_id in ids
    ]


def agrees(ids: Iterable[str]) -> list[bytes]:
    """One `tmall.exchange.agree` for each exchange."""
    return [
        signed(
            "tmall.exchange.agree",
            fields=WRITTEN,
            dispute_id=dispute_id,
            address_id=_ADDRESS,
            leave_message="同意换货，请寄回",
        )
        for dispute_id in ids
    ]


def lists(format: str, rows: int) -> list[bytes]:
    """`tmall.exchange.receive.get`, the first page of `rows` rows."""
    return [
        signed(
            "tmall.exchange.receive.get", format=format, fields=FIELDS, page_no=1, page_size=rows
        )
    ]

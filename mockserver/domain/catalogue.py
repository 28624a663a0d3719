"""What surrounds an exchange: shops, addresses, goods, buyers, trades, carriers, refuse reasons.

Frozen values only; a sandbox fills them from its world document or its seed.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from types import MappingProxyType

from msgspec import Struct

from .vocabulary import Phase, Status

__all__ = [
    "Address",
    "Buyer",
    "Carrier",
    "Goods",
    "Reason",
    "Shop",
    "Trade",
    "list_accepted_names",
    "refusal_stage",
]

# Spellings that integrators send as logistics_company_name, with the name in the carrier table.
_CARRIER_SPELLINGS: Mapping[str, str] = MappingProxyType(
    {
        "顺丰快递": "顺丰速运",
        "顺丰": "顺丰速运",
        "邮政EMS": "EMS",
        "EMS快递": "EMS",
        "EMS经济快递": "邮政电商标快EYB",
        "百世快递": "极兔速递",
        "汇通快递": "极兔速递",
        "百世汇通": "极兔速递",
        "极兔快递": "极兔速递",
        "圆通快递": "圆通速递",
        "韵达速递": "韵达快递",
        "中通速递": "中通快递",
        "申通": "申通快递",
        "速尔": "速尔快递",
        "邮政小包": "邮政快递包裹",
    }
)


class Address(Struct, frozen=True, gc=False):
    """A seller's address; exactly one of a shop has `cancel_def` (the default return address)."""

    contact_id: int
    contact_name: str
    province: str
    city: str
    country: str
    addr: str
    zip_code: str
    phone: str
    mobile_phone: str
    seller_company: str
    memo: str
    area_id: int
    send_def: bool
    get_def: bool
    cancel_def: bool
    modify_date: str

    def text(self) -> str:
        """Return the address as an exchange shows it, in one line."""
        place = f"{self.province}{self.city}{self.country}{self.addr}"
        return f"{place} {self.contact_name} {self.mobile_phone}".strip()


class Shop(Struct, frozen=True):
    """A seller with its addresses."""

    nick: str
    seller_id: int
    addresses: tuple[Address, ...]

    def return_addresses(self) -> dict[int, str]:
        """Return the addresses as text by contact_id, the default return address first."""
        ordered = sorted(self.addresses, key=lambda address: not address.cancel_def)
        return {address.contact_id: address.text() for address in ordered}


class Goods(Struct, frozen=True, gc=False):
    """A SKU on sale; price in fen."""

    name: str
    sku_id: str
    num_iid: int
    outer_id: str
    title: str
    price: int


class Buyer(Struct, frozen=True, gc=False):
    """A buyer with the address of the trade; `address` is 省^^^市^^^区^^^详细."""

    nick: str
    open_uid: str
    user_id: int
    name: str
    phone: str
    address: str
    oaid: str


class Trade(Struct, frozen=True, gc=False):
    """A trade with its one sub-order, as an exchange needs it; payment in fen.

    `consigned`, `company` and `waybill` say how the seller shipped it, empty if that is unknown;
    `modified` is when the seller last changed it.
    """

    tid: int
    oid: int
    shop: str
    buyer: str
    sku_id: str
    num: int
    payment: int
    created: datetime
    status: str = "TRADE_FINISHED"
    modified: datetime | None = None
    consigned: datetime | None = None
    company: str = ""
    waybill: str = ""


class Carrier(Struct, frozen=True, gc=False):
    """A carrier as taobao.logistics.companies.get names it."""

    id: int
    code: str
    name: str
    reg_mail_no: str = ""


def list_accepted_names(carriers: Iterable[Carrier]) -> Iterator[str]:
    """Yield the names that a shipment may give: those of `carriers`, then other spellings of them.

    Source: docs/spec/evidence-2026-11.md#evidence-3.2.
    """
    names = [carrier.name for carrier in carriers]
    yield from names
    yield from (spelling for spelling, name in _CARRIER_SPELLINGS.items() if name in names)


class Reason(Struct, frozen=True, gc=False):
    """A refuse reason: for which stage (`application` or `receipt`) and which kinds of dispute."""

    reason_id: int
    reason_text: str
    stage: str
    phases: tuple[Phase, ...] = (Phase.ONSALE, Phase.AFTERSALE)


def refusal_stage(status: Status) -> str:
    """Return which refuse reasons hold in `status`: `receipt` in status 3, else `application`.

    Inferred from an integrator's code.  Source: docs/spec/exchange-api.md#api-3.11.
    """
    return "receipt" if status is Status.WAIT_SELLER_CONFIRM else "application"

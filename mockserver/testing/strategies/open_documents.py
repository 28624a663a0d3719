"""Open documents: what `sandbox.open(…)` takes."""

from datetime import datetime

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...domain.moves import MAX_UNITS
from ...domain.vocabulary import CsStatus, GoodStatus, Status
from ...protocol.shapes import BEIJING
from ...world.default_world import DEFAULT
from ...world.opening_document import OpenDocument
from .struct_documents import Document, documents_of
from .values import INT64, ids, instants, nicks, numbers, phones, places, prices, tokens, waybills

__all__ = ["applications", "exchanges"]

_LEFT_OUT = (  # other spellings of other fields, and other shops
    "biz_order_id",
    "bizorder_id",
    "alipay_no",
    "shop",
    "count",
)


def exchanges() -> SearchStrategy[Document]:
    """Draw what `sandbox.open(**…)` takes: wire names of tmall.exchange.get, at any status.

    The sandbox may have any goods.
    """
    drawn = applications(
        *(name for name in OpenDocument.__struct_fields__ if name not in _LEFT_OUT)
    )
    return st.builds(
        _respell_ids,
        drawn,
        st.sampled_from(("oid", "biz_order_id", "bizorder_id")),
        st.sampled_from(("tid", "alipay_no")),
    )


def applications(*names: str) -> SearchStrategy[Document]:
    """Draw an open document of these fields at most."""
    skus = st.sampled_from([item.name for item in DEFAULT.goods]) | ids()
    days = _days()
    by_name = {
        "dispute_id": ids(),
        "tid": ids(),
        "oid": ids(),
        "status": _statuses(),
        "num": st.integers(1, 3) | numbers(1, MAX_UNITS),
        "price": prices(),
        "payment": prices(),
        "bought_sku": skus,
        "exchange_sku": skus,
        "new_bought_sku": ids(),
        "good_status": st.sampled_from([status.value for status in GoodStatus]),
        "buyer_nick": nicks(),
        "buyer_phone": phones(),
        "buyer_address": places(),
        "buyer_open_uid": tokens(),
        "oaid": tokens(),
        "buyer_logistic_no": waybills(),
        "seller_logistic_no": waybills(),
        "refund_phase": st.sampled_from(("onsale", "aftersale")),
        "time_out": days,
        "refund_version": numbers(0, INT64),
        "advance_status": numbers(0, 9),
        "cs_status": st.sampled_from([status.value for status in CsStatus]),
        "attributes": st.sampled_from(("{}", '{"newExchangeRepair":"1"}')),
        "created": days,
        "modified": days,
    }
    return documents_of(
        OpenDocument,
        by_name,
        without=tuple(name for name in OpenDocument.__struct_fields__ if name not in names),
    )


def _respell_ids(opened: Document, oid: str, tid: str) -> Document:
    """Return the document with its trade ids under these names, and `created` before `modified`."""
    if "created" in opened and "modified" in opened:
        opened["created"], opened["modified"] = sorted((opened["created"], opened["modified"]))
    return {{"oid": oid, "tid": tid}.get(name, name): value for name, value in opened.items()}


def _statuses() -> SearchStrategy[str | int]:
    """Draw a status, by its number or by its text."""
    return st.sampled_from([status.value for status in Status]) | st.sampled_from(
        [status.zh for status in Status]
    )


def _days() -> SearchStrategy[str]:
    """Draw an instant of the years in which there are exchanges."""
    return instants(datetime(2016, 1, 1, tzinfo=BEIJING), datetime(2036, 1, 1, tzinfo=BEIJING))

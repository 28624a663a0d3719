"""World documents and their parts."""

import re
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from ...api.methods import METHODS
from ...domain.behaviours import BEHAVIOURS, Party
from ...domain.rules import RULES, Rule
from ...protocol.shapes import BEIJING
from ...world.clock import EARLIEST, LATEST
from ...world.default_world import DEFAULT
from ...world.document import (
    AddressDocument,
    AppDocument,
    BuyerDocument,
    CarrierDocument,
    ClockDocument,
    GoodsDocument,
    QuotaDocument,
    ReasonDocument,
    RobotsDocument,
    ShopDocument,
    SubDocument,
    TradeDocument,
    WorldDocument,
)
from ...world.quotas import BAN_SUB_CODES
from ...world.trades_document import TRADE_STATUSES
from .faults import faults
from .struct_documents import MAX_ITEMS, Document, documents_of, documents_with, lists_of
from .values import (
    INT64,
    durations,
    ids,
    instants,
    names,
    nicks,
    numbers,
    phones,
    places,
    prices,
    tokens,
    words,
)

__all__ = ["addresses", "buyers", "goods", "shops", "worlds"]

_MAX_STOCK = 2**31 - 1
_MAX_CALLS = 10**9  # of a quota
_FIRST_ALWAYS_ID = 9_001  # of the reasons that always apply
_RESERVED_NAMES = ("default", "none", "baseline", "empty")


def addresses() -> SearchStrategy[Document]:
    """Draw a seller's address; at most one of a shop has `cancel_def`."""
    return documents_with(
        AddressDocument,
        {
            "area_id": numbers(110_000, 659_999),
            "phone": phones(),
            "mobile_phone": phones(),
            "modify_date": instants(),
        },
        contact_id=ids(),
    )


def goods() -> SearchStrategy[Document]:
    """Draw a SKU as it stands below its name in `goods`."""
    return documents_of(
        GoodsDocument,
        {
            "sku_id": ids(),
            "num_iid": ids(),
            "outer_id": ids() | words(),
            "price": prices(),
            "stock": numbers(0, _MAX_STOCK),
        },
    )


def buyers() -> SearchStrategy[Document]:
    """Draw a buyer."""
    by_name = {"phone": phones(), "address": places(), "open_uid": tokens(), "oaid": tokens()}
    return documents_with(BuyerDocument, by_name, nick=nicks())


def shops() -> SearchStrategy[Document]:
    """Draw a shop with sub-accounts and addresses, of which one is for returns."""
    sub = documents_with(SubDocument, {"session": tokens(), "methods": _methods()}, nick=nicks())
    by_name = {
        "seller_id": ids(),
        "session": tokens(),
        "addresses": lists_of(addresses(), "contact_id", least=1),
        "subs": lists_of(sub, "nick", least=0),
    }
    return (
        documents_with(ShopDocument, by_name, nick=nicks())
        .map(_keep_one_default)
        .map(_prefix_subs)
        .map(lambda shop: _drop_repeated_sessions([shop])[0])
    )


def _keep_one_default(shop: Document) -> Document:
    """Return the shop with at most its first address as the default return address."""
    if "addresses" not in shop:
        return shop
    first, *others = shop["addresses"]
    return {**shop, "addresses": [first, *({**address, "cancel_def": False} for address in others)]}


def _prefix_subs(shop: Document) -> Document:
    """Return the shop with its own nick in front of its sub-accounts'."""
    if "subs" not in shop:
        return shop
    return {
        **shop,
        "subs": [{**sub, "nick": f"{shop['nick']}:{sub['nick']}"} for sub in shop["subs"]],
    }


def _methods() -> SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(METHODS)), unique=True)


def worlds() -> SearchStrategy[Document]:
    """Draw a world document.

    It has keys that `Sandbox(…)`, a scenario's `given` and the marker take.
    """
    return documents_of(
        WorldDocument,
        {
            "name": names().filter(
                lambda name: name not in _RESERVED_NAMES and not re.fullmatch(r"s\d+", name)
            ),
            "seed": st.integers(0, 999),
            "clock": _clocks(),
            "rules": _rules(),
            "robots": _robots(),
            "quotas": st.lists(_quotas(), max_size=MAX_ITEMS),
            "faults": st.lists(faults(), max_size=MAX_ITEMS),
            "exchanges": st.just([]),  # `exchanges` draws them; each is opened by the test
            "apps": lists_of(
                documents_with(
                    AppDocument, {"app_secret": tokens(), "methods": _methods()}, app_key=ids()
                ),
                "app_key",
                least=1,
            ),
            "shops": lists_of(shops(), "nick", least=1).map(_drop_repeated_sessions),
            "goods": st.dictionaries(
                st.sampled_from([item.name for item in DEFAULT.goods]) | names(),
                goods(),
                max_size=MAX_ITEMS,
            ).map(_drop_repeated_skus),
            "buyers": lists_of(buyers(), "nick", least=1),
            "trades": _trades(),
            "carriers": st.lists(
                documents_of(CarrierDocument, {"id": numbers(-1, INT64)}), max_size=MAX_ITEMS
            ),
            "reasons": _reasons(),
        },
    )


def _trades() -> SearchStrategy[list[Document]]:
    """Draw sub-orders, each a trade of its own, of goods that every sandbox has."""
    return lists_of(
        documents_with(
            TradeDocument,
            {"num": st.integers(1, 99)},
            oid=st.integers(1, INT64),
            goods=st.sampled_from(("bought", "wanted")),
            status=st.sampled_from(TRADE_STATUSES),
            tid=st.none(),
            shop=st.just(""),
            buyer=st.just(""),
            payment=st.none(),
            created=st.none(),
        ),
        "oid",
        least=0,
    )


def _reasons() -> SearchStrategy[list[Document]]:
    """Draw reasons.

    Each step of an exchange has one that always applies, so that every refusal can be played.
    """
    steps = ("application", "receipt")
    always = [
        {"reason_id": number, "reason_text": "其他", "stage": step}
        for number, step in enumerate(steps, _FIRST_ALWAYS_ID)
    ]
    reasons = documents_with(
        ReasonDocument,
        {"stage": st.sampled_from(steps)},
        reason_id=st.integers(1, _FIRST_ALWAYS_ID - 1),
        reason_text=words(),
    )
    return lists_of(reasons, "reason_id", least=0).map(lambda drawn: [*drawn, *always])


def _drop_repeated_sessions(drawn: list[Document]) -> list[Document]:
    """Return the shops without sessions that stand twice: the product makes up others."""
    used: set[str] = set()
    return [
        {
            **_without_repeated(shop, "session", used),
            **(
                {"subs": [_without_repeated(sub, "session", used) for sub in shop["subs"]]}
                if "subs" in shop
                else {}
            ),
        }
        for shop in drawn
    ]


def _drop_repeated_skus(drawn: dict[str, Document]) -> dict[str, Document]:
    """Return the goods without SKUs that stand twice: the product makes up others."""
    used: set[str] = set()
    return {name: _without_repeated(item, "sku_id", used) for name, item in drawn.items()}


def _without_repeated(document: Document, key: str, used: set[str]) -> Document:
    """Return the document without its `key` if `used` has the value.

    The value is added to `used`.
    """
    value = str(document.get(key, ""))
    repeated = value in used
    used.add(value)
    return {name: item for name, item in document.items() if not repeated or name != key}


def _clocks() -> SearchStrategy[Any]:
    now = instants(
        datetime(EARLIEST + 1, 1, 1, tzinfo=BEIJING), datetime(LATEST - 1, 1, 1, tzinfo=BEIJING)
    )
    return now | documents_of(
        ClockDocument, {"mode": st.sampled_from(("frozen", "running")), "now": now}
    )


def _rules() -> SearchStrategy[Document]:
    return st.fixed_dictionaries(
        {}, optional={name: _values_of_rule(rule) for name, rule in RULES.items()}
    )


def _values_of_rule(rule: Rule) -> SearchStrategy[Any]:
    if rule.among:
        return st.sampled_from(rule.among)
    if isinstance(rule.default, timedelta):
        return durations()
    if isinstance(rule.default, int) and not isinstance(rule.default, bool):
        return numbers(rule.least, rule.most)
    return st.booleans() if isinstance(rule.default, bool) else words()


def _robots() -> SearchStrategy[Document]:
    behaviours = st.sampled_from(sorted(BEHAVIOURS))
    return documents_of(
        RobotsDocument,
        {
            **{party.value: behaviours for party in Party},
            "applies": durations(timedelta(minutes=1)),
        },
    )


def _quotas() -> SearchStrategy[Document]:
    patterns = st.sampled_from([*sorted(METHODS), "tmall.exchange.*", ""])
    by_name = {"method": patterns, "sub_code": st.sampled_from(BAN_SUB_CODES)}
    return documents_with(
        QuotaDocument,
        by_name,
        per=st.sampled_from(("second", "day")),
        limit=numbers(0, _MAX_CALLS),
        app_key=st.just(""),
    )

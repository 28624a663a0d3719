"""Make a state from a world document: what the document sets stays verbatim, the rest comes from
the seed."""

import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import asdict, replace

from ..api.methods import METHODS
from ..domain.catalogue import Address, Buyer, Carrier, Goods, Reason, Shop, Trade
from ..domain.ledger import Accounts
from ..domain.rules import DEFAULTS, BadRule
from ..domain.table_index import SHIPPED_TABLE, TableIndex
from ..domain.vocabulary import Role
from .authorization import Authorizations
from .clock import FROZEN_AT, Clock
from .default_world import APP_KEY, APP_SECRET, CARRIERS, REASONS, SESSION, SUB_SESSION, Made
from .document import (
    BadDocument,
    BuyerDocument,
    CarrierDocument,
    ClockDocument,
    GoodsDocument,
    ReasonDocument,
    ShopDocument,
    SubDocument,
    WorldDocument,
    read_instant,
)
from .document_values import make_long_id, parse_id, parse_price
from .generated_names import generate_names
from .identity import App, Session
from .operations import Founded
from .quotas import read_quotas
from .robots import read_robots, set_robots
from .state import State
from .trades_document import add_trades

__all__ = ["STOCK", "keep_credentials", "make_state", "new_credentials", "to_clock"]

STOCK = 100
_SUB_ID = 1  # a sub-account's user id is the seller's plus its place


def _check_labels(state: State) -> None:
    """Raise unless every session differs from all others in its label and nick.

    Raises:
        BadDocument: two share one.
    """
    labels = [session.label for session in state.sessions.values()]
    nicks = [session.nick for session in state.sessions.values() if session.nick != session.label]
    _once("shops.nick", [*labels, *nicks])


def make_state(
    document: WorldDocument, owner: str, real: datetime, table: TableIndex = SHIPPED_TABLE
) -> State:
    """Return the state that `document` describes.

    App keys and sessions that it does not name are made from `owner`, the sandbox's id: the same
    id has the same ones in every process.  An empty owner is the default sandbox with its
    documented constants.

    Raises:
        BadDocument: a value that cannot be, with its field.
    """
    made = generate_names(document.seed)
    state = State(to_clock(document.clock, real), DEFAULTS, document.ruleset, table)
    try:
        state.rules = DEFAULTS.with_changes(document.rules)
    except BadRule as wrong:
        raise BadDocument(f"rules.{wrong.name}", wrong.zh, wrong.en) from None
    state.numbers["seed"] = document.seed
    state.operations.append(Founded(0, state.clock.at, document))
    set_robots(state, read_robots(document.robots, "robots."), state.clock.at)
    for app in _apps(document, owner):
        _require_new("apps.app_key", app.app_key, state.apps)
        state.apps[app.app_key] = app
    for shop, sessions in _shops(document, made, owner):
        _require_new("shops.nick", shop.nick, state.shops)
        _once("shops.addresses.contact_id", [address.contact_id for address in shop.addresses])
        state.shops[shop.nick] = shop
        for session in sessions:
            if session.token in state.sessions:  # not by `_once`: a token is never shown
                raise BadDocument("shops.session", "session 重复", "a session is given twice")
            state.sessions[session.token] = session
    _check_labels(state)
    for goods, stock in _goods(document, made):
        _require_new(f"goods.{goods.name}.sku_id", goods.sku_id, state.accounts)
        state.goods[goods.name] = goods
        state.accounts[goods.sku_id] = Accounts(available=stock)
    buyers: Sequence[Buyer] = made.buyers
    if document.buyers is not None:
        buyers = [_buyer(buyer, place) for place, buyer in enumerate(document.buyers, 1)]
    _once("buyers.nick", [buyer.nick for buyer in buyers])
    state.buyers = {buyer.nick: buyer for buyer in buyers}
    state.carriers = CARRIERS if document.carriers is None else tuple(_carriers(document.carriers))
    state.reasons = REASONS if document.reasons is None else tuple(_reasons(document.reasons))
    _once("reasons.reason_id", [reason.reason_id for reason in state.reasons])
    _first_trades(state)
    add_trades(state, document.trades)
    state.quotas = read_quotas(document.quotas, METHODS, state.apps)
    return state


def _once(field: str, keys: Iterable[str | int]) -> None:
    """Raise if a key stands twice.

    Raises:
        BadDocument: one does.
    """
    before: set[str | int] = set()
    for key in keys:
        _require_new(field, key, before)
        before.add(key)


def _require_new(field: str, key: str | int, before: Container[str | int]) -> None:
    """Raise if a key stands among those before it.

    Raises:
        BadDocument: it does.
    """
    if key in before:
        raise BadDocument(field, f"{key} 重复", f"{key} is given twice")


def new_credentials(state: State, owner: str) -> None:
    """Give a state from a snapshot an app and sessions made from `owner`; keep rights and
    quotas."""
    app = next(iter(state.apps.values()))
    key = _app_key(owner)
    state.quotas = tuple(
        replace(quota, app_key=key) if quota.app_key == app.app_key else quota
        for quota in state.quotas
    )
    state.apps = {key: replace(app, app_key=key, app_secret=app.app_secret or APP_SECRET)}
    state.authorizations = Authorizations()
    sessions = [
        replace(session, token=_token(owner, session.nick, session.user_id))
        for session in state.sessions.values()
    ]
    state.sessions = {session.token: session for session in sessions}


def keep_credentials(state: State, current: State) -> None:
    """Give a restored state the keys, secrets and tokens that callers hold, with the rights it
    saved.

    A session that was not saved keeps its rights; if its shop is gone, it belongs to the first one.
    """
    saved = {session.label: session for session in state.sessions.values()}
    state.authorizations = current.authorizations
    first_shop = next(iter(state.shops))
    state.sessions = {
        token: replace(saved.get(session.label, session), token=token)
        for token, session in current.sessions.items()
    }
    for token, session in state.sessions.items():
        if session.shop not in state.shops:
            state.sessions[token] = replace(session, shop=first_shop)
    state.apps = {
        key: replace(app, methods=state.apps[key].methods if key in state.apps else app.methods)
        for key, app in current.apps.items()
    }


def to_clock(document: str | ClockDocument | None, real: datetime) -> Clock:
    """Return the clock that a document describes; without one, frozen at FROZEN_AT.

    Raises:
        BadDocument: no such mode, or not a time.
    """
    if isinstance(document, ClockDocument):
        if document.mode not in ("frozen", "running"):
            raise BadDocument("clock.mode", "应为 frozen 或 running", "frozen or running")
        now = (
            real.replace(microsecond=0)
            if document.now is None
            else read_instant(document.now, "clock.now")
        )
        return Clock(
            at=now, anchor=real.replace(microsecond=0) if document.mode == "running" else None
        )
    return Clock(at=read_instant(document or FROZEN_AT, "clock"))


def _digest(*parts: object) -> str:
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()


def _app_key(owner: str, place: int = 0) -> str:
    """Return the key of the app at `place`: 12 digits; APP_KEY is the default sandbox's first."""
    if not (owner or place):
        return APP_KEY
    return f"10{int(_digest('app', owner, place)[:16], 16) % 10**10:010}"


def _token(owner: str, nick: str, user_id: int) -> str:
    """Return a session shaped like TOP's: class, hex, user id at the end; 56 characters."""
    tail = str(user_id)
    return "610" + _digest("session", owner, nick)[: 53 - len(tail)] + tail


def _apps(document: WorldDocument, owner: str) -> Iterator[App]:
    for place, app in enumerate(document.apps or (None,)):
        if app is None:
            yield App(_app_key(owner), APP_SECRET)
            continue
        key = str(app.app_key) or _app_key(owner, place)
        methods = None if app.methods is None else frozenset(app.methods)
        yield App(key, app.app_secret or APP_SECRET, methods)


def _shops(document: WorldDocument, made: Made, owner: str) -> Iterator[tuple[Shop, list[Session]]]:
    for place, shop in enumerate(document.shops or (ShopDocument(),)):
        nick = shop.nick or (made.shop if place == 0 else f"{made.shop}{place + 1}")
        seller_id = parse_id(shop.seller_id, "shops.seller_id") or 2_206_543_201 + place * 100
        addresses = (
            made.addresses if shop.addresses is None else tuple(_addresses(shop, made, nick))
        )
        constants = (SESSION, SUB_SESSION) if not owner and place == 0 else ("", "")
        main = Session(
            token=shop.session or constants[0] or _token(owner, nick, seller_id),
            label="main" if place == 0 else nick,
            shop=nick,
            nick=nick,
            user_id=seller_id,
        )
        yield Shop(nick, seller_id, addresses), [main, *_subs(shop, main, constants[1], owner)]


def _subs(shop: ShopDocument, main: Session, constant: str, owner: str) -> Iterator[Session]:
    for place, sub in enumerate((SubDocument(),) if shop.subs is None else shop.subs):
        nick = sub.nick or f"{main.nick}:客服{place + 1}"
        user_id = main.user_id + _SUB_ID + place
        token = sub.session or (constant if place == 0 else "") or _token(owner, nick, user_id)
        first = place == 0 and main.label == "main"
        yield Session(
            token=token,
            label="sub" if first else nick,
            shop=main.shop,
            nick=nick,
            user_id=user_id,
            role=Role.SELLER_SUB,
            methods=None if sub.methods is None else frozenset(sub.methods),
        )


def _addresses(shop: ShopDocument, made: Made, nick: str) -> Iterator[Address]:
    documents = shop.addresses or ()
    has_pickup = any(address.get_def for address in documents)
    chosen = next((place for place, address in enumerate(documents) if address.cancel_def), 0)
    if sum(bool(address.cancel_def) for address in documents) > 1:
        raise BadDocument(
            "shops.addresses.cancel_def",
            "只能有一个默认退货地址",
            "only one default return address",
        )
    for place, address in enumerate(documents):
        model = made.addresses[place % len(made.addresses)]
        filled = {key: value for key, value in asdict(address).items() if value is not None}
        filled["contact_id"] = (
            parse_id(address.contact_id, "shops.addresses.contact_id") or 10_000_001 + place
        )
        defaults = {"seller_company": nick, "get_def": place == 0 and not has_pickup}
        filled = {**defaults, **filled, "cancel_def": place == chosen}
        yield replace(model, **filled)


def _goods(document: WorldDocument, made: Made) -> Iterator[tuple[Goods, int]]:
    models = {goods.name: goods for goods in made.goods}
    names = dict.fromkeys([*models, *document.goods])
    for place, name in enumerate(names):
        goods = document.goods.get(name, GoodsDocument())
        model = models.get(name) or replace(
            made.goods[0], name=name, title=name, sku_id=str(4_990_000_000_000 + place)
        )
        filled = {
            key: value
            for key, value in asdict(goods).items()
            if value is not None and key != "stock"
        }
        for key in ("sku_id", "outer_id"):
            if key in filled:
                filled[key] = str(filled[key])
        if "num_iid" in filled:
            filled["num_iid"] = parse_id(goods.num_iid, f"goods.{name}.num_iid")
        if "price" in filled:
            filled["price"] = parse_price(filled["price"], f"goods.{name}.price")
        stock = STOCK if goods.stock is None else goods.stock
        if not 0 <= stock < 2**31:
            raise BadDocument(f"goods.{name}.stock", "应为 0 或更大的整数", "0 or more")
        yield replace(model, **filled), stock


def _buyer(document: BuyerDocument, number: int) -> Buyer:
    model = Buyer(
        nick=f"买家{number:02}",
        open_uid=f"AAHbuyer{number:04}",
        user_id=2_300_000_000 + number,
        name=f"买家{number:02}",
        phone=f"1000000{number:04}",
        address="浙江省^^^杭州市^^^西湖区^^^文三路1号",
        oaid=f"1oaid{number:04}",
    )
    return replace(
        model, **{key: value for key, value in asdict(document).items() if value not in (None, "")}
    )


def _carriers(carriers: Iterable[CarrierDocument]) -> Iterator[Carrier]:
    for place, carrier in enumerate(carriers, 1):
        yield Carrier(
            900_000 + place if carrier.id is None else carrier.id,
            carrier.code,
            carrier.name,
            carrier.reg_mail_no,
        )


def _reasons(reasons: Iterable[ReasonDocument]) -> Iterator[Reason]:
    for reason in reasons:
        if reason.stage not in ("application", "receipt"):
            raise BadDocument(
                "reasons.stage", "应为 application 或 receipt", "application or receipt"
            )
        yield Reason(reason.reason_id, reason.reason_text, reason.stage, reason.phases)


def _first_trades(state: State) -> None:
    """Store one finished trade of every buyer, of the goods called `bought`."""
    shop, goods = next(iter(state.shops)), state.goods["bought"]
    created = state.clock.at - timedelta(days=3)
    for buyer in state.buyers.values():
        number = state.number("trade")
        tid = make_long_id(state.numbers["seed"], 2, number)
        state.trades[tid + 2] = Trade(
            tid, tid + 2, shop, buyer.nick, goods.sku_id, 1, goods.price, created
        )

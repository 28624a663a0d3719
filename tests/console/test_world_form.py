"""The form of a new sandbox: every part of the world document can be typed into it."""

import re
from html.parser import HTMLParser

import pytest


class Fields(HTMLParser):
    """Collects the names of a page's fields."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Look at a tag."""
        if tag in ("input", "select", "textarea") and dict(attrs).get("name"):
            self.names.add(dict(attrs)["name"])


# the world document by hand, from docs/reference; NAME and VALUE where users choose the key
# fmt: off
PLACES = {
    "name", "seed", "ruleset", "clock.mode", "clock.now", "samples", "exchanges", "faults",
    "apps.0.app_key", "apps.0.app_secret", "apps.0.methods", "shops.0.nick", "shops.0.seller_id",
    "shops.0.session", "shops.0.subs.0.nick", "shops.0.subs.0.session", "shops.0.subs.0.methods",
    "shops.0.addresses.0.contact_id", "shops.0.addresses.0.contact_name",
    "shops.0.addresses.0.province", "shops.0.addresses.0.city", "shops.0.addresses.0.country",
    "shops.0.addresses.0.addr", "shops.0.addresses.0.zip_code", "shops.0.addresses.0.phone",
    "shops.0.addresses.0.mobile_phone", "shops.0.addresses.0.seller_company",
    "shops.0.addresses.0.memo", "shops.0.addresses.0.area_id", "shops.0.addresses.0.send_def",
    "shops.0.addresses.0.get_def", "shops.0.addresses.0.cancel_def",
    "shops.0.addresses.0.modify_date", "goods.0.NAME", "goods.0.sku_id", "goods.0.num_iid",
    "goods.0.outer_id", "goods.0.title", "goods.0.price", "goods.0.stock", "buyers.0.nick",
    "buyers.0.open_uid", "buyers.0.user_id", "buyers.0.name", "buyers.0.phone",
    "buyers.0.address", "buyers.0.oaid", "carriers.0.name", "carriers.0.id", "carriers.0.code",
    "carriers.0.reg_mail_no", "reasons.0.reason_id", "reasons.0.reason_text", "reasons.0.stage",
    "reasons.0.phases", "rules.0.NAME", "rules.0.VALUE", "quotas.0.per", "quotas.0.limit",
    "quotas.0.method", "quotas.0.app_key", "quotas.0.sub_code", "robots.buyer", "robots.courier",
    "robots.cs", "robots.applies",
    "trades.0.buyer", "trades.0.created", "trades.0.goods", "trades.0.num", "trades.0.oid",
    "trades.0.payment", "trades.0.shop", "trades.0.status", "trades.0.tid",
}
# fmt: on


def test_the_form_has_every_place_of_the_document(browser):
    """No part of a world document needs JSON, and no field is one that no document has."""
    names = Fields(browser.get("").text).names

    assert names - {"form_token", "document"} == PLACES


def test_what_is_typed_is_the_world(browser):
    """Lists, named objects, numbers, choices and lists of words become the sandbox."""
    form = {
        "name": "mine",
        "clock.now": "2026-04-01 00:00:00",
        "samples": "true",
        "apps.0.app_key": "87651234",
        "apps.0.app_secret": "s" * 32,
        "apps.0.methods": "tmall.exchange.get, tmall.exchange.agree",
        "shops.0.nick": "甲店",
        "shops.0.addresses.0.contact_id": "71",
        "shops.0.addresses.0.cancel_def": "true",
        "shops.0.addresses.1.contact_id": "72",
        "shops.1.nick": "乙店",
        "goods.0.NAME": "red",
        "goods.0.stock": "3",
        "goods.0.price": "12.50",
        "goods.4.NAME": "blue",
        "rules.0.NAME": "deadline.2",
        "rules.0.VALUE": "5d",
        "rules.1.NAME": "fields_required",
        "rules.1.VALUE": "false",
        "quotas.0.per": "second",
        "quotas.0.limit": "9",
        "reasons.0.reason_id": "8",
        "reasons.0.reason_text": "不行",
        "reasons.0.phases": "1, 2",
        "reasons.1.reason_id": "9",
        "reasons.1.reason_text": "货不对",
        "reasons.1.stage": "receipt",
        "robots.buyer": "prompt",
        "buyers.0.nick": "",
    }

    reply = browser.post("/make", form)

    assert reply.status_code == 303, reply.text
    view = browser.context.directory.get("mine").view
    assert [shop.nick for shop in view.shops()] == ["甲店", "乙店"]
    addresses = view.shop("甲店").addresses
    assert addresses[0].cancel_def is True
    assert [int(item.contact_id) for item in addresses] == [71, 72]
    (app,) = view.apps()
    assert (app.app_key, set(app.methods)) == (
        "87651234",
        {"tmall.exchange.get", "tmall.exchange.agree"},
    )
    assert view.accounts(view.goods_named("red").sku_id).available > 0
    assert view.goods_named("blue") is not None
    assert str(view.rules.to_dict()["deadline.2"]) in ("5d", "5 days, 0:00:00")
    assert view.rules["fields_required"] is False
    assert view.quotas[0].limit == 9
    assert view.exchange_count >= 9


@pytest.mark.parametrize(
    ("form", "place"),
    [
        ({"seed": "many"}, "seed"),
        ({"clock.now": "noon"}, "clock.now"),
        ({"goods.0.NAME": "red", "goods.0.stock": "x"}, "goods.red.stock"),
        ({"goods.0.stock": "1"}, "goods"),
        ({"goods.0.NAME": "red", "goods.1.NAME": "red"}, "goods.red"),
        ({"rules.0.NAME": "deadline.2", "rules.0.VALUE": "soon"}, "deadline.2"),
        ({"rules.0.NAME": "none", "rules.0.VALUE": "1"}, "none"),
        ({"faults": "["}, "faults"),
        ({"exchanges": "{}"}, "exchanges"),
        ({"carriers.0.code": "SF"}, "name"),
        ({"quotas.0.per": "year", "quotas.0.limit": "1"}, "per"),
        ({"ruleset": "modern"}, "ruleset"),
        ({"samples": "perhaps"}, "samples"),
    ],
)
def test_a_wrong_value_is_named_and_stays(browser, words, form, place):
    """The page says which place is wrong, keeps what was typed, and no sandbox is made."""
    reply = browser.post("/make", {"name": "mine", **form})

    assert reply.status_code in (400, 409), words(reply)
    assert place in words(reply)
    assert 'value="mine"' in reply.text
    for name, value in form.items():
        if not name.endswith(("per", "NAME", "ruleset", "samples")) and value.isprintable():
            assert re.search(f'name="{re.escape(name)}"[^>]*', reply.text), name
            assert value in words(reply) or f'value="{value}"' in reply.text
    assert [world.id for world in browser.context.directory.all()] == ["default"]
    assert browser.faults == []


def test_the_form_is_laid_over_the_document(browser):
    """JSON and fields together are one document; the fields win."""
    browser.post(
        "/make",
        {"document": '{"name": "json", "goods": {"a": {}, "b": {"stock": 1}}}'},
        name="mine",
        **{"goods.0.NAME": "b", "goods.0.stock": "7"},
    )

    view = browser.context.directory.get("mine").view
    assert view.goods_named("a") is not None
    assert view.accounts(view.goods_named("b").sku_id).available == 7


def test_hostile_names_cost_nothing(browser):
    """Huge and foreign places are ignored; at most a hundred members are read and offered."""
    form = {f"goods.{place}.NAME": f"g{place}" for place in range(300)}
    form |= {"goods.99999999999999999999.NAME": "x", "goods.-1.NAME": "y", "goods.１.NAME": "z"}

    reply = browser.post("/make", {**form, "seed": "x"})

    assert reply.status_code == 400
    assert reply.text.count(".NAME") <= 2 * 100 + 10
    assert browser.faults == []

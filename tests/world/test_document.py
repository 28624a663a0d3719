"""The world document: values are kept, the rest is made up, impossible values are named."""

import re

import pytest

from mockserver.world.document import BadDocument

GIVEN_DOCUMENT = {
    "name": "mine",
    "ruleset": "upgraded",
    "clock": "2026-07-01 00:00:00",
    "apps": [
        {"app_key": "23456789012345678901", "app_secret": "0123456789abcdef"},
        {"app_key": 555, "app_secret": "s2", "methods": ["tmall.exchange.get"]},
    ],
    "shops": [
        {
            "nick": "我的旗舰店",
            "seller_id": 987654321,
            "session": "50000abc",
            "subs": [{"nick": "我的旗舰店:小美", "session": "50000sub"}],
            "addresses": [
                {"contact_id": 7, "addr": "甲路1号", "contact_name": "甲", "province": "福建省"},
                {"contact_id": 9007199254740993, "addr": "乙路2号", "cancel_def": True},
            ],
        },
        {"nick": "第二店", "session": "50000two", "subs": []},
    ],
    "goods": {
        "wanted": {"sku_id": "31415926535", "title": "帽子 红", "price": "199.00", "stock": 3},
        "hat": {"sku_id": 27182818284, "outer_id": "H-1", "num_iid": 42, "price": 5.5, "stock": 0},
    },
    "buyers": [
        {
            "nick": "顾客一",
            "open_uid": "AAHx",
            "user_id": 5,
            "name": "一",
            "phone": "10001",
            "address": "a^^^b^^^c^^^d",
            "oaid": "o1",
        }
    ],
    "carriers": [{"name": "自家快递", "id": 3, "code": "OWN"}],
    "reasons": [
        {"reason_id": 1, "reason_text": "不换"},
        {"reason_id": 2, "reason_text": "没收到", "stage": "receipt"},
    ],
    "rules": {"deadline.2": "1d", "text.14": "换货单关闭,请退款"},
}


@pytest.fixture
def given_world(add_world):
    """A world of which everything is given."""
    return add_world(**GIVEN_DOCUMENT)


def test_given_callers_are_kept(given_world):
    """Apps, secrets, shops, sessions and sub-accounts stand as given."""
    state = given_world._state
    assert {(app.app_key, app.app_secret) for app in state.apps.values()} == {
        ("23456789012345678901", "0123456789abcdef"),
        ("555", "s2"),
    }
    assert [(s.token, s.nick, s.shop) for s in state.sessions.values()] == [
        ("50000abc", "我的旗舰店", "我的旗舰店"),
        ("50000sub", "我的旗舰店:小美", "我的旗舰店"),
        ("50000two", "第二店", "第二店"),
    ]
    assert state.shops["我的旗舰店"].seller_id == 987654321


def test_given_addresses_are_kept(given_world, caller_of):
    """Given addresses stand alone, with the given default return address."""
    addresses = caller_of(given_world).result("taobao.logistics.address.search")["addresses"][
        "address_result"
    ]
    assert [(row["contact_id"], row["addr"], row["cancel_def"]) for row in addresses] == [
        (7, "甲路1号", False),
        (9007199254740993, "乙路2号", True),
    ]
    assert (addresses[0]["contact_name"], addresses[0]["province"]) == ("甲", "福建省")


def test_given_goods_are_kept_beside_the_made_up(given_world):
    """Given goods keep ids, price and stock; those not named are made up."""
    state = given_world._state
    wanted_goods, hat = state.goods["wanted"], state.goods["hat"]
    assert (
        wanted_goods.sku_id,
        wanted_goods.title,
        wanted_goods.price,
        state.accounts["31415926535"].available,
    ) == ("31415926535", "帽子 红", 19900, 3)
    assert (
        hat.sku_id,
        hat.outer_id,
        hat.num_iid,
        hat.price,
        state.accounts["27182818284"].available,
    ) == ("27182818284", "H-1", 42, 550, 0)
    assert "bought" in state.goods


def test_given_people_tables_and_rules_are_kept(given_world, beijing):
    """Buyers, carriers, refuse reasons, rules, ruleset, name and clock stand as given."""
    state = given_world._state
    [buyer] = state.buyers.values()
    assert (
        buyer.nick,
        buyer.open_uid,
        buyer.user_id,
        buyer.name,
        buyer.phone,
        buyer.address,
        buyer.oaid,
    ) == ("顾客一", "AAHx", 5, "一", "10001", "a^^^b^^^c^^^d", "o1")
    assert [(carrier.id, carrier.code, carrier.name) for carrier in state.carriers] == [
        (3, "OWN", "自家快递")
    ]
    assert [(reason.reason_id, reason.reason_text, reason.stage) for reason in state.reasons] == [
        (1, "不换", "application"),
        (2, "没收到", "receipt"),
    ]
    assert (state.rules["text.14"], given_world.open({})[0].ruleset) == (
        "换货单关闭,请退款",
        "upgraded",
    )
    assert (given_world.id, given_world.now) == ("mine", beijing("2026-07-01 00:00:00"))


def test_given_deadline_holds(given_world, beijing):
    """A deadline given in the document is the one that fires."""
    given_world.open({"status": 2})
    assert [at for at, _ in given_world.deadlines()] == [beijing("2026-07-02 00:00:00")]


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"good": {}}, "good"),
        ({"seed": "x"}, "seed"),
        ({"ruleset": "modern"}, "ruleset"),
        ({"clock": 5}, "clock"),
        ({"clock": "yesterday"}, "clock"),
        ({"clock": "2026-02-30 00:00:00"}, "clock"),
        ({"clock": {"mode": "slow"}}, "clock.mode"),
        ({"clock": {"mode": "frozen", "now": "x"}}, "clock.now"),
        ({"clock": {"modes": "frozen"}}, "clock.modes"),
        ({"apps": [{"key": "1"}]}, "apps.key"),
        ({"apps": {}}, "apps"),
        ({"shops": [{"nick": 5}]}, "shops.nick"),
        ({"shops": [{"addresses": [{"contact_id": "seven"}]}]}, "shops.addresses.contact_id"),
        ({"goods": {"wanted": {"stock": -1}}}, "goods.wanted.stock"),
        ({"goods": {"wanted": {"price": "cheap"}}}, "goods.wanted.price"),
        ({"goods": {"wanted": {"price": "1.234"}}}, "goods.wanted.price"),
        ({"goods": {"wanted": {"price": -1}}}, "goods.wanted.price"),
        ({"samples": "yes"}, "samples"),
        ({"rules": {"deadline.2": "soon"}}, "rules.deadline.2"),
        ({"rules": {"deadline.9": "1d"}}, "rules.deadline.9"),
        ({"rules": {"fields_required": "no"}}, "rules.fields_required"),
        ({"reasons": [{"reason_id": 1, "reason_text": "x", "stage": "later"}]}, "reasons.stage"),
        ({"carriers": [{}]}, "carriers.name"),
        ({"buyers": [{"nick": None}]}, "buyers.nick"),
    ],
)
def test_wrong_document_is_named(make_world, document, field):
    """An unknown key or a wrong value is refused with the path of the field."""
    with pytest.raises(BadDocument) as refused:
        make_world(**document)
    assert re.sub(r"\[\d+\]", "", refused.value.field) == field


@pytest.mark.parametrize(
    ("document", "name"),
    [({"id": "own"}, "id"), ({"sku_id": "1"}, "sku_id"), ({"shops": [{"stock": 1}]}, "stock")],
)
def test_a_key_at_the_wrong_place_is_not_proposed_again(make_world, document, name):
    """A key that another object of the document has is called misplaced, not misspelt."""
    with pytest.raises(BadDocument) as refused:
        make_world(**document)
    assert f"did you mean {name}?" not in refused.value.en
    assert "another object" in refused.value.en
    assert "另一层" in refused.value.zh


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"apps": [{"app_key": "1"}, {"app_key": "1"}]}, "apps.app_key"),
        ({"shops": [{"nick": "a"}, {"nick": "a"}]}, "shops.nick"),
        (
            {"shops": [{"nick": "a", "session": "s"}, {"nick": "b", "session": "s"}]},
            "shops.session",
        ),
        ({"shops": [{"session": "s", "subs": [{"session": "s"}]}]}, "shops.session"),
        ({"goods": {"a": {"sku_id": "1"}, "b": {"sku_id": 1}}}, "goods.b.sku_id"),
        (
            {"shops": [{"addresses": [{"cancel_def": True}, {"cancel_def": True}]}]},
            "shops.addresses.cancel_def",
        ),
        (
            {"shops": [{"addresses": [{"contact_id": 5}, {"contact_id": 5}]}]},
            "shops.addresses.contact_id",
        ),
        ({"buyers": [{"nick": "a"}, {"nick": "a"}]}, "buyers.nick"),
    ],
)
def test_value_given_twice_is_named(make_world, document, field):
    """A value that must be unique but is given twice is refused with its field."""
    with pytest.raises(BadDocument) as refused:
        make_world(**document)
    assert refused.value.field == field


def test_price_may_be_a_number_or_a_text(make_world):
    """Prices in yuan are read as text, whole or decimal number."""
    world = make_world(
        goods={
            "a": {"sku_id": 1, "price": "0.10"},
            "b": {"sku_id": 2, "price": 19.9},
            "c": {"sku_id": 3, "price": 7},
        }
    )
    assert [world._state.goods[name].price for name in "abc"] == [10, 1990, 700]

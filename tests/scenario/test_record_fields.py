"""A recording replays whatever world it came from, and says what it leaves out.  Source: F13."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mockserver.domain.errors import DomainError
from mockserver.testing.strategies.world_documents import worlds
from mockserver.world.document import BadDocument
from tests.scenario.test_recorder import (
    act,
    make_world,
    operations_of,
    recorded,
    replayed,
    standing,
)

ADDRESSES = [
    {"contact_id": 7654321, "addr": "文三路 1 号", "cancel_def": False},
    {"contact_id": 7654322, "addr": "文三路 2 号", "cancel_def": True},
]
KINDS = {
    "nothing of its own": {},
    "own addresses": {"shops": [{"nick": "店", "addresses": ADDRESSES}]},
    "one address without a default": {"shops": [{"addresses": ADDRESSES[:1]}]},
    "own app": {"apps": [{"app_key": "77", "app_secret": "app-secret-0123456789"}]},
    "two apps with rights": {
        "apps": [
            {"app_key": "77", "app_secret": "s" * 20, "methods": ["tmall.exchange.get"]},
            {"app_key": "78", "app_secret": "t" * 20},
        ]
    },
    "own session": {"shops": [{"nick": "店", "session": "6100own", "seller_id": 42}]},
    "own goods": {
        "goods": {
            "bought": {"sku_id": "4711", "num_iid": "12", "price": "19.90"},
            "wanted": {"sku_id": "4712", "stock": 2, "title": "蓝色: L #1"},
        }
    },
    "goods of another name": {"goods": {"鞋 $1": {"stock": 1}}},
    "scarce goods": {"goods": {"wanted": {"stock": 1}}},
    "rules": {"rules": {"deadline.2": "1h", "text.2": "退货中", "modify_to": 3}},
    "a rule that fails calls": {"rules": {"strict_logistics": True, "failure_shape": "error15"}},
    "several shops": {
        "shops": [{"nick": "甲", "addresses": ADDRESSES}, {"nick": "乙", "seller_id": 43}]
    },
    "sub-accounts": {"shops": [{"nick": "店", "subs": [{"nick": "店:小张"}, {"nick": "店:小李"}]}]},
    "no sub-account": {"shops": [{"nick": "店", "subs": []}]},
    "carriers": {"carriers": [{"id": 5, "code": "SLOW", "name": "慢递"}]},
    "reasons": {
        "reasons": [
            {"reason_id": 1, "reason_text": "不想要: 了", "stage": "application"},
            {"reason_id": 2, "reason_text": "有损", "stage": "receipt"},
        ]
    },
    "own buyers": {"buyers": [{"nick": "买家甲", "phone": "10012345678"}]},
    "classic": {"ruleset": "classic"},
    "upgraded": {"ruleset": "upgraded"},
    "frozen elsewhere": {"clock": "2031-12-31 23:59:59"},
    "another seed": {"seed": 7},
    "samples": {"samples": True},
    "faults, quotas, robots": {
        "faults": [{"fault": "latency", "method": "tmall.exchange.get"}],
        "quotas": [{"method": "tmall.exchange.get", "per": "day", "limit": 9}],
        "robots": {"buyer": "prompt"},
    },
}
PATHS = [
    [("seller", "agree"), ("buyer", "ship_back"), ("seller", "returngoods_agree"),
     ("seller", "consigngoods"), ("buyer", "confirm_receipt")],
    [("seller", "refuse"), ("buyer", "ask_cs"), ("cs", "step_in"), ("cs", "judge")],
    [("seller", "agree"), ("buyer", "ship_back"), ("seller", "returngoods_refuse")],
    [("buyer", "modify"), ("buyer", "cancel")],
]  # fmt: skip


def live_in(world):
    """Open exchanges in every shop and take each another path; what is refused changes nothing."""
    shops = [shop.nick for shop in world.view.shops()]
    for place, path in enumerate(PATHS):
        shop = shops[place % len(shops)]
        try:
            [exchange] = world.open({"shop": shop})
        except (BadDocument, DomainError):
            continue
        address = world.view.shop(shop).addresses[-1].contact_id
        for by, name in path:
            fields = {"address_id": address} if name == "agree" else {}
            with suppress(DomainError):
                act(world, exchange, by, name, **fields)
        world.advance(timedelta(hours=5))
    world.advance(timedelta(days=4))


def assert_same(world, again):
    """Both have gone through the same and stand the same, but for addresses, which are personal."""
    assert operations_of(again) == operations_of(world)
    ours, theirs = standing(world), standing(again)
    for stand in (ours, theirs):
        stand["exchanges"] = [fields[:-1] for fields in stand["exchanges"]]
    assert theirs == ours


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_world_replays(kind):
    """Recorded and run, the exchanges of a world have gone through the same."""
    _, world = make_world(**KINDS[kind])
    live_in(world)
    text = recorded(world)
    assert "app-secret-0123456789" not in text and "6100own" not in text
    assert_same(world, replayed(text))


@pytest.mark.slow
@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(document=worlds(), ruleset=st.sampled_from(["classic", "upgraded"]))
def test_any_world_replays(document, ruleset):
    """Whatever a world document holds; buyers that apply each minute make no file of 1 MiB."""
    if "robots" in document:
        document["robots"].pop("applies", None)
    _, world = make_world(**{**document, "ruleset": ruleset})
    live_in(world)
    assert_same(world, replayed(recorded(world)))


def test_a_trades_buyer_is_nobody_in_the_recording():
    """The trade is recorded with its status; the nick of its buyer is not."""
    buyers = [{"nick": "甲某"}, {"nick": "乙某"}]
    line = {"tid": "3571000000000000011", "buyer": "乙某", "status": "WAIT_SELLER_SEND_GOODS"}
    _, world = make_world(buyers=buyers, trades=[line])
    text = recorded(world)

    assert "乙某" not in text
    assert "WAIT_SELLER_SEND_GOODS" in text
    assert_same(world, replayed(text))


def read_head(world):
    """The comments at the top of the recording."""
    return [line[2:] for line in recorded(world).splitlines() if line.startswith("# ")][1:]


def test_a_plain_world_leaves_nothing_out():
    """Without faults, quotas, stubs, rights and robots the head has one line only."""
    _, world = make_world(**KINDS["own addresses"])
    assert read_head(world) == []


@pytest.mark.parametrize(
    ("document", "zh", "en"),
    [
        ({"faults": KINDS["faults, quotas, robots"]["faults"]}, "故障", "faults"),
        ({"quotas": KINDS["faults, quotas, robots"]["quotas"]}, "流控", "quotas"),
        (
            {"robots": {"buyer": "prompt"}},
            "自动操作(所做的操作已记录)",
            "robots (what they did is recorded)",
        ),
        (
            KINDS["two apps with rights"],
            "应用与 session 的权限、有效期",
            "rights and expiry of apps and sessions",
        ),
        (
            {"shops": [{"subs": [{"nick": "小张", "methods": []}]}]},
            "应用与 session 的权限、有效期",
            "rights and expiry of apps and sessions",
        ),
    ],
)
def test_the_head_names_what_is_left_out(document, zh, en):
    """In Chinese and English, a line each."""
    _, world = make_world(**document)
    assert read_head(world) == [f"没有记录：{zh}", f"left out: {en}"]


def test_the_head_names_several_things_and_stubs():
    """Stubs count, and all that is left out stands in one line."""
    _, world = make_world(**KINDS["faults, quotas, robots"])
    world.stub("taobao.users.get", b'{"a": 1}')
    zh, en = read_head(world)
    assert zh == "没有记录：故障、流控、桩应答、自动操作(所做的操作已记录)"
    assert en == "left out: faults, quotas, stubs, robots (what they did is recorded)"

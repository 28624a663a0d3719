"""What a seed makes up: the same world for it, unreachable people, ids beyond a double."""

import json
import re
from pathlib import Path
from runpy import run_path

import pytest

from mockserver.gateway.checks import SandboxLookup
from mockserver.gateway.pipeline import Gateway

ROOT = Path(__file__).parents[2]
POOL = ROOT / "mockserver" / "world" / "name_pool.json"
TOOL = ROOT / "tools" / "draw_names.py"
SEEDS = [0, 1, 7, 996, 997, 123456, 2**31]
# province, city, district as GB/T 2260 has them, for the districts that made-up addresses may use
PLACES = {
    tuple(line.split())
    for line in """
    浙江省 杭州市 西湖区|浙江省 杭州市 余杭区|浙江省 宁波市 鄞州区
    江苏省 南京市 鼓楼区|江苏省 苏州市 吴中区|上海市 上海市 浦东新区
    上海市 上海市 徐汇区|北京市 北京市 朝阳区|北京市 北京市 海淀区
    广东省 广州市 天河区|广东省 深圳市 南山区|四川省 成都市 武侯区
    湖北省 武汉市 洪山区|陕西省 西安市 雁塔区|山东省 青岛市 市南区
    福建省 厦门市 思明区|湖南省 长沙市 岳麓区|河南省 郑州市 金水区
    重庆市 重庆市 渝北区|天津市 天津市 南开区
    """.strip()
    .replace("\n", "|")
    .split("|")
}
MAINLAND_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")


def made(world):
    """What the seed decides, as plain values."""
    state = world._state
    return [
        repr(part)
        for part in (state.shops, state.goods, state.buyers, state.trades, state.accounts)
    ]


@pytest.mark.parametrize("seed", SEEDS)
def test_same_seed_same_world(make_world, seed):
    """Two worlds of one seed hold the same data, samples included."""
    one, two = make_world(seed=seed, samples=True), make_world(seed=seed, samples=True)
    assert made(one) == made(two)
    assert repr(one._state.exchanges) == repr(two._state.exchanges)


def test_other_seed_other_world(make_world):
    """Worlds of different seeds differ in shop, goods, buyers and trades."""
    for one, two in zip(made(make_world(seed=3))[:4], made(make_world(seed=4))[:4], strict=True):
        assert one != two


@pytest.mark.parametrize("seed", SEEDS)
def test_made_up_world_has_what_is_documented(make_world, seed):
    """A made-up world has one shop, four goods with stock 100, five buyers, no exchange.

    The shop has three addresses.
    """
    state = make_world(seed=seed)._state
    [shop] = state.shops.values()
    assert len(shop.addresses) == 3
    assert [accounts.available for accounts in state.accounts.values()] == [100] * 4
    assert {"bought", "wanted"} <= set(state.goods)
    assert len(state.goods) == 4
    assert len(state.buyers) == 5
    assert {trade.buyer for trade in state.trades.values()} == set(state.buyers)
    assert not state.exchanges
    assert len(state.apps) == 1
    assert {session.label for session in state.sessions.values()} == {"main", "sub"}


@pytest.mark.parametrize("seed", SEEDS)
def test_one_default_return_address_and_not_the_first(make_world, seed):
    """Exactly one made-up address is the default return address, and it is not the first."""
    [shop] = make_world(seed=seed)._state.shops.values()
    defaults = [address.cancel_def for address in shop.addresses]
    assert sum(defaults) == 1
    assert not defaults[0]


def test_documented_constants_of_the_default_sandbox(make_world):
    """The default sandbox has the same credentials whenever it is made, shaped like TOP's."""
    one, two = make_world()._state, make_world(seed=9)._state
    [app] = one.apps.values()
    assert one.apps == two.apps
    assert list(one.sessions) == list(two.sessions)
    assert re.fullmatch(r"10\d+", app.app_key)
    assert re.fullmatch(r"sandbox\w{25}", app.app_secret)
    for session in one.sessions.values():
        assert re.fullmatch(r"6[12]\d[0-9A-Za-z]+", session.token)
        assert session.token.endswith(str(session.user_id))


def test_samples_have_one_in_every_status(make_world):
    """With samples there is one exchange in each of the nine statuses."""
    statuses = [
        int(exchange.status) for exchange in make_world(samples=True)._state.exchanges.values()
    ]
    assert sorted(statuses) == [1, 2, 3, 4, 5, 6, 12, 13, 14]


@pytest.mark.parametrize("seed", SEEDS)
def test_districts_are_real(make_world, seed):
    """Every made-up address names a district that lies in its city and province."""
    state = make_world(seed=seed)._state
    places = {tuple(buyer.address.split("^^^")[:3]) for buyer in state.buyers.values()}
    places |= {
        (a.province, a.city, a.country) for shop in state.shops.values() for a in shop.addresses
    }
    assert places <= PLACES


@pytest.mark.parametrize("seed", SEEDS)
def test_buyer_addresses_have_four_parts(make_world, seed):
    """A buyer's address is 省^^^市^^^区^^^详细, each part filled."""
    for buyer in make_world(seed=seed)._state.buyers.values():
        parts = buyer.address.split("^^^")
        assert len(parts) == 4
        assert all(parts)


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_looks_like_a_real_phone_number(make_world, seed):
    """No text of a made-up world holds what could be a mainland mobile number."""
    world = make_world(seed=seed, samples=True)
    people = [
        *world._state.buyers.values(),
        *world._state.shops.values(),
        *world._state.exchanges.values(),
    ]
    assert not [text for person in people for text in MAINLAND_MOBILE.findall(repr(person))]
    assert all(buyer.phone.startswith("100") for buyer in world._state.buyers.values())


@pytest.mark.parametrize("seed", SEEDS)
def test_long_ids_break_doubles(make_world, seed):
    """Made-up dispute, trade and order ids have 18 digits and are lost by a double."""
    world = make_world(seed=seed)
    opened = world.open({}, count=50)
    trades = [number for trade in world._state.trades.values() for number in (trade.tid, trade.oid)]
    numbers = [*(exchange.dispute_id for exchange in opened), *trades]
    assert len(set(numbers)) == len(numbers)
    for number in numbers:
        assert len(str(number)) == 18
        assert number > 2**53
        assert int(float(number)) != number


@pytest.mark.parametrize("seed", SEEDS)
def test_short_ids_fit_doubles(make_world, seed, top):
    """Address, reason, SKU, user and message ids stay below 2^53."""
    world = make_world(seed=seed, samples=True)
    state, caller = world._state, type(top)(Gateway(SandboxLookup(world.directory)), world)
    [shop] = state.shops.values()
    numbers = [address.contact_id for address in shop.addresses] + [
        reason.reason_id for reason in state.reasons
    ]
    numbers += [int(goods.sku_id) for goods in state.goods.values()] + [
        buyer.user_id for buyer in state.buyers.values()
    ]
    numbers += [session.user_id for session in state.sessions.values()] + [shop.seller_id]
    for dispute_id in state.exchanges:
        thread = caller.result(
            "tmall.exchange.messages.get", dispute_id=dispute_id, fields="id,owner_id"
        )["result"]
        numbers += [
            number for row in thread["results"]["refund_message"] for number in row.values()
        ]
    assert all(0 <= number < 2**53 for number in numbers)


def test_the_pool_holds_plain_chinese_names():
    """The pool has enough distinct names and streets, of Chinese characters only."""
    pool = json.loads(POOL.read_text("utf-8"))

    assert {kind: len(set(texts)) for kind, texts in pool.items()} == {
        "last_names": 120,
        "given_names": 120,
        "streets": 240,
    }
    assert all(
        re.fullmatch("[\u4e00-\u9fff]{1,5}", text) for kind in pool.values() for text in kind
    )


def test_the_pool_is_drawn_the_same_each_time():
    """The script that made the pool gives the same lists in two runs."""
    first, second = (run_path(str(TOOL))["draw_pool"]() for _ in range(2))

    assert first == second


def test_seeds_of_opposite_sign_differ(make_world):
    """A negative seed is a seed of its own."""
    assert made(make_world(seed=5)) != made(make_world(seed=-5))

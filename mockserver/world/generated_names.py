"""Made-up worlds for other seeds: the same data for the same seed, whatever is installed.

Names and streets come from a pool in `name_pool.json`, which `tools/draw_names.py` has drawn once.
Of Python's generator only seeding by a text and `random()` are used: those two give the same
numbers in every release of Python.
"""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeVar

import msgspec
from msgspec import Struct

from ..domain.catalogue import Buyer, Goods
from .default_world import DEFAULT, DISTRICTS, Made, make_address

__all__ = ["generate_names"]

_Item = TypeVar("_Item")

_KINDS = (
    ("针织开衫", "均码"),
    ("牛仔长裤", "30码"),
    ("保温杯", "500ml"),
    ("双肩背包", "20L"),
    ("儿童雨衣", "120cm"),
)
_COLOURS = ("黑色", "米白", "藏青", "卡其", "酒红")
_TRADES = ("优品", "生活", "服饰", "数码")
_NICK_ENDINGS = ("爱逛街", "的小屋", "每天开心", "在路上")


class _Pool(Struct, frozen=True):
    """Invented people's names, and streets' names."""

    last_names: tuple[str, ...]
    given_names: tuple[str, ...]
    streets: tuple[str, ...]


@cache
def _read_pool() -> _Pool:
    content = Path(__file__).with_name("name_pool.json").read_bytes()
    return msgspec.json.decode(content, type=_Pool)


class _Draws:
    """What a seed draws, one value after the other."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"names of seed {seed}")  # noqa: S311  # not for secrets
        self._pool = _read_pool()

    def number(self, lowest: int, highest: int) -> int:
        """Return a whole number from `lowest` to `highest`, both included."""
        return lowest + int(self._random.random() * (highest - lowest + 1))

    def choice(self, items: Sequence[_Item]) -> _Item:
        """Return one of `items`."""
        return items[self.number(0, len(items) - 1)]

    def last_name(self) -> str:
        """Return a family name."""
        return self.choice(self._pool.last_names)

    def given_name(self) -> str:
        """Return a given name."""
        return self.choice(self._pool.given_names)

    def name(self) -> str:
        """Return a whole name."""
        return self.last_name() + self.given_name()

    def street(self) -> str:
        """Return a street and a house number."""
        return f"{self.choice(self._pool.streets)}{self.number(1, 999)}号"


def generate_names(seed: int) -> Made:
    """Return shop, addresses, goods and buyers of a seed; seed 0 is the shipped literal."""
    if seed == 0:
        return DEFAULT
    draws = _Draws(seed)
    shop = f"{draws.last_name()}家{draws.choice(_TRADES)}旗舰店"
    places = [draws.choice(DISTRICTS) for _ in range(8)]
    return Made(
        shop=shop,
        addresses=tuple(
            make_address(n, places[n], draws.street(), draws.name(), shop) for n in range(3)
        ),
        goods=tuple(
            _goods(n, name, draws)
            for n, name in enumerate(("bought", "wanted", "spare", "other"), 1)
        ),
        buyers=tuple(_buyer(n, seed, places[2 + n], draws) for n in range(1, 6)),
    )


def _goods(number: int, name: str, draws: _Draws) -> Goods:
    kind, size = draws.choice(_KINDS)
    return Goods(
        name=name,
        sku_id=str(4_000_000_000_000 + draws.number(0, 9_999_999) * 10 + number),
        num_iid=600_000_000_000 + draws.number(0, 9_999_999),
        outer_id=f"TX-{draws.number(1000, 9999)}-{number}",
        title=f"{kind} {draws.choice(_COLOURS)} {size}",
        price=draws.number(19, 899) * 100,
    )


def _buyer(number: int, seed: int, place: tuple[str, str, str, int], draws: _Draws) -> Buyer:
    province, city, country, _ = place
    detail = f"{draws.street()}{draws.number(1, 30)}楼"
    return Buyer(
        nick=f"{draws.given_name()}{draws.choice(_NICK_ENDINGS)}{number}",
        open_uid=f"AAH{seed % 10**6:06}buyer{number:04}",
        user_id=2_300_000_000 + number,
        name=draws.name(),
        phone=f"100{seed % 10**4:04}{number:04}",
        address=f"{province}^^^{city}^^^{country}^^^{detail}",
        oaid=f"1oaid{seed % 10**6:06}{number:04}",
    )

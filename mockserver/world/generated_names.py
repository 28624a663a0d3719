"""Made-up worlds for other seeds: the same data for the same seed and release.

Faker is imported here only, when a seed asks for it: its import alone costs more than a start.
"""

from ..domain.catalogue import Buyer, Goods
from .default_world import DEFAULT, DISTRICTS, Made, make_address

__all__ = ["generate_names"]

_KINDS = (
    ("针织开衫", "均码"),
    ("牛仔长裤", "30码"),
    ("保温杯", "500ml"),
    ("双肩背包", "20L"),
    ("儿童雨衣", "120cm"),
)
_COLOURS = ("黑色", "米白", "藏青", "卡其", "酒红")


def generate_names(seed: int) -> Made:
    """Shop, addresses, goods and buyers of a seed; seed 0 is the shipped literal."""
    if seed == 0:
        return DEFAULT
    from faker import Faker

    fake = Faker("zh_CN")
    fake.seed_instance(seed)
    shop = f"{fake.last_name()}家{fake.random_element(('优品', '生活', '服饰', '数码'))}旗舰店"
    places = [fake.random_element(DISTRICTS) for _ in range(8)]
    return Made(
        shop=shop,
        addresses=tuple(
            make_address(
                n, places[n], f"{fake.street_name()}{fake.random_int(1, 999)}号", fake.name(), shop
            )
            for n in range(3)
        ),
        goods=tuple(
            _goods(n, name, fake)
            for n, name in enumerate(("bought", "wanted", "spare", "other"), 1)
        ),
        buyers=tuple(_buyer(n, seed, places[2 + n], fake) for n in range(1, 6)),
    )


def _goods(number: int, name: str, fake: "Faker") -> Goods:  # type: ignore[name-defined]  # noqa: F821  # lazy import
    kind, size = fake.random_element(_KINDS)
    return Goods(
        name=name,
        sku_id=str(4_000_000_000_000 + fake.random_int(0, 9_999_999) * 10 + number),
        num_iid=600_000_000_000 + fake.random_int(0, 9_999_999),
        outer_id=f"TX-{fake.random_int(1000, 9999)}-{number}",
        title=f"{kind} {fake.random_element(_COLOURS)} {size}",
        price=fake.random_int(19, 899) * 100,
    )


def _buyer(number: int, seed: int, place: tuple[str, str, str, int], fake: "Faker") -> Buyer:  # type: ignore[name-defined]  # noqa: F821  # lazy import
    province, city, country, _ = place
    detail = f"{fake.street_name()}{fake.random_int(1, 999)}号{fake.random_int(1, 30)}楼"
    return Buyer(
        nick=(
            f"{fake.first_name()}{fake.random_element(('爱逛街', '的小屋', '每天开心', '在路上'))}"
            f"{number}"
        ),
        open_uid=f"AAH{seed % 10**6:06}buyer{number:04}",
        user_id=2_300_000_000 + number,
        name=fake.name(),
        phone=f"100{seed % 10**4:04}{number:04}",
        address=f"{province}^^^{city}^^^{country}^^^{detail}",
        oaid=f"1oaid{seed % 10**6:06}{number:04}",
    )

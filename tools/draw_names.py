"""Draw the pool of names and streets that made-up worlds use, and write it into the package.

    python tools/draw_names.py

Faker is needed here only.  Its lists and algorithms change between releases, so its draws are kept
in a committed file: a seed gives the same world with every release, and nobody who installs the
package installs Faker.  A new file changes the worlds of all seeds but 0: say so in the changelog.
"""

import json
from collections.abc import Callable
from pathlib import Path

from faker import Faker

POOL = Path(__file__).parents[1] / "mockserver" / "world" / "name_pool.json"
SEED = 20260301
MAX_DRAWS = 20_000  # of one kind: Faker has some 130 given names and 340 family names
SIZES = {"last_names": 120, "given_names": 120, "streets": 240}


def draw_distinct(draw: Callable[[], str], count: int) -> list[str]:
    """Return the first `count` distinct values that `draw` gives, in the order drawn.

    Raises:
        ValueError: there are not so many.
    """
    values = list(dict.fromkeys(draw() for _ in range(MAX_DRAWS)))
    if len(values) < count:
        raise ValueError(f"Faker has {len(values)} values, {count} are needed")
    return values[:count]


def draw_pool() -> dict[str, list[str]]:
    """Return the pool: lists of Chinese texts, as many of each kind as `SIZES` says."""
    fake = Faker("zh_CN")
    fake.seed_instance(SEED)
    draws = {
        "last_names": fake.last_name,
        "given_names": fake.first_name,
        "streets": fake.street_name,
    }
    return {kind: draw_distinct(draws[kind], count) for kind, count in SIZES.items()}


if __name__ == "__main__":
    text = json.dumps(draw_pool(), ensure_ascii=False, indent=1)
    POOL.write_text(text + "\n", "utf-8")

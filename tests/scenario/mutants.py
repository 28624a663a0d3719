"""Mutants of the shipped scenarios: what `validate` passes never breaks a run by its form.

`python -m tests.scenario.mutants 30000 1` runs that many from seed 1 on, and prints those that
break, that raise, or that take long.
"""

import random
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from copy import deepcopy
from time import process_time
from typing import Any

from mockserver.control.in_process import in_process_targets
from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.library import list_shipped, read_shipped
from mockserver.scenario.loading import load_scenario
from mockserver.scenario.result import ScenarioResult
from mockserver.scenario.runner import RunSettings, run_scenario
from mockserver.scenario.yaml_text import InvalidFile, read_yaml
from mockserver.scenario.yaml_writer import write_yaml
from mockserver.server import make_context

TEXTS = [read_shipped(name) for name in list_shipped()]
TREES = [read_yaml(text).plain() for text in TEXTS]
MAX_VALUES = 5_000  # of a mutant: parts of others put into it could make it grow for ever
LONG_SECONDS = 10.0  # of processor time
VALUES = [
    None, True, False, 0, -1, 1, 2, 14, 99, 2**31, 10**18, 1.5, "", "x", "abc", "1h", "10s", "now",
    "$it", "$nobody", "${it}x", "$it.status", "2026-03-01 10:00:00", "2026-02-30 10:00:00", "next",
    "deadline", "wanted", "bought", "尺码", "🙂", "a/b", "..", "null", "true", "wrong_state", [],
    {}, [1], ["agree"], {"a": 1}, {"one_of": "abc"}, {"one_of": 5}, {"one_of": [1, 2]},
    {"not": {"above": [1]}}, {"above": None}, {"contains": {"a": 1}}, {"count": "x"},
    {"count": {"above": 0}}, {"first": {"any": {"one_of": 1}}}, {"absent": 1}, {"last": None},
    "s1", "default", "9" * 25, "data:image/png;base64,%%", "\u2028", "-1h", "1e3", "0123",
]  # fmt: skip
CHARACTERS = "0159-:{}[]$#'\"?!&*| x\t，：\u2028\ufeff"
KEYS = ("status", "stock.x", "stok", "with", "on", "as", "sub", "shop", "refused", "expect")


def list_places(tree: Any, path: tuple = ()) -> Iterator[tuple]:
    """Yield the path of every value."""
    if not isinstance(tree, dict | list):
        return
    for key, value in tree.items() if isinstance(tree, dict) else enumerate(tree):
        yield (*path, key)
        yield from list_places(value, (*path, key))


def mutate(tree: Any, chance: random.Random) -> Any:
    """Return a copy with one to three values or keys changed, dropped, doubled or swapped."""
    tree = deepcopy(tree)
    for _ in range(chance.randint(1, 3)):
        places = list(list_places(tree))
        if not places or len(places) > MAX_VALUES:
            break
        *path, last = chance.choice(places)
        parent = tree
        for key in path:
            parent = parent[key]
        act = chance.choice(("value", "value", "value", "other", "drop", "rename", "double"))
        if act == "value":
            parent[last] = deepcopy(chance.choice(VALUES))
        elif act == "other":
            source: Any = chance.choice(TREES)
            for key in chance.choice(list(list_places(source))):
                source = source[key]
            parent[last] = deepcopy(source)
        elif act == "drop":
            del parent[last]
        elif act == "rename" and isinstance(parent, dict):
            parent[chance.choice(("status", "stock.x", "stok", "with", "on", "as"))] = parent.pop(
                last
            )
        elif isinstance(parent, list):
            parent.insert(last, deepcopy(parent[last]))
    return tree


def mutate_text(text: str, chance: random.Random) -> str:
    """Return the text with one to three lines dropped, doubled, moved, indented or misspelt."""
    lines = text.split("\n")
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(lines))
        line = lines[place]
        act = chance.choice(("drop", "double", "indent", "character", "word", "swap"))
        if act == "drop" and len(lines) > 1:
            del lines[place]
        elif act == "double":
            lines.insert(place, line)
        elif act == "indent":
            lines[place] = chance.choice((f"  {line}", line[2:]))
        elif act == "character" and line:
            at = chance.randrange(len(line))
            rest = line[at + chance.randint(0, 1) :]
            lines[place] = f"{line[:at]}{chance.choice(CHARACTERS)}{rest}"
        elif act == "word":
            words = re.split(r"(\W+)", line)
            other = chance.choice(chance.choice(TEXTS).split("\n"))
            words[chance.randrange(len(words))] = chance.choice(re.split(r"(\W+)", other))
            lines[place] = "".join(words)
        elif act == "swap":
            other_place = chance.randrange(len(lines))
            lines[place], lines[other_place] = lines[other_place], line
    return "\n".join(lines)


def make_mutant(seed: int) -> str:
    """Return the text of the mutant of a seed."""
    chance = random.Random(seed)
    if chance.random() < 0.6:
        with suppress(InvalidFile):  # a mutant that is too deep to be written
            return write_yaml(mutate(chance.choice(TREES), chance))
    return mutate_text(chance.choice(TEXTS), chance)


def run_text(text: str) -> ScenarioResult | None:
    """Return the result of a file that `validate` passes; None if it does not."""
    try:
        scenario = load_scenario(text, "mutant.yaml")
    except InvalidFile:
        return None
    target = in_process_targets(make_context())(scenario.world)
    try:
        clock = iter(range(10**6))
        waiter = ClientWaiter(lambda: float(next(clock)), lambda seconds: None)
        return run_scenario(scenario, target, RunSettings(waiter=waiter))
    finally:
        target.close()


AT_RUN_TIME = (  # what only the run can know: replies, and what a fault has taken away
    "应答里没有",
    "没有值",
    "没有将到期的时限",
    "已过",
)


def describe_break(text: str) -> str:
    """Return how a mutant breaks though `validate` passes it; nothing if it does not."""
    result = run_text(text)
    if result is None or result.outcome != "broken" or result.trouble is None:
        return ""
    by_replies = any(words in result.trouble.zh for words in AT_RUN_TIME)
    return "" if by_replies else result.trouble.zh


def main(count: int, first: int) -> int:
    """Run `count` mutants from the seed `first` on; return 1 if one of them breaks, else 0."""
    kinds: Counter[str] = Counter()
    for seed in range(first, first + count):
        text = make_mutant(seed)
        began = process_time()
        try:
            trouble = describe_break(text)
        except Exception as error:  # a run that raises is what this looks for
            trouble = repr(error)
        if process_time() - began > LONG_SECONDS:
            trouble = trouble or f"{process_time() - began:.0f} s"
        if trouble:
            kinds[trouble] += 1
            print(f"--- seed {seed}: {trouble}\n{text}", flush=True)  # noqa: T201 - a report
    print(f"{count} mutants, {kinds.total()} break")  # noqa: T201
    return int(bool(kinds))


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:3])))

"""What `validate` passes can be run: mutated scenario files never end as broken ones."""

import random
from collections.abc import Iterator
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.control.in_process import in_process_targets
from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.library import list_shipped, read_shipped
from mockserver.scenario.loading import load_scenario
from mockserver.scenario.runner import RunSettings, run_scenario
from mockserver.scenario.target import ControlRefused
from mockserver.scenario.yaml_text import InvalidFile, read_yaml
from mockserver.scenario.yaml_writer import write_yaml
from mockserver.server import make_context

LAW = settings(derandomize=True, database=None, deadline=None, max_examples=400)
TREES = [read_yaml(read_shipped(name)).plain() for name in list_shipped()]
VALUES = [
    None, True, False, 0, -1, 1, 2, 14, 99, 2**31, 10**18, 1.5, "", "x", "abc", "1h", "10s", "now",
    "$it", "$nobody", "${it}x", "$it.status", "2026-03-01 10:00:00", "2026-02-30 10:00:00", "next",
    "deadline", "wanted", "bought", "尺码", "🙂", "a/b", "..", "null", "true", "wrong_state", [],
    {}, [1], ["agree"], {"a": 1}, {"one_of": "abc"}, {"one_of": 5}, {"one_of": [1, 2]},
    {"not": {"above": [1]}}, {"above": None}, {"contains": {"a": 1}}, {"count": "x"},
    {"count": {"above": 0}}, {"first": {"any": {"one_of": 1}}}, {"absent": 1}, {"last": None},
    "s1", "default", "9" * 25, "data:image/png;base64,%%", "\u2028", "-1h", "1e3", "0123",
]  # fmt: skip
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
    tree = read_yaml(write_yaml(tree)).plain()
    for _ in range(chance.randint(1, 3)):
        places = list(list_places(tree))
        if not places:
            break
        *path, last = chance.choice(places)
        parent = tree
        for key in path:
            parent = parent[key]
        act = chance.choice(("value", "value", "value", "other", "drop", "rename", "double"))
        if act == "value":
            parent[last] = chance.choice(VALUES)
        elif act == "other":
            source: Any = chance.choice(TREES)
            for key in chance.choice(list(list_places(source))):
                source = source[key]
            parent[last] = source
        elif act == "drop":
            del parent[last]
        elif act == "rename" and isinstance(parent, dict):
            parent[chance.choice(("status", "stock.x", "stok", "with", "on", "as"))] = parent.pop(
                last
            )
        elif isinstance(parent, list):
            parent.insert(last, parent[last])
    return tree


def run_text(text: str):
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


@given(seed=st.integers(0, 2**32), place=st.integers(0, len(TREES) - 1))
@LAW
def test_what_validates_is_never_a_broken_file(seed, place):
    """A mutant that passes may fail, but never stops as one that cannot be run, nor raises."""
    text = write_yaml(mutate(TREES[place], random.Random(seed)))
    try:
        result = run_text(text)
    except ControlRefused as refused:
        pytest.fail(f"given: {refused.problem}\n{text}")
    if result is not None and result.outcome == "broken":
        assert any(words in result.trouble.zh for words in AT_RUN_TIME), f"{result.trouble}\n{text}"


AT_RUN_TIME = (  # what only the run can know: replies, and what a fault has taken away
    "应答里没有",
    "没有值",
    "没有将到期的时限",
    "已过",
)


def list_mistakes(text: str) -> list[tuple[int, int, str]]:
    """Return line, column and English sentence of every mistake."""
    with pytest.raises(InvalidFile) as caught:
        load_scenario(text, "story.yaml")
    return [(mistake.line, mistake.column, mistake.en) for mistake in caught.value.mistakes]


@pytest.mark.parametrize(
    ("world", "column", "field"),
    [
        ("{goods: {wanted: {stock: -1}}}", 26, "goods.wanted.stock"),
        ("{goods: {wanted: {price: 一百}}}", 26, "goods.wanted.price"),
        ("{goods: {wanted: {sku_id: 7}, bought: {sku_id: 7}}}", 47, "sku_id: 7 is given twice"),
        ("{clock: 2026-02-30 10:00:00}", 9, "clock"),
        ("{clock: 2026-02-28}", 9, "clock"),
        ("{clock: 3000-01-01 00:00:00}", 9, "1970 to 2999"),
        ("{clock: {mode: stopped}}", 17, "clock.mode"),
        ("{shops: [{nick: a}, {nick: b}, {nick: a}]}", 40, "a is given twice"),
        ("{buyers: [{nick: a}, {nick: a}]}", 30, "a is given twice"),
        ("{shops: [{nick: a}, {addresses: [{contact_id: x}]}]}", 40, "contact_id"),
        ("{reasons: [{reason_id: 1, reason_text: x, stage: y}]}", 50, "reasons.stage"),
        ("{robots: {buyer: nobody}}", 18, "robots.buyer"),
        ("{quotas: [{per: day, limit: 1}, {per: week, limit: 1}]}", 41, "quotas[1].per"),
        ("{quotas: [{per: day, limit: 1, app_key: 99}]}", 39, "quotas[0].app_key"),
        ("{faults: [{fault: latency}, {fault: none_such}]}", 37, "faults[1].fault"),
        ("{faults: [{fault: latency, seconds: 999}]}", 35, "faults[0].seconds"),
        ("{rules: {deadline.99: 1d}}", 17, "deadline.99"),
        ("{goods: {wanted: {stok: 1}}}", 26, "did you mean stock"),
        ("{name: a/b}", 9, "name"),
        ("{robts: {buyer: prompt}}", 9, "did you mean robots"),
    ],
)
def test_values_of_given_are_checked_as_a_run_checks_them(world, column, field):
    """Whatever no sandbox could be made with is a mistake with line, column and field."""
    text = f"scenario: s\nabout: a\ngiven: {world}\nsteps:\n  - buyer: apply\n"
    [(line, at, sentence)] = list_mistakes(text)
    assert (line, at) == (3, column)
    assert field in sentence


def test_all_mistakes_of_given_are_reported_at_once():
    """Each part is checked alone, so one mistake hides no other."""
    text = (
        "scenario: s\ngiven:\n  clock: tomorrow\n  rules: {deadline.1: x, deadline.99: 1d}\n"
        "  goods: {wanted: {stock: -1}, bought: {price: -5}}\n"
        "  buyers: [{nick: a}, {user_id: x}]\nsteps:\n  - buyer: apply\n"
    )
    assert [line for line, _, _ in list_mistakes(text)] == [3, 4, 4, 5, 5, 6]


@pytest.mark.parametrize(
    ("expect", "value"),
    [
        ("{status: {one_of: abc}}", "abc"),
        ("{status: {one_of: 5}}", "5"),
        ("{status: {one_of: []}}", "[]"),
        ("{status: {not: {above: [1]}}}", "[1]"),
        ("{status: {below: null}}", "null"),
        ("{status_text: {contains: {a: 1}}}", "{a: 1}"),
        ("{messages: {count: many}}", "many"),
        ("{messages: {count: {above: 1, below: {a: 1}}}}", "{a: 1}"),
        ("{messages: {last: {content: {absent: 1}}}}", "1}"),
        ("{exchange: {reason: {present: yes}}}", "yes"),
    ],
)
def test_values_behind_operators_are_checked(expect, value):
    """An operator that cannot compare with its value is a mistake at the value."""
    step = f"  - expect: {expect}"
    [(line, column, _)] = list_mistakes(f"scenario: s\nsteps:\n  - buyer: apply\n{step}\n")
    assert (line, column) == (4, step.rindex(value) + 1)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("stock: {wantd: 1}", "did you mean wanted"),
        ("expect: {stock.wantd: 1}", "did you mean wanted"),
        ("rights: {session: mian, methods: []}", "did you mean main"),
        ("rights: {session: main, methods: [tmall.exchange.gett]}", "tmall.exchange.get"),
        ("rights: {session: main, expires: soon}", "an instant or null"),
        ("rights: {app: true, expires: now}", "goes with session"),
        ("snapshot: a/b", "1–64 letters"),
        ("{call: taobao.time.get, shop: nobody}", "unknown 'nobody'"),
    ],
)
def test_names_of_the_sandbox_are_checked(step, words):
    """Goods, sessions, methods and shops that the sandbox does not have are mistakes."""
    sentences = [en for _, _, en in list_mistakes(f"scenario: s\nsteps:\n  - {step}\n")]
    assert any(words in sentence for sentence in sentences), sentences


def test_what_is_misspelt_and_what_can_never_be_are_reported_in_one_go():
    """The readable part is played on paper: a wrong name does not hide a wrong expectation."""
    text = (
        "scenario: s\nsteps:\n  - buyer: aply\n  - seller: agree\n    reson: x\n"
        "  - expect: {status: 3, stok: 1}\n  - call: tmall.exchange.gett\n  - advance: 1d\n"
        "  - expect: {status: 5}\n"
    )
    mistakes = list_mistakes(text)
    assert [(line, column) for line, column, _ in mistakes] == [
        (3, 12),
        (5, 5),
        (6, 22),
        (6, 25),
        (7, 11),
    ]
    assert "cannot be 3: the exchange is at 2" in mistakes[2][2]


def test_an_exchange_that_was_refused_does_not_exist():
    """A step about the exchange of a refused application could only stop the run."""
    text = "scenario: s\nsteps:\n  - buyer: apply\n  - restore: empty\n"
    refused = "scenario: s\nsteps:\n  - buyer: apply\n    num: 3\n    refused: true\n"
    load_scenario(f"{text}  - buyer: apply\n    refused: true\n", "story.yaml")
    for step in ("seller: agree", "expect: {status: 1}", "advance: deadline"):
        [(line, _, sentence)] = list_mistakes(f"{refused}  - {step}\n")
        assert line == 6
        assert "there is no exchange it" in sentence


X = "scenario: s\nsteps:\n"
NESTED = "".join(
    f"{'    ' * depth}  - repeat: 10000\n{'    ' * depth}    do:\n" for depth in range(4)
)
COSTLY = {
    "10^12 steps": f"{X}{NESTED}{'    ' * 4}  - buyer: apply\n",
    "are executed, above 100000": (
        f"{X}  - repeat: 1000\n    do:\n      - buyer: apply\n"
        "      - each: all\n        do:\n          - expect: {status: 1}\n"
    ),
    "1d of real time": f"{X}  - buyer: apply\n  - await: {{status: 2, within: 9d}}\n",
    "are above 1 MiB": (
        f"scenario: s\nset: {{a: {'x' * 200_000}}}\nsteps:\n"
        + "  - buyer: apply\n    reason: $a$a$a$a$a$a$a$a$a$a\n" * 500
    ),
    "above 64 MiB": (
        f"{X}  - repeat: 1000\n    do:\n      - buyer: apply\n        reason: {'x' * 100_000}\n"
    ),
    "the file is above 1 MiB": f"{X}  - buyer: apply\n    reason: {'x' * 2**20}\n",
    "40 levels": f"{X}  - {'[' * 100}{']' * 100}\n",
    "50000 values": f"{X}  - [{'1, ' * 60_000}]\n",
    "no anchors": "a: &a [x]\nb: [*a, *a]\n",
    "unknown 'x'": f"scenario: s\nsteps: [{'{x: 1}, ' * 12_000}]\n",
    "buyers[9000].nick": (
        f"scenario: s\ngiven: {{buyers: [{'{}, ' * 9_000}{{nick: 1}}]}}\nsteps: [buyer: apply]\n"
    ),
}


@pytest.mark.parametrize("words", COSTLY)
def test_what_a_file_can_cost_is_bounded_before_anything_runs(words):
    """Products of loops, filled texts, waiting, depth and the number of mistakes have limits."""
    began = process_time()
    mistakes = list_mistakes(COSTLY[words])
    assert process_time() - began < 10
    assert any(words in sentence for _, _, sentence in mistakes), mistakes
    assert len(mistakes) <= 100


def test_texts_that_replies_bring_are_bounded_while_running():
    """Values kept from replies are counted when they are filled in."""
    result = run_text(
        f"{X}  - buyer: apply\n    reason: {'x' * 200_000}\n"
        "  - repeat: 400\n    do:\n      - buyer: apply\n        reason: $it.reason\n"
    )
    assert result.outcome == "broken"
    assert "64 MiB" in result.trouble.en

"""What `validate` passes can be run: mutated scenario files never end as broken ones."""

from datetime import timedelta
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mockserver.control.in_process import in_process_targets
from mockserver.control.openapi import describe
from mockserver.control.routes import ROUTES
from mockserver.scenario.client_waiter import ClientWaiter
from mockserver.scenario.cost import measure_running
from mockserver.scenario.loading import load_scenario
from mockserver.scenario.rejection import PROBLEM_MEMBERS
from mockserver.scenario.runner import RunSettings, run_scenario
from mockserver.scenario.yaml_text import InvalidFile
from mockserver.server import make_context
from tests.scenario.mutants import describe_break, make_mutant, run_text

LAW = settings(derandomize=True, database=None, deadline=None, max_examples=400)


@given(seed=st.integers(0, 2**32))
@LAW
def test_what_validates_is_never_a_broken_file(seed):
    """A mutant that passes may fail, but never stops as one that cannot be run, nor raises."""
    text = make_mutant(seed)
    assert describe_break(text) == "", text


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
        ("{exchanges: [{count: 3}, {statu: 1}]}", 34, "did you mean status"),
        ("{exchanges: [{count: 0}, {count: 20000}]}", 22, "1 to 20000"),
        ("{exchanges: [{count: 1}, {count: 20000}]}", 34, "more than 20000 exchanges"),
        (f"{{exchanges: [{', '.join(['{count: 20000}'] * 9)}]}}", 38, "more than 20000"),
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
        ("{buyer: apply, shop: nobody}", "unknown 'nobody'"),
        ("{buyer: apply, shop: {a: 1}}", "unknown"),
    ],
)
def test_names_of_the_sandbox_are_checked(step, words):
    """Goods, sessions, methods and shops that the sandbox does not have are mistakes."""
    sentences = [en for _, _, en in list_mistakes(f"scenario: s\nsteps:\n  - {step}\n")]
    assert any(words in sentence for sentence in sentences), sentences


GET = "call: tmall.exchange.get, with: {dispute_id: $it}"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (f"{{{GET}, keep: {{a: result.exchange.sttus}}}}", "did you mean status"),
        (f"{{{GET}, keep: {{a: results}}}}", "did you mean result"),
        (
            "{call: taobao.logistics.address.search, keep: {a: addresses.adress_result.0}}",
            "unknown",
        ),
        ("{call: tmall.exchange.get}", "required parameter dispute_id is missing"),
        ("{call: tmall.exchange.get, with: {dispute_id: null}}", "dispute_id is missing"),
        ("{call: tmall.exchange.agree, with: {dispute_id: $it}}", "address_id is missing"),
        (f"{{{GET[:-1]}, fields: ''}}}}", "required parameter fields is missing"),
        ("{seller: agree, refused: {msg_cod: NO}}", "did you mean msg_code"),
        ("{seller: agree, refused: {code: 999}}", "no error code 999"),
        ("{seller: agree, refused: {code: abc}}", "no error code abc"),
        ("{buyer: cancel, refused: {status: 200}}", "from 400 to 599"),
        ("{buyer: cancel, refused: {failur: no_stock}}", "did you mean failure"),
        ("{buyer: leave_message, content: a, pics: [{url: $it}]}", "texts are wanted in pics"),
    ],
)
def test_what_a_reply_or_a_refusal_can_never_hold_is_a_mistake(step, words):
    """Paths, members, codes and parameters that the declarations do not have cannot come."""
    [(line, _, sentence)] = list_mistakes(f"scenario: s\nsteps:\n  - buyer: apply\n  - {step}\n")
    assert line == 4
    assert words in sentence


@pytest.mark.parametrize(
    "step",
    [
        "{call: taobao.logistics.address.search, keep: {a: addresses.address_result.0.contact_id}}",
        f"{{{GET}, keep: {{a: result.exchange.status, b: request_id}}}}",
        "{call: tmall.exchange.get, refused: 40}",
        "{call: tmall.exchange.get, refused: {code: '40', sub_code: {contains: dispute_id}}}",
        "{rules: {fields_required: false}}",
        "{seller: agree, refused: {success: false, msg_code: {present: true}}}",
        "{call: tmall.exchange.messages.get, refused: {code: 40, results: {absent: true}}}",
        "{buyer: ship_back, refused: {status: 409, possible: {present: true}, way: {any: {}}}}",
    ],
)
def test_what_a_reply_or_a_refusal_may_hold_is_no_mistake(step):
    """Every member that a reply, a refusal of TOP or a problem may have can be compared."""
    used = "  - expect: {exchange: {desc: {not: $a}, reason: {not: $b}}}\n"
    needed = used if "b:" in step else used.replace(", reason: {not: $b}", "")
    text = f"scenario: s\nsteps:\n  - buyer: apply\n  - {step}\n"
    assert load_scenario(f"{text}{needed if 'keep' in step else ''}", "story.yaml").steps


def test_members_of_refusals_are_those_that_the_api_describes():
    """`refused` may name each member of a problem that the OpenAPI document describes."""
    described = describe(ROUTES, "")["components"]["schemas"]["Problem"]["properties"]
    assert set(described) <= set(PROBLEM_MEMBERS)


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
    "too many snapshots": (
        f"{X}  - repeat: 10000\n    do:\n      - repeat: 3\n        do:\n          - buyer: apply\n"
        + "".join(f"  - snapshot: k{place}\n  - restore: k{place}\n" for place in range(50))
    ),
    "more than 20000 exchanges": (
        f"scenario: s\ngiven: {{exchanges: [{'{count: 20000}, ' * 9_000}]}}\n"
        "steps: [buyer: apply]\n"
    ),
    "n2000 is given twice": (
        f"scenario: s\ngiven: {{shops: [{', '.join(f'{{nick: n{n}}}' for n in range(2001))}, "
        "{nick: n2000}]}\nsteps: [buyer: apply]\n"
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


def test_a_run_may_take_ten_minutes_and_what_it_waits():
    """The time of a run is bounded: ten minutes, and the `within` of its `await` steps."""
    text = (
        f"{X}  - buyer: apply\n  - repeat: 3\n    do:\n      - await: {{status: 1, within: 20s}}\n"
    )
    assert measure_running(load_scenario(text, "story.yaml")) == timedelta(minutes=11)


def test_a_run_that_has_used_up_its_time_says_how_much():
    """Steps that take too long end as broken, with the limit in words."""
    clock = iter(range(10**6))
    waiter = ClientWaiter(
        lambda: float(next(clock)), lambda seconds: None, total=timedelta(minutes=10)
    )
    scenario = load_scenario(f"{X}  - repeat: 2000\n    do:\n      - buyer: apply\n", "story.yaml")
    target = in_process_targets(make_context())(scenario.world)
    result = run_scenario(scenario, target, RunSettings(waiter=waiter))
    target.close()
    assert result.outcome == "broken"
    assert "10m of real time" in result.trouble.en
    assert result.steps < 700


def test_many_exchanges_are_counted_as_few_are():
    """An expectation of `exchanges` counts by status, also above what is listed at once."""
    result = run_text(
        "scenario: s\ngiven: {exchanges: [{count: 150}, {status: 5, count: 7}]}\nsteps:\n"
        "  - buyer: apply\n  - buyer: cancel\n"
        "  - expect: {exchanges: {total: 158, 1: 150, 4: 1, 5: 7, 2: 0}}\n"
    )
    assert result.outcome == "passed", result.trouble


def test_texts_that_replies_bring_are_bounded_while_running():
    """Values kept from replies are counted when they are filled in."""
    result = run_text(
        f"{X}  - buyer: apply\n    reason: {'x' * 200_000}\n"
        "  - repeat: 400\n    do:\n      - buyer: apply\n        reason: $it.reason\n"
    )
    assert result.outcome == "broken"
    assert "64 MiB" in result.trouble.en

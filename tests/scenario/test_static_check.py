"""Steps that can never work are reported before anything runs.

What may work is let pass.
"""

import pytest
from msgspec.structs import replace

from mockserver.scenario.model import ControlStep
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.static_check import check_scenario
from mockserver.scenario.yaml_text import InvalidFile

APPLY = "scenario: x\nsteps:\n  - buyer: apply\n"


def describe_mistakes(text):
    """Line and both sentences of every mistake."""
    return [
        (mistake.line, f"{mistake.zh} | {mistake.en}")
        for mistake in check_scenario(read_scenario(text, "story.yaml"))
    ]


@pytest.mark.parametrize(
    ("steps", "line", "words"),
    [
        ("  - seller: consigngoods\n", 4, "状态 12"),
        ("  - seller: agree\n  - seller: agree\n", 5, "2 待买家退货"),
        (
            "  - seller: agree\n  - advance: 7d\n  - buyer: ship_back\n",
            6,
            "4 换货关闭(2026-03-08 10:00:00 起)",
        ),
        ("  - seller: agree\n    refused: wrong_state\n", 5, "不会被拒绝"),
        ("  - advance: 2d\n  - expect: {status: 1}\n", 5, "2 待买家退货 或 4 换货关闭"),
        ("  - expect: {status: 换货成功}\n", 4, "换货成功"),
        ("  - expect: {due_in: 3d}\n", 4, "还有 2d"),
        ("  - expect: {deadline: 2026-03-04 10:00:00}\n", 4, "2026-03-03 10:00:00"),
        ("  - advance: 2026-02-28 10:00:00\n", 4, "已过"),
        ("  - expect: {due_in: null}\n", 4, "还有 2d"),
        ("  - expect: {deadline: null}\n", 4, "2026-03-03 10:00:00"),
        ("  - seller: refuse\n  - expect: {due_in: 2d}\n", 5, "4 换货关闭"),
        ("  - seller: refuse\n  - advance: next\n", 5, "没有将到期的时限"),
        ("  - seller: refuse\n  - advance: deadline\n", 5, "没有将到期的时限"),
        ("  - seller: refuse\n  - buyer: modify\n", 5, "只能在状态 1、6"),
        ("  - seller: confirm_consign\n", 4, "只能在状态 无"),
        (
            (
                "  - seller: refuse\n"
                "  - call: tmall.exchange.agree\n"
                "    with: {dispute_id: $it, address_id: 1}\n"
            ),
            5,
            "4 换货关闭",
        ),
        ("  - repeat: 2\n    do:\n      - seller: agree\n", 6, "2 待买家退货"),
        ("  - rules: {deadline.1: 1h}\n  - advance: 1h\n  - expect: {status: 1}\n", 6, "不可能"),
        ("  - rules: {deadline.2: 0s}\n  - seller: agree\n  - buyer: ship_back\n", 6, "4 换货关闭"),
    ],
)
def test_what_can_never_work_is_reported(steps, line, words):
    """A move, an instant or an expectation that no run could meet is a mistake at its line."""
    [(at, sentence)] = describe_mistakes(APPLY + steps)
    assert at == line
    assert words in sentence


def test_what_follows_is_reported_as_never_reached():
    """Steps behind one that can never succeed are named by the line where they begin."""
    [(line, sentence)] = describe_mistakes(
        APPLY + "  - seller: consigngoods\n  - expect: {status: 13}\n  - buyer: confirm_receipt\n"
    )
    assert (
        line,
        "其后 2 步(第 5 行起)不会执行" in sentence,
        "from line 5 are never reached" in sentence,
    ) == (4, True, True)


@pytest.mark.parametrize(
    "steps",
    [
        "  - advance: 2d\n  - expect: {status: 4}\n",
        "  - await: {status: 2}\n  - buyer: ship_back\n",
        "  - age: 9999-12-31 23:59:59\n",
        "  - repeat: 90\n    do:\n      - advance: 36500d\n",
        "  - rules: {deadline.2: 0s}\n  - seller: agree\n  - expect: {status: 4}\n",
        "  - advance: 2d\n  - expect: {status: 2}\n  - buyer: ship_back\n",
        "  - seller: agree\n    refused: no_stock\n  - seller: refuse\n",
        "  - advance: 1d23h59m59s\n  - seller: agree\n  - expect: {status: 2, due_in: 7d}\n",
        "  - snapshot: before\n  - seller: refuse\n  - restore: before\n  - seller: agree\n",
        (
            "  - buyer: apply\n"
            "  - each: all\n"
            "    do:\n"
            "      - seller: agree\n"
            "      - expect: {status: 2}\n"
        ),
        "  - buyer: apply\n    status: 12\n  - seller: consigngoods\n  - expect: {status: 13}\n",
        (
            "  - age: 1d\n"
            "  - expect: {deadline: 2026-03-02 10:00:00, due_in: 1d}\n"
            "  - seller: agree\n"
            "  - age: 7d\n"
            "  - expect: {status: 4}\n"
        ),
        (
            "  - buyer: apply\n"
            "    status: 3\n"
            "    created: 2020-01-01 10:00:00\n"
            "  - expect: {due_in: 3d}\n"
        ),
        (
            "  - buyer: apply\n"
            "    status: 3\n"
            "    created: 2020-01-01 10:00:00\n"
            "  - advance: next\n"
            "  - expect: {status: 1}\n"
        ),
        (
            "  - buyer: apply\n"
            "    status: 3\n"
            "    created: 2020-01-01 10:00:00\n"
            "  - advance: 2d\n"
            "  - expect: {status: 1}\n"
        ),
        (
            "  - call: tmall.exchange.get\n"
            "    with: {dispute_id: $it, fields: time_out}\n"
            "    keep: {due: result.exchange.time_out}\n"
            "  - advance: $due\n"
            "  - expect: {status: 1}\n"
        ),
        ("  - call: tmall.exchange.agree\n    with: {dispute_id: 17, address_id: 1}\n"),
        "  - advance: 2d\n  - buyer: apply\n  - advance: next\n  - expect: {status: 1}\n",
        "  - seller: refuse\n  - expect: {due_in: null, deadline: null}\n",
        (
            "  - snapshot: before\n"
            "  - buyer: apply\n"
            "    as: later\n"
            "  - restore: before\n"
            "  - buyer: apply\n"
            "  - expect: {status: 12}\n"
            "    on: later\n"
        ),
    ],
)
def test_what_may_work_is_let_pass(steps):
    """Stock, captures, snapshots and other exchanges leave open what only playing can show."""
    assert describe_mistakes(APPLY + steps) == []


@pytest.mark.parametrize(("kind", "count"), [("stock", 1), ("rights", 1), ("invented", 0)])
def test_a_step_of_a_new_kind_may_do_anything(kind, count):
    """After a step that the check does not know it calls nothing impossible."""
    scenario = read_scenario(
        APPLY + "  - stock: {wanted: 5}\n  - seller: consigngoods\n", "scenario.yaml"
    )
    steps = [
        replace(step, kind=kind) if isinstance(step, ControlStep) else step
        for step in scenario.steps
    ]

    assert len(check_scenario(replace(scenario, steps=tuple(steps)))) == count


REFUSED_RECEIPT = (  # `modify` leads to 3 for the same goods, to 1 for others
    "scenario: x\n"
    "steps:\n"
    "  - rules: {modify_to: 3}\n"
    "  - buyer: apply\n"
    "    status: 3\n"
    "    num: 2\n"
    "  - call: tmall.exchange.get\n"
    "    with: {dispute_id: $it, fields: num}\n"
    "    keep: {number: result.exchange.num}\n"
    "  - expect: {exchanges: $number}\n"
    "  - seller: returngoods_refuse\n"
)


@pytest.mark.parametrize("status", [1, 3])
@pytest.mark.parametrize(
    "goods", ["num: 1", "num: 2", "num: $number", "exchange_sku: wanted", "exchange_sku: $number"]
)
def test_a_modification_may_name_the_same_goods_or_others(goods, status):
    """What an exchange wants is not known before it runs: both statuses may follow."""
    steps = f"  - buyer: modify\n    {goods}\n  - expect: {{status: {status}}}\n"
    assert describe_mistakes(REFUSED_RECEIPT + steps) == []


@pytest.mark.parametrize("fields", ["", "    reason: 尺码不合适\n", "    num: 0\n"])
def test_a_modification_that_names_no_goods_keeps_them(fields):
    """Where the wanted goods stay, the receipt is to be decided again, not the application."""
    steps = f"  - buyer: modify\n{fields}  - expect: {{status: 1}}\n"
    [(_, sentence)] = describe_mistakes(REFUSED_RECEIPT + steps)
    assert "status cannot be 1: the exchange is at 3" in sentence


@pytest.mark.parametrize(
    ("verdict", "status", "passes"),
    [
        ("$verdict", 14, True),
        ("$verdict", 2, True),
        ("$verdict", 3, False),
        ("refund", 14, True),
        ("refund", 2, False),
        ("buyer", 14, False),
    ],
)
def test_a_verdict_from_a_reply_may_be_any(verdict, status, passes):
    """A verdict that is written out decides; one that a reply brings may be any of them."""
    text = (
        "scenario: x\n"
        "ruleset: upgraded\n"
        "steps:\n"
        "  - buyer: apply\n"
        "    desc: refund\n"
        "  - call: tmall.exchange.get\n"
        "    with: {dispute_id: $it, fields: desc}\n"
        "    keep: {verdict: result.exchange.desc}\n"
        "  - expect: {exchanges: $verdict}\n"
        "  - seller: refuse\n"
        "  - buyer: ask_cs\n"
        "  - cs: step_in\n"
        f"  - cs: judge\n    for: {verdict}\n"
        f"  - expect: {{status: {status}}}\n"
    )
    assert (describe_mistakes(text) == []) is passes


def test_customer_service_stops_the_clock():
    """While customer service has the case no deadline comes, and the buyer cannot modify."""
    text = (
        "scenario: x\n"
        "ruleset: upgraded\n"
        "steps:\n"
        "  - buyer: apply\n"
        "  - seller: refuse\n"
        "  - buyer: ask_cs\n"
    )
    assert (
        describe_mistakes(text + "  - advance: 90d\n  - expect: {status: 6, deadline: null}\n")
        == []
    )
    assert "需要客服介入" in describe_mistakes(text + "  - buyer: modify\n")[0][1]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("scenario: x\nsteps:\n  - buyer: apply\n    as: lonely\n", 3),
        (APPLY + "  - snapshot: kept\n", 4),
        (APPLY + "  - call: taobao.time.get\n    keep: {when: time}\n", 4),
    ],
)
def test_unused_names_are_reported(text, line):
    """An exchange's name, a snapshot or a kept value that nothing refers to is a mistake."""
    assert [at for at, _ in describe_mistakes(text)] == [line]


def test_an_unused_option_is_reported():
    """A value of `set` that no step takes is a mistake at its key."""
    with pytest.raises(InvalidFile) as unreadable:
        read_scenario(
            "scenario: x\nset: {reason: 尺码不合适}\nsteps:\n  - buyer: apply\n", "story.yaml"
        )
    assert [(mistake.line, mistake.column) for mistake in unreadable.value.mistakes] == [(2, 7)]


def test_a_running_clock_is_let_pass():
    """Where time runs by itself nothing is foreseen."""
    assert (
        describe_mistakes(
            "scenario: x\n"
            "given: {clock: {mode: running}}\n"
            "steps:\n"
            "  - buyer: apply\n"
            "  - seller: consigngoods\n"
        )
        == []
    )

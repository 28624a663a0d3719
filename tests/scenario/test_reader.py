"""The reader: every mistake of a scenario at once, with its place and what was meant."""

import json

import pytest

from mockserver.client.sandbox import Sandbox
from mockserver.scenario.reader import read_scenario
from mockserver.scenario.target import format_curl
from mockserver.scenario.yaml_text import InvalidFile
from tests.scenario_texts import FIVE_MISTAKES


def mistakes_of(text):
    """Line, column and sentence of every mistake of a scenario."""
    with pytest.raises(InvalidFile) as unreadable:
        read_scenario(text, "story.yaml")
    return [
        (mistake.line, mistake.column, f"{mistake.zh} {mistake.en}")
        for mistake in unreadable.value.mistakes
    ]


def test_all_mistakes_are_reported_at_once():
    """Five mistakes of different kinds are five mistakes, each at its place."""
    mistakes = mistakes_of(FIVE_MISTAKES)
    assert [(line, column) for line, column, _ in mistakes] == [
        (2, 26),
        (4, 12),
        (6, 5),
        (7, 11),
        (8, 22),
    ]
    for (_, _, sentence), meant in zip(
        mistakes, ("stok", "apply", "reason", "tmall.exchange.get", "换货成功"), strict=True
    ):
        assert meant in sentence


def test_members_asked_of_a_reply_are_checked_at_every_depth():
    """A member that no reply of the method can have is a mistake at its own place.

    Those it has are none.
    """
    scenario = """\
scenario: x
steps:
  - call: tmall.exchange.receive.get
    expect: {results: {exchange: {first: {status: 换货待处理}}}, total_results: {count: 1}}
  - call: tmall.exchange.messages.get
    with: {dispute_id: 1}
    expect: {result: {total_resluts: 2, results: {refund_message: {count: 2}}}}
"""
    mistakes = mistakes_of(scenario)
    assert [(line, column) for line, column, _ in mistakes] == [(7, 23)]
    assert "total_results" in mistakes[0][2]


def test_an_argument_is_checked_by_the_rules_of_the_scenario():
    """A message above the scenario's own limit is a mistake, one within a raised limit is none."""
    scenario = (
        "scenario: x\n"
        "given: {{rules: {{message_max_bytes: {0}}}}}\n"
        "steps:\n"
        "  - call: tmall.exchange.message.add\n"
        "    with: {{dispute_id: 1, content: {1}}}\n"
    )
    assert [line for line, _, _ in mistakes_of(scenario.format(5, "六个字节"))] == [5]
    read_scenario(scenario.format(1000, "长" * 300), "story.yaml")


@pytest.mark.parametrize("host", ["bad host", "http://gw.api.taobao.com", "主机.cn"])
def test_a_host_that_no_request_can_name_is_a_mistake(host):
    """`host` of a call is a host name, maybe with a port; anything else is refused at its place."""
    scenario = f"scenario: x\nsteps:\n  - call: taobao.time.get\n    host: {host}\n"
    [(line, column, sentence)] = mistakes_of(scenario)
    assert (line, column) == (4, 11)
    assert "gw.api.taobao.com" in sentence


def test_the_curl_line_names_the_host_of_the_call():
    """The line to paste sends the Host that the step names, so that it has the same reply."""
    line = format_curl("http://127.0.0.1:1/router/rest", {"v": "2.0"}, host="gw.api.taobao.com")
    assert "-H 'Host: gw.api.taobao.com'" in line


@pytest.mark.parametrize(
    ("wrong", "column"),
    [
        ("set: {units: [1]}\nsteps:\n  - buyer: apply\n    num: $units\n", 7),
        ("set: {units: {a: 1}}\nsteps:\n  - buyer: apply\n    num: $units\n", 7),
        ("steps:\n  - buyer: apply\n    status: {a: 1}\n", 13),
        ("ruleset: {any: [1]}\nsteps:\n  - buyer: apply\n", 10),
        ("steps:\n  - buyer: apply\n    expect: {moved_by: {a: 1}, status: 1}\n", 24),
        ("steps:\n  - buyer: apply\n    expect: {moved_by: [buyer], status: 1}\n", 24),
    ],
)
def test_a_mapping_or_list_is_no_name(wrong, column):
    """Where a name is wanted, something else is a mistake at its place."""
    assert mistakes_of(f"scenario: x\n{wrong}")[0][1] == column


def test_a_fault_is_checked_before_anything_runs():
    """An unknown fault, a foreign option and a value out of bounds are mistakes in place."""
    scenario = (
        "scenario: x\n"
        "steps:\n"
        "  - buyer: apply\n"
        "  - fault: reply_lots\n"
        "  - fault: reply_lost\n"
        "    time: 2\n"
        "  - fault: latency\n"
        "    probability: 7\n"
    )
    mistakes = mistakes_of(scenario)
    assert [(line, column) for line, column, _ in mistakes] == [(4, 12), (6, 5), (8, 18)]
    assert "reply_lost" in mistakes[0][2] and "times" in mistakes[1][2]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("status: 待买家退或", "待买家退货"),
        ("status_text: 换货关", "换货关闭"),
        ("exchange: {resaon: x}", "reason"),
        ("messages: {last: {contnt: x}}", "content"),
        ("events: [apply, agre]", "agree"),
        ("events: {first: {mvoe: apply}}", "move"),
        ("events: {any: {move: aply}}", "apply"),
        ("possible: {seler: [agree]}", "seller"),
        ("possible: {seller: [agre]}", "agree"),
        ("stock.wanted: {availble: 1}", "available"),
    ],
)
def test_a_name_that_nothing_shown_can_have_is_a_mistake(name, meant):
    """An unknown status, field or move in an expectation is a mistake with a suggestion."""
    [(line, _, sentence)] = mistakes_of(
        f"scenario: x\nsteps:\n  - buyer: apply\n    expect: {{{name}}}\n"
    )
    assert line == 4
    assert f"是否想写 {meant}？" in sentence
    assert f"did you mean {meant}?" in sentence


def test_every_member_that_is_shown_can_be_expected():
    """What the sandbox shows of an exchange, its events and its messages can be written down."""
    sandbox = Sandbox()
    exchange = sandbox.open()
    sandbox.client().call(
        "tmall.exchange.agree",
        dispute_id=exchange.dispute_id,
        address_id=10000002,
        leave_message="好",
    )
    document = exchange.document
    message = exchange.messages[-1]
    expectations = {
        "exchange": {key: {"present": True} for key in document["exchange"]},
        "events": {"last": {key: {"present": True} for key in document["timeline"][-1]}},
        "messages": {"last": {key: {"present": True} for key in message}},
        "possible": document["possible"],
    }
    read_scenario(
        f"scenario: x\nsteps:\n  - buyer: apply\n    expect: {json.dumps(expectations)}\n",
        "story.yaml",
    )


def test_a_status_has_the_texts_of_every_rule_so_far():
    """A status text of the rules may be expected, and an earlier one, which snapshots restore."""
    scenario = (
        "scenario: x\n"
        "steps:\n"
        "  - buyer: apply\n"
        "  - rules: {text.1: 新申请}\n"
        "  - await: {status: {one_of: [新申请]}}\n"
        "  - await: {status_text: SOME}\n"
    )
    for text in ("新申请", "换货待处理"):
        read_scenario(scenario.replace("SOME", text), "story.yaml")
    assert mistakes_of(scenario.replace("SOME", "旧申请")) != []


@pytest.mark.parametrize(
    ("move", "sentence_start"),
    [
        (
            "{cs: judge, for: buyr}",
            "没有这个取值 'buyr'；是否想写 buyer？可用：buyer、seller、refund",
        ),
        ("{buyer: apply, status: 待买家退或}", "没有这个状态"),
        ("{buyer: apply, num: many}", "应为 1 到"),
        ("{buyer: apply, tid: abc}", "应为 1 到"),
        ("{buyer: apply, time_out: tomorrow}", "应为 yyyy-MM-dd HH:mm:ss"),
        ("{buyer: apply, price: cheap}", "应为价格"),
        ("{buyer: apply, cs_status: 77}", "没有 77 这个值"),
    ],
)
def test_a_wrong_value_of_a_move_is_reported_in_chinese(move, sentence_start):
    """What a field of a move cannot hold is reported in Chinese, with what it can."""
    [(_, _, sentence)] = mistakes_of(f"scenario: x\nsteps:\n  - buyer: apply\n  - {move}\n")
    assert sentence.startswith(sentence_start)


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("[]", 1, 1, "mapping"),
        ("# nothing\n", 1, 1, "empty"),
        ("scenario: x\n---\nscenario: y\n", 3, 1, "one YAML document"),
        ("scenario: x\nsteps: !set\n", 2, 8, "no tags: !set"),
        ("scenario: x\nabout: a\nscenario: y\nsteps: [{buyer: apply}]\n", 3, 1, "line 1"),
        ("scenario: x\nset: 3\nsteps: [{buyer: apply}]\n", 2, 6, "names and defaults"),
    ],
)
def test_what_is_no_scenario_at_all(text, line, column, words):
    """A file of another shape is refused with the place and what a scenario is."""
    [(at, place, sentence), *_] = mistakes_of(text)
    assert (at, place) == (line, column)
    assert words in sentence


def test_a_repeated_key_and_a_broken_end_are_both_reported():
    """A mistake that does not stop the reading is not lost when another one does."""
    mistakes = mistakes_of("scenario: x\nscenario: y\nsteps: [\n")
    assert mistakes[0][:2] == (2, 1)
    assert "YAML" in mistakes[1][2]


SUBLESS = "given: {shops: [{nick: 甲店, subs: []}]}\n"


@pytest.mark.parametrize(
    ("step", "column", "words"),
    [
        ("await: 3", 12, "mapping"),
        ("await: {within: 1s}", 12, "give call, or keys of an expect"),
        ("await: {}", 12, "not empty"),
        ("await: {status: 2, within: soon}", 32, "a duration such as 10s"),
        ("await: {call: tmall.exchange.agre}", 19, "did you mean tmall.exchange.agree"),
        ("rules: 3", 12, "mapping"),
        ("rules: {deadline.99: 1d}", 13, "deadline.99"),
        ("stock: 3", 12, "mapping"),
        ("stock: {wanted: many}", 13, "0 or more"),
        ("stock: {wanted: -1}", 13, "0 or more"),
        ("stock: {wanted: true}", 13, "0 or more"),
        ("stock: {wante: 1}", 13, "did you mean wanted"),
        ("rights: 3", 13, "mapping"),
        ("rights: {sesion: main, app: x}", 14, "did you mean session"),
        ("rights: {methods: []}", 13, "exactly one of session and app"),
        ("rights: {session: main, app: x}", 13, "exactly one of session and app"),
        ("rights: {session: main, methods: tmall.exchange.get}", 38, "a list of methods, or null"),
        ("rights: {session: main, methods: [tmall.exchange.gt]}", 39, "tmall.exchange.get"),
        ("rights: {session: main, expires: 5}", 38, "now, a duration, an instant or null"),
        ("rights: {session: main, expires: later}", 38, "now, a duration, an instant or null"),
        ("restore: before", 14, "baseline"),
        ("snapshot: a/b", 15, "1–64 letters"),
        ("repeat: many", 13, "1 to 10000"),
        ("repeat: 0", 13, "1 to 10000"),
        ("repeat: 10001", 13, "1 to 10000"),
        ("{buyer: leave_message, content: 好, sub: true}", 40, "only the seller has sub-accounts"),
        ("{seller: leave_message, content: 好, sub: true}", 41, "the shop has no sub-account"),
        ("{call: taobao.time.get, shop: 甲店, sub: true}", 39, "the shop has no sub-account"),
        (
            "{seller: leave_message, content: 好, pics: [http://a/1.png, http://a/2.png]}",
            47,
            "one picture a call",
        ),
        ("{seller: agree, refused: false}", 30, ""),
        ("expect: {stock: {available: 1}}", 14, "stock"),
    ],
)
def test_a_mistake_in_a_step_is_at_its_place(step, column, words):
    """What a step cannot take is reported where it stands, with what it can."""
    mistakes = mistakes_of(f"scenario: x\n{SUBLESS}steps:\n  - buyer: apply\n  - {step}\n")
    assert [(line, at) for line, at, _ in mistakes] == [(5, column)]
    assert words in mistakes[0][2]


@pytest.mark.parametrize(
    "step",
    [
        "rights: {session: main, expires: now}",
        "rights: {session: main, expires: 2h}",
        "rights: {session: main, expires: 2026-03-02 10:00:00}",
        "rights: {session: main, expires: null, methods: null}",
        "rights: {session: main, methods: [tmall.exchange.get]}",
        "stock: {wanted: 0}",
        "repeat: 10000\n    do: [{expect: {exchanges: 1}}]",
        "{seller: leave_message, content: 好, pics: [http://a/1.png]}",
        "expect: {stock.bought: {available: 1}}",
    ],
)
def test_a_step_close_to_a_mistake_is_read(step):
    """The largest, the smallest and the other spellings of what a step takes are no mistakes."""
    read_scenario(f"scenario: x\nsteps:\n  - buyer: apply\n  - {step}\n", "story.yaml")


def test_the_snapshots_of_a_scenario_are_bounded():
    """Fifty names may be used, each as often as one likes; the next has its place."""
    steps = [f"  - snapshot: kept-{number % 50}\n" for number in range(120)]
    head = "scenario: x\nsteps:\n"
    assert len(read_scenario(head + "".join(steps), "story.yaml").steps) == 120
    [(line, column, words)] = mistakes_of(head + "".join([*steps, "  - snapshot: more\n"]))
    assert (line, column) == (123, 15)
    assert "最多 50 个快照" in words and "at most 50 snapshots" in words

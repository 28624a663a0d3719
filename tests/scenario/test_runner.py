"""The runner: a scenario passes when all is as written, and says where it broke when not."""

import pytest

SCENARIO = """\
scenario: 买家逾期未寄回，换货关闭
about: The buyer never returns the goods; the exchange closes and the reservation is released.
ruleset: classic
given: {clock: 2026-03-01 10:00:00, goods: {wanted: {stock: 1}}}
steps:
  - buyer: apply
    reason: 尺码不合适
  - seller: agree
  - call: tmall.exchange.get
    with: {dispute_id: $it, fields: "dispute_id,status"}
    expect: {result.exchange.status: 待买家退货}
  - advance: 6d23h59m59s
  - expect: {status: 2, due_in: 1s}
  - advance: 1s
  - expect: {status: 4, moved_by: system, stock.wanted: {available: 1, reserved: 0}}
"""


def test_the_scenario_of_the_contract_passes(run_text):
    """The example that users are shown plays to its end."""
    result = run_text(SCENARIO)
    assert (result.outcome, result.steps, result.trouble) == ("passed", 7, None)


@pytest.mark.parametrize(
    ("wrong", "right", "line", "actual"),
    [
        ("due_in: 1s", "due_in: 2s", 13, "1s"),
        ("{status: 2,", "{status: 3,", 13, 2),
        ("status: 待买家退货", "status: 换货成功", 11, "待买家退货"),
        ("available: 1", "available: 2", 15, 1),
        ("moved_by: system", "moved_by: buyer", 15, "system"),
    ],
)
def test_what_is_not_as_written_is_named(run_text, wrong, right, line, actual):
    """A wrong expectation fails on its line, with what is instead."""
    result = run_text(SCENARIO.replace(wrong, right))
    assert result.outcome == "failed"
    assert (result.trouble.line, result.trouble.actual) == (line, actual)


def test_a_refused_move_fails_with_what_was_possible(run_text):
    """A seller's call that is refused fails the scenario.

    Events, possible moves and the call as curl.
    """
    result = run_text("scenario: x\nsteps:\n  - buyer: apply\n  - seller: consigngoods\n")
    trouble = result.trouble
    assert (result.outcome, trouble.line) == ("failed", 4)
    assert [event["move"] for event in trouble.events] == ["apply"]
    assert trouble.possible["seller"][:2] == ["agree", "refuse"]
    assert trouble.curl.startswith("curl -s ")
    assert "method=tmall.exchange.consigngoods" in trouble.curl
    assert "$TOP_SESSION" in trouble.curl


def test_a_wanted_refusal_passes_and_success_instead_fails(run_text):
    """`refused` holds for the failure it names, and for nothing else."""
    empty = (
        "scenario: x\n"
        "given: {goods: {wanted: {stock: 0}}}\n"
        "steps:\n"
        "  - buyer: apply\n"
        "  - seller: agree\n"
        "    refused: no_stock\n"
    )
    assert run_text(empty).ok
    assert run_text(empty.replace("no_stock", "wrong_state")).outcome == "failed"
    assert run_text(empty.replace("stock: 0", "stock: 1")).outcome == "failed"


def test_until_stops_at_the_status(run_text):
    """A scenario with `until` stops at that status, by number or by text."""
    for until in ("2", "待买家退货"):
        result = run_text(SCENARIO, until=until)
        assert (result.outcome, result.stopped, result.steps) == ("passed", True, 2)
    assert run_text(SCENARIO, until="5").outcome == "broken"


PNG = (
    "data:image/png;base64,"
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)


def test_a_picture_of_a_call_goes_as_a_file(run_text):
    """A `data:` URL in a call's picture parameter is uploaded, and nowhere else."""
    scenario = f"""\
scenario: x
steps:
  - buyer: apply
  - call: tmall.exchange.message.add
    with: {{dispute_id: $it, content: "{PNG}", message_pics: "{PNG}"}}
    expect:
      result.results.refund_message:
        first: {{content: "{PNG}", pic_urls.pic_url: {{count: 1}}}}
"""
    assert run_text(scenario).trouble is None


def test_a_sellers_move_is_made_as_the_exchanges_own_shop(run_text):
    """Return address and refuse reason are read with the session of the exchange's shop."""
    scenario = """\
scenario: x
given:
  shops:
    - nick: 甲店
    - {nick: 乙店, addresses: [{contact_id: 555, addr: 乙路5号, cancel_def: true}]}
steps:
  - {buyer: apply, shop: 乙店}
  - seller: agree
    expect: {exchange: {address: {contains: 乙路5号}}}
  - buyer: ship_back
  - seller: returngoods_refuse
    sub: true
    expect: {status: 6}
"""
    assert run_text(scenario).trouble is None


@pytest.mark.parametrize(
    "step",
    [
        "age: $it.status",
        "advance: $it.status",
        "expect: {due_in: $it.status}",
        "expect: {deadline: $it.exchange}",
        (
            "call: tmall.exchange.get\n"
            "    with: {dispute_id: $it, fields: status}\n"
            "    keep: {v: result.exchange.title}\n"
            "  - expect: {now: $v}"
        ),
        "rights: {session: $it.exchange, expires: now}",
        "buyer: ship_back\n    logistics_no: $it.exchange",
        "expect: {moved_by: $it.status}",
        "expect: {exchange: {title: [1, {a: $it.nowhere}]}}",
        "call: tmall.exchange.get\n    with: {dispute_id: $it.exchange, fields: status}",
    ],
)
def test_a_reference_that_leads_nowhere_breaks_the_step(run_text, step):
    """A reference to a value of another kind fails its step with a sentence, in any step."""
    result = run_text(f"scenario: x\nsteps:\n  - buyer: apply\n  - {step}\n")
    assert result.outcome in ("failed", "broken")
    assert result.trouble.line == 4
    assert result.trouble.zh and result.trouble.en


def test_steps_can_be_bounded(run_text):
    """A scenario is run up to a number of steps, inner ones counted, and no further."""
    scenario = (
        "scenario: x\n"
        "steps:\n"
        "  - buyer: apply\n"
        "  - repeat: 3\n"
        "    do:\n"
        "      - advance: 1s\n"
        "      - advance: 1s\n"
    )
    assert run_text(scenario, most=7).ok
    result = run_text(scenario, most=6)
    assert (result.outcome, result.steps, "6" in result.trouble.zh) == ("broken", 6, True)


def test_a_guest_keeps_its_own_instants(run_text):
    """In a sandbox at another time a scenario's instants are moved, and its time advances."""
    scenario = """\
scenario: x
given: {clock: 2026-03-01 10:00:00}
steps:
  - buyer: apply
    created: 2026-02-27 10:00:00
    expect: {exchange: {created: 2026-02-27 10:00:00}}
  - advance: 2026-03-01 11:00:00
  - expect: {now: 2026-03-01 11:00:00}
"""
    assert run_text(scenario, clock="2030-01-01 00:00:00", guest=True).trouble is None
    assert run_text(scenario, clock="2030-01-01 00:00:00").outcome == "failed"


def test_a_guest_begins_anew_where_the_sandbox_began(run_text):
    """A baseline older than the scenario gives the scenario another first instant."""
    scenario = """\
scenario: x
given: {clock: 2026-03-01 10:00:00}
steps:
  - advance: 3d
  - snapshot: later
  - advance: 1d
  - restore: baseline
  - expect: {now: 2026-03-01 10:00:00}
  - restore: later
  - expect: {now: 2026-03-04 10:00:00}
"""
    assert run_text(scenario, clock="2030-01-01 00:00:00", guest=True, before="2d").trouble is None


def test_a_fault_step_plans_a_fault_and_none_ends_it(run_text):
    """A planned fault strikes the next call it matches; `fault: none` ends all that are planned."""
    limited = (
        "scenario: x\n"
        "steps:\n"
        "  - buyer: apply\n"
        "  - fault: limited\n"
        "    method: tmall.exchange.agree\n"
        "    times: 2\n"
        "  - seller: agree\n"
        "    refused: 7\n"
    )
    assert run_text(
        limited
        + "  - expect: {status: 1}\n  - fault: none\n  - seller: agree\n  - expect: {status: 2}\n"
    ).ok
    assert run_text(limited + "  - seller: agree\n").outcome == "failed"


def test_a_lost_reply_is_a_refusal_of_its_own_name(run_text):
    """A call that was carried out but lost its reply shows `reply_lost`, and nothing else."""
    lost = (
        "scenario: x\n"
        "steps:\n"
        "  - buyer: apply\n"
        "  - fault: reply_lost\n"
        "    method: tmall.exchange.agree\n"
        "  - seller: agree\n"
        "    refused: reply_lost\n"
        "  - expect: {status: 2}\n"
    )
    assert run_text(lost).ok
    assert run_text(lost.replace("refused: reply_lost", "refused: no_stock")).outcome == "failed"
    assert run_text(lost.replace("    refused: reply_lost\n", "")).outcome == "failed"


def test_a_set_of_faults_is_planned(run_text):
    """A named set is planned at once; references stand for ids."""
    assert run_text(
        "scenario: x\n"
        "steps:\n"
        "  - buyer: apply\n"
        "  - fault: {set: bad_day}\n"
        "    dispute_id: $it\n"
        "  - expect: {status: 1}\n"
    ).ok


def test_an_unknown_sign_method_is_the_gateways_to_refuse(run_text):
    """A call that names a sign_method nobody knows is sent, and refused as a wrong signature."""
    scenario = (
        "scenario: x\n"
        "steps:\n"
        "  - call: tmall.exchange.get\n"
        "    with: {dispute_id: 1, fields: status, sign_method: sha1}\n"
        "    refused: 25\n"
    )
    assert run_text(scenario).trouble is None


def test_a_call_with_optional_system_parameters_runs(run_text):
    """Every system parameter that the gateway takes may stand in `with`, `target_app_key` too."""
    optional = "target_app_key: 5, partner_id: client-1, simplify: false"
    scenario = SCENARIO.replace("{dispute_id: $it,", f"{{dispute_id: $it, {optional},")
    assert run_text(scenario).outcome == "passed"


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ("  - buyer: apply\n  - seller: refuse\n  - advance: next\n", "deadline"),
        (
            (
                "  - buyer: apply\n"
                "  - call: tmall.exchange.get\n"
                "    with: {dispute_id: $it, fields: created}\n"
                "    keep: {opened: result.exchange.created}\n"
                "  - advance: 1h\n"
                "  - advance: $opened\n"
            ),
            "earlier than the sandbox's now",
        ),
    ],
)
def test_what_only_a_run_can_know_breaks_its_step(run_text, steps, words):
    """A deadline that never comes, and an instant that is over, end the run there."""
    result = run_text(f"scenario: x\nsteps:\n{steps}")
    assert result.outcome in ("failed", "broken")
    assert words in result.trouble.en


CALLED = (
    "scenario: x\n"
    "steps:\n"
    "  - buyer: apply\n"
    "  - call: taobao.time.get\n"
    "  - {call: tmall.exchange.get, with: {dispute_id: $it, fields: status}}\n"
)


@pytest.mark.parametrize(
    "requests",
    [
        "2",
        "{method: taobao.time.get}",
        "{method: taobao.time.get, count: 1}",
        "{method: tmall.exchange.agree, count: 0}",
        "[2, {method: tmall.exchange.get}]",
    ],
)
def test_requests_that_were_made_are_expected(run_text, requests):
    """All calls, those of a method, and a list of both are counted."""
    assert run_text(f"{CALLED}  - expect: {{requests: {requests}}}\n").trouble is None


@pytest.mark.parametrize(
    ("requests", "actual"),
    [
        ("3", 2),
        ("{method: tmall.exchange.agree}", 0),
        ("{method: taobao.time.get, count: 2}", 1),
        ("[2, {method: tmall.exchange.agree}]", 0),
    ],
)
def test_requests_that_were_not_made_are_a_mismatch(run_text, requests, actual):
    """The mismatch has the number of calls that there are."""
    result = run_text(f"{CALLED}  - expect: {{requests: {requests}}}\n")
    assert result.outcome == "failed"
    assert result.trouble.actual == actual


@pytest.mark.parametrize(
    ("sent", "comes_back"), [("true", "true"), ("'$$5'", "$5"), ("[1, 2]", "1,2"), ("5", "5")]
)
def test_parameters_of_a_call_are_sent_as_text(run_text, sent, comes_back):
    """Booleans are true or false, lists joined by commas, two dollars are one."""
    scenario = f"""\
scenario: x
steps:
  - buyer: apply
  - call: tmall.exchange.message.add
    with: {{dispute_id: $it, content: {sent}, fields: id}}
  - expect: {{messages: {{last: {{content: "{comes_back}"}}}}}}
"""
    assert run_text(scenario).trouble is None

"""Scenarios over HTTP: listed, played in a living sandbox, recorded from one.

Bad and endless ones change nothing.
"""

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SCENARIO = """\
scenario: 买家申请，卖家同意
set: {units: 1}
given: {clock: 2026-03-01 10:00:00}
steps:
  - buyer: apply
    as: first
    num: $units
    expect: {status: 1, deadline: 2026-03-03 10:00:00}
  - advance: 1d
  - expect: {due_in: 1d}
    on: first
  - seller: agree
    on: first
    expect: {status: 2, exchange: {num: $units}}
"""
WAITING = """\
scenario: 等卖家
steps:
  - buyer: apply
  - call: tmall.exchange.get
    with: {dispute_id: $it, fields: status}
  - await: {status: 2, within: 20s}
"""


@pytest.fixture
def play(api):
    """Plays a scenario in `default`: the report."""
    return lambda scenario, **more: api("POST", "play", {"scenario": scenario, **more})


@pytest.fixture
def refused(api):
    """The problem of a scenario that is refused, after which nothing has happened."""

    def ask(**body):
        before = (
            api("GET", "snapshots"),
            api("GET", "stock"),
            api("GET", "rules"),
            api("GET", "clock"),
        )
        problem = api.problem("POST", "play", body)
        assert api("GET", "exchanges")["total"] == 0
        assert (
            api("GET", "snapshots"),
            api("GET", "stock"),
            api("GET", "rules"),
            api("GET", "clock"),
        ) == before
        return problem

    return ask


# the library


def test_shipped_scenarios_are_listed(api):
    """Each has its name, title, text, evidence, ruleset and the values that can be set."""
    listed = api("GET", "/_sandbox/stories")
    assert listed["total"] == len(listed["items"]) >= 60
    scenario = next(item for item in listed["items"] if item["name"] == "upgraded/whole-exchange")
    assert sorted(scenario) == ["about", "evidence", "name", "ruleset", "set", "title"]
    assert scenario["ruleset"] == "upgraded"
    assert scenario["title"] and scenario["about"] and scenario["evidence"]


@pytest.mark.parametrize("status", ["12", 12, "待发出换货商品"])
def test_a_shipped_scenario_brings_an_exchange_to_a_status(api, status):
    """A scenario that stops where the seller is to ship leaves an exchange that waits for it."""
    report = api("POST", "play", {"story": "classic/whole-exchange", "until": status})
    assert (report["outcome"], report["stopped"]) == ("passed", True)
    [exchange] = api("GET", "exchanges")["items"]
    assert (exchange["dispute_id"], exchange["status"]) == (report["exchanges"]["it"], 12)


@pytest.mark.parametrize("mode", ["frozen", "running"])
@pytest.mark.parametrize(
    "name",
    [
        "classic/receipt-refused-second-round",
        "upgraded/whole-exchange",
        "customer-service/clock-stops",
        "time/age-and-advance",
        "stock/last-unit",
        "messages/pictures",
        "orders/exchanged-twice",
        "refused/wrong-flow",
    ],
)
def test_shipped_scenarios_pass_in_a_living_sandbox(api, make_api, name, mode):
    """Instants and seconds of a scenario hold at whatever time the sandbox is.

    With a clock that runs too.
    """
    living = make_api(clock={"mode": mode}, ruleset="upgraded")
    names = [item["name"] for item in living("GET", "/_sandbox/stories")["items"]]
    if name not in names:
        pytest.fail(f"{name} is no story: {names}")
    report = living("POST", "play", {"story": name})
    assert report["outcome"] == "passed", report["trouble"]


# playing


def test_a_text_is_played(api, play):
    """The report says what came of it, how far it went, and which exchanges its names stand for."""
    report = play(SCENARIO)
    dispute_id = api("GET", "exchanges")["items"][0]["dispute_id"]
    assert (report["outcome"], report["steps"], report["stopped"], report["trouble"]) == (
        "passed",
        4,
        False,
        None,
    )
    assert report["exchanges"] == {"it": dispute_id, "first": dispute_id}
    assert report["ignored"] == ["clock"]
    assert report["title"] == "买家申请，卖家同意"


def test_json_is_played_as_yaml_is(api, play):
    """A scenario as a JSON object is the same scenario."""
    scenario = {
        "scenario": "买家申请",
        "set": {"units": 1},
        "steps": [
            {"buyer": "apply", "num": "$units", "reason": "尺码: \u2028\x7f #不合适"},
            {"expect": {"status": 1}},
        ],
    }
    report = play(scenario, set={"units": 3})
    assert report["outcome"] == "passed"
    exchange = api("GET", f"exchanges/{report['exchanges']['it']}")["exchange"]
    assert (exchange["num"], exchange["reason"]) == (3, "尺码: \u2028\x7f #不合适")


def test_values_of_a_scenario_can_be_set(api, play):
    """A value given replaces the scenario's own."""
    report = play(SCENARIO, set={"units": 2})
    assert api("GET", f"exchanges/{report['exchanges']['first']}")["exchange"]["num"] == 2


def test_a_failed_scenario_is_an_answer(play, api):
    """A scenario that breaks is reported with its line, both values, and what was possible."""
    report = play(SCENARIO.replace("{status: 2,", "{messages: 9, status: 2,"))
    assert report["outcome"] == "failed"
    trouble = report["trouble"]
    assert (trouble["line"], trouble["wanted"], trouble["actual"]) == (14, 9, 2)
    assert "ship_back" in trouble["possible"]["buyer"]
    assert api("GET", "")["session"] not in json.dumps(report)


def test_the_sandbox_stays_itself(make_api):
    """Rules and stock of its goods are applied.

    Clock, shops, seed and other goods are not, and are named.
    """
    api = make_api(clock="2026-04-01 00:00:00")
    before = api("GET", "")
    report = api(
        "POST",
        "play",
        {
            "scenario": {
                "scenario": "别处的世界",
                "ruleset": "upgraded",
                "given": {
                    "seed": 7,
                    "clock": "2026-03-01 10:00:00",
                    "shops": [{"nick": "甲店"}],
                    "rules": {"deadline.1": "5h"},
                    "goods": {"wanted": {"stock": 4, "title": "别的"}, "scarf": {"stock": 1}},
                },
                "steps": [
                    {"buyer": "apply"},
                    {"seller": "refuse"},
                    {"expect": {"status": 6, "stock.wanted": 4, "now": "2026-03-01 10:00:00"}},
                ],
            }
        },
    )
    assert report["outcome"] == "passed", report["trouble"]
    assert report["ignored"] == ["clock", "seed", "shops", "goods.wanted.title", "goods.scarf"]
    assert api("GET", "rules")["deadline.1"] == "5h"
    after = api("GET", "")
    assert {key: after[key] for key in ("session", "shops", "goods", "ruleset", "now")} == {
        key: before[key] for key in ("session", "shops", "goods", "ruleset", "now")
    }


def test_a_running_clock_runs_on(make_api, machine):
    """The clock stands still while a scenario is played, and runs on from where it would be."""
    api = make_api(clock={"mode": "running"})
    report = api("POST", "play", {"scenario": SCENARIO})
    assert report["outcome"] == "passed", report["trouble"]
    assert api("GET", "clock", None)["mode"] == "running"
    assert api("GET", "clock")["now"] == "2026-05-07 07:08:09"
    machine.pass_by(seconds=2)
    assert api("GET", "clock")["now"] == "2026-05-07 07:08:11"


def test_seconds_are_exact_on_a_running_clock(make_api, machine):
    """Real time that passes during a scenario does not show in it, and is added afterwards."""
    api = make_api(clock={"mode": "running"})
    looks = []

    def restless():
        looks.append(None)
        machine.pass_by(seconds=1)
        return machine.now

    api.directory.real = restless
    report = api("POST", "play", {"scenario": SCENARIO})
    assert report["outcome"] == "passed", report["trouble"]
    assert len(looks) > 10
    exchange, passed = api("GET", "clock")["now"], machine.now
    assert abs(
        datetime.fromisoformat(exchange) - passed.replace(tzinfo=None) - timedelta(days=1)
    ) <= timedelta(seconds=5)


def test_scenarios_follow_each_other_in_one_sandbox(play, api):
    """A scenario played twice finds its own exchange each time."""
    first, second = play(SCENARIO), play(SCENARIO)
    assert first["outcome"] == second["outcome"] == "passed"
    assert first["exchanges"]["it"] != second["exchanges"]["it"]


# mistakes


def test_all_mistakes_are_reported(refused):
    """All mistakes come at once, each with its place and a sentence in both languages."""
    wrong = (
        SCENARIO.replace("buyer: apply", "buyer: aply")
        .replace("advance: 1d", "advance: soon")
        .replace("seller: agree", "seller: agre")
    )
    problem = refused(scenario=wrong)
    assert problem["status"] == 400
    assert [
        mistake["line"]
        for mistake in problem["mistakes"]
        if "apply" in mistake["en"] or "duration" in mistake["en"] or "agree" in mistake["en"]
    ]
    assert {5, 9, 12} <= {mistake["line"] for mistake in problem["mistakes"]}
    assert all(
        mistake["zh"] and mistake["en"] and mistake["column"] > 0 for mistake in problem["mistakes"]
    )


def test_what_can_never_work_is_not_played(refused):
    """A scenario whose steps contradict its own states is refused before anything is played."""
    problem = refused(scenario="scenario: x\nsteps:\n  - buyer: apply\n  - seller: consigngoods\n")
    assert [mistake["line"] for mistake in problem["mistakes"]] == [4]


@pytest.mark.parametrize(
    ("body", "field", "says"),
    [
        ({}, "story", "exactly one"),
        ({"story": "a", "scenario": "b"}, "story", "exactly one"),
        ({"story": "classic/whole-exchang"}, "story", "did you mean classic/whole-exchange"),
        ({"story": "/etc/passwd"}, "story", "unknown"),
        ({"story": "../scenarios/classic/whole-exchange"}, "story", "unknown"),
        ({"story": "长" * 100_000}, "story", "unknown"),
        ({"story": 7}, "story", "Expected"),
        ({"scenario": ["a"]}, "scenario", "Expected"),
        ({"scenario": SCENARIO, "until": 77}, "until", "no such status"),
        ({"scenario": SCENARIO, "until": [2]}, "until", "Expected"),
        ({"scenario": SCENARIO, "set": {"unit": 2}}, "scenario", "did you mean"),
        ({"scenario": SCENARIO, "set": {"units": {"a": 1}}}, "set", "Expected"),
        ({"scenario": SCENARIO, "sett": {}}, "sett", "did you mean"),
        ({"scenario": ""}, "scenario", "empty"),
        ({"scenario": "\x00"}, "scenario", "forbids"),
        ({"scenario": {}}, "scenario", "missing"),
        ({"scenario": "a: " + "x" * 1_100_000}, "scenario", "1 MiB"),
        ({"scenario": {"a": "x" * 1_100_000}}, "scenario", "1 MiB"),
        ({"scenario": "a: [" * 200}, "scenario", "levels"),
        ({"scenario": json.loads('{"a":' * 200 + "1" + "}" * 200)}, "scenario", "levels"),
        ({"scenario": {"a" * 2000: 1}}, "scenario", "mistakes"),
        ({"scenario": "a: &x 1\nb: *x"}, "scenario", "anchors"),
        ({"scenario": SCENARIO.replace("2026-03-01 10:00:00}", "morgen}")}, "clock", "yyyy-MM-dd"),
        (
            {"scenario": SCENARIO.replace("given: {", "given: {goods: {wanted: {stock: -5}}, ")},
            "goods.wanted.stock",
            "0 or more",
        ),
    ],
)
def test_what_is_no_scenario_is_refused(refused, body, field, says):
    """A body without exactly one scenario is a problem that says which field, and what instead."""
    problem = refused(**body)
    assert problem["status"] == 400
    assert problem["field"] == field
    assert says in problem["detail"]
    assert len(json.dumps(problem)) < 20_000


def test_until_a_status_text_that_no_rule_has(refused):
    """A status text that a rule of the sandbox could have is a 404."""
    problem = refused(scenario=SCENARIO, until="待发货")
    assert (problem["status"], problem["field"]) == (404, "until")
    assert "no such status" in problem["detail"]


def test_a_status_that_never_comes_is_reported(play):
    """A scenario that ends before the status it was to stop at has not done what was asked."""
    report = play(SCENARIO, until=5)
    assert report["outcome"] == "broken"
    assert "5" in report["trouble"]["en"]


@pytest.mark.parametrize(
    "steps",
    [
        [{"repeat": 300, "do": [{"repeat": 300, "do": [{"advance": "0s"}]}]}],
        [
            {"repeat": 80, "do": [{"buyer": "apply"}]},
            {"repeat": 80, "do": [{"each": "all", "do": [{"expect": {"status": 1}}]}]},
        ],
    ],
)
def test_an_endless_scenario_ends(play, steps):
    """Steps that multiply are played up to five thousand and no further."""
    report = play({"scenario": "没完没了", "steps": [{"buyer": "apply"}, *steps]})
    assert (report["outcome"], report["steps"]) == ("broken", 5000)
    assert "5000" in report["trouble"]["zh"]


def test_a_scenario_that_could_never_end_is_refused(refused):
    """Loops that come to more than any run may do are a mistake before the first step."""
    loop = {"repeat": 10_000, "do": [{"repeat": 10_000, "do": [{"advance": "0s"}]}]}
    problem = refused(scenario={"scenario": "没完没了", "steps": [{"buyer": "apply"}, loop]})
    assert problem["status"] == 400
    assert "100010002 steps" in problem["detail"]


def test_a_dropped_sandbox_ends_its_scenario(api, call):
    """A scenario whose sandbox is deleted ends at once, and says that there is none."""
    made = api("POST", "/_sandbox/sandboxes", {"name": "doomed"})
    with ThreadPoolExecutor(1) as pool:
        playing = pool.submit(
            type(api)(api.app), "POST", "/_sandbox/sandboxes/doomed/play", {"scenario": WAITING}
        )
        assert api("GET", "/_sandbox/sandboxes/doomed/requests?after=0&wait=10")["items"]
        api("DELETE", f"/_sandbox/sandboxes/{made['id']}")
        report = playing.result(10)
    assert report["outcome"] == "failed"
    assert "doomed" in report["trouble"]["en"]


def test_two_scenarios_take_turns(api):
    """A second scenario in the same sandbox begins when the first has ended.

    others' moves are not held up.
    """
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(type(api)(api.app), "POST", "play", {"scenario": WAITING})
        assert api("GET", "requests?after=0&wait=10")["items"]
        second = pool.submit(type(api)(api.app), "POST", "play", {"scenario": SCENARIO})
        [waiting] = api("GET", "exchanges")["items"]
        api("POST", f"exchanges/{waiting['dispute_id']}/moves", {"by": "seller", "move": "agree"})
        reports = [first.result(20), second.result(20)]
    assert [report["outcome"] for report in reports] == ["passed", "passed"]
    events = api("GET", "events")["items"]
    assert [event["move"] for event in events] == ["apply", "agree", "apply", "agree"]
    assert [event["dispute_id"] for event in events[1:3]] == [
        report["exchanges"]["it"] for report in reports
    ]


def test_nobody_waits_where_too_many_do(make_api):
    """A scenario that would wait for a client is refused while nobody else may wait.

    Others are played.
    """
    api = make_api(waiters=0)
    assert api("POST", "play", {"scenario": SCENARIO})["outcome"] == "passed"
    problem = api.problem("POST", "play", {"scenario": WAITING})
    assert problem["status"] == 503
    assert api("GET", "exchanges")["total"] == 1
    assert api("POST", "play", {"scenario": SCENARIO})["outcome"] == "passed"


# recording


def test_a_history_is_recorded_and_played_elsewhere(api, make_api):
    """A sandbox's history is a scenario, as JSON and as a file, that passes in another one."""
    api("POST", "play", {"story": "customer-service/clock-stops"})
    recorded = api("GET", "scenario")["scenario"]
    answer = api.ask("GET", "scenario.yaml")
    assert (answer.kind, answer.text) == ("text/yaml", recorded)
    again = make_api(clock="2026-02-02 02:02:02")
    report = again("POST", "play", {"scenario": recorded})
    assert report["outcome"] == "passed", report["trouble"]
    statuses = [
        [exchange["status"] for exchange in every("GET", "exchanges")["items"]]
        for every in (api, again)
    ]
    assert statuses[0] == statuses[1] != []


def test_a_history_too_long_is_refused(api):
    """A history that no file can hold is a 409 that says so.

    The file's address answers the same.
    """
    api("POST", "exchanges", {"count": 400, "desc": "长" * 1000})
    for path in ("scenario", "scenario.yaml"):
        problem = api.problem("GET", path)
        assert problem["status"] == 409
        assert "1 MiB" in problem["detail"]


def test_a_server_starts_without_yaml():
    """Who plays no scenario does not pay for reading them."""
    code = "import sys, mockserver.server; sys.exit('yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


SHIPPED = Path(__file__).parents[2] / "scenarios"
ODD = st.sampled_from(
    [
        "null",
        "[]",
        "{}",
        "-1",
        "99999999999999999999",
        "true",
        '""',
        "$it",
        "$nope",
        "$it.exchange",
        "all",
        "[1, {a: 2}]",
        "{any: [1]}",
        "9999-12-31 23:59:59",
        "36500d",
        "2.5",
        '"\\0"',
        "data:,x",
        "{count: -1}",
        "{above: a}",
        "next",
        "it",
        "baseline",
        "{a: 1}",
    ]
)
PLACE = re.compile(r"(?<=: )[^,{}\[\]\n]+|\w+(?=:)|(?<=- )\w+")


@pytest.mark.slow
@settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=100,
    suppress_health_check=list(HealthCheck),
)
@given(
    st.sampled_from(sorted(SHIPPED.rglob("*.yaml"))),
    st.lists(st.tuples(st.floats(0, 1, exclude_max=True), ODD), min_size=1, max_size=2),
)
def test_whatever_stands_in_a_scenario_is_answered(make_api, path, changes):
    """Any odd scenario is played or refused, never an inner error, and its history is recorded."""
    text = path.read_text("utf-8").replace("within: 10s", "within: 0s")
    for share, odd in changes:
        places = list(PLACE.finditer(text))
        place = places[int(share * len(places))]
        text = text[: place.start()] + odd + text[place.end() :]
    api = make_api()
    answer = api.ask("POST", "play", {"scenario": text})
    assert (answer.status, api.faults) in ((200, []), (400, []))
    assert api.ask("GET", "scenario").status == 200

"""A user's test file passes strict type checkers, and they find what is spelt wrongly in one."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CORRECT = """
from collections.abc import Callable
from datetime import timedelta

import pytest

from mockserver import ControlRefused, Exchange, Sandbox, Server, TopClient, TopRefused
from mockserver.scenario.result import ScenarioResult


@pytest.mark.sandbox(goods={"wanted": {"stock": 1}}, allow=["illegal_move"])
def test_moves(sandbox: Sandbox) -> None:
    exchange: Exchange = sandbox.open(reason="尺码不合适", status=1)
    sandbox.seller.agree(exchange, leave_message="同意", address_id=1)
    sandbox.buyer.ship_back(exchange, logistics_no="SF1", logistics_company_name="顺丰快递")
    sandbox.sub_seller.returngoods_agree(exchange.dispute_id)
    sandbox.seller.consigngoods(logistics_no=123)
    sandbox.cs.judge(exchange, for_="seller", content="…")
    sandbox.system.expire(exchange)
    text: str = sandbox.buyer.leave_message(pics=["https://img/a.png"]).status_text
    assert text


def test_reads(sandbox: Sandbox) -> None:
    exchange = sandbox.open()
    event = exchange.timeline[0]
    text: str = event["at"] + event["rule"] + event["by"]
    source: int | None = event["from"]
    moves: list[str] = exchange.possible["seller"]
    fired = sandbox.clock.advance(timedelta(days=1))
    number: int = fired[0]["to"] + exchange.status
    deadline: str | None = exchange.deadline
    at: str = sandbox.clock.deadlines[0]["at"]
    report = sandbox.report()
    errors: int = report["counts"]["error"] + report["audit"]["unsafe"]
    rows: int = sandbox.coverage()["rulesets"]["classic"]["rows"]["1-agree-2"]
    assert text and source and moves and number and deadline and at and errors and rows
    assert sandbox.stock["wanted"].reserved == 1
    assert sandbox.events()[-1]["stock"][0]["num"] == 1


def test_requests(sandbox: Sandbox, top_client: TopClient) -> None:
    try:
        top_client.call("tmall.exchange.get", dispute_id="1", fields="dispute_id")
    except TopRefused as refused:
        assert refused.sub_code
    for call in sandbox.requests(outcome="refused"):
        reason: str = call["diagnosis"]["zh"] + call["sub_code"]
        fault: str = call["fault"]["name"] if call["fault"] else ""
        assert reason or fault
    calls = sandbox.requests.assert_called("tmall.exchange.get", times=1)
    assert calls[0]["code"] == 0
    sandbox.faults.add("reply_lost", method="tmall.exchange.agree", times=2)
    assert sandbox.faults["f1"]["hits"] == 0
    with pytest.raises(ControlRefused) as problem:
        sandbox.buyer.cancel(1)
    assert problem.value.status == 404


def test_messages(sandbox: Sandbox) -> None:
    sandbox.robots = {"buyer": "prompt", "cs": None}
    behaviour: str | None = sandbox.robots["buyer"]
    topics: list[str] = sandbox.messages.topics()
    for message in sandbox.messages.of("1"):
        text: str = message["topic"] + message["state"]
        delivered: str | None = message["delivered"]
        sandbox.messages.resend(message["id"])
        assert text and delivered
    assert behaviour and len(sandbox.messages) == len(topics)


def test_scenario(scenario: Callable[..., ScenarioResult], mockserver: Server) -> None:
    result = scenario("refund.scenario.yaml", until=4)
    assert result.ok
    assert mockserver.sandbox(direct=True).seed == 0
"""

WRONG = """
from mockserver import RemoteServer, Sandbox, Server


def test_wrong(sandbox: Sandbox) -> None:
    exchange = sandbox.open()
    sandbox.buyer.shipback(exchange)
    sandbox.buyer.ship_back(exchange, logistic_no="SF1")
    sandbox.seller.returngoods_agree(exchange, leave_message="x")
    sandbox.cs.judge(exchange, for_="everybody")
    sandbox.seller.agree(exchange, leave_message=7)
    exchange.timeline[0]["form"]
    exchange.possible["vendor"]
    sandbox.clock.deadlines[0]["when"]
    sandbox.clock.advance("1d")[0]["dispute"]
    sandbox.requests()[0]["diagnose"]
    sandbox.report()["audit"]["writers"]
    sandbox.events()[0]["stock"][0]["units"]
    sandbox.coverage()["rules"]
    sandbox.faults["f1"]["hit"]
    sandbox.open(state=3)
    sandbox.requests(metod="tmall.exchange.get")
    sandbox.requests.assert_called("tmall.exchange.get", time=1)
    number: int = exchange.status_text
    sandbox.faults.add("reply_lost", tims=2)
    sandbox.faults.change("f1", probability="half")
    sandbox.quotas.add(per="hour", limit=5)
    sandbox.quotas.add(per="day", limit=5, methd="taobao.time.get")
    sandbox.messages.topic()
    list(sandbox.messages)[0]["sent"]
    sandbox.robots["buyers"]
    Sandbox(ruelset="classic")
    Sandbox(goods=["wanted"])
    Server().sandbox(good={})
    RemoteServer("http://mock:8420").sandbox(sed=7)
"""
FIRST_WRONG_LINE = 7


RIGHT_FILE = "test_correct.py"
WRONG_FILE = "test_wrong.py"


def run_mypy(folder: Path) -> list[tuple[str, int]]:
    """Return file and line of every error that mypy finds under --strict."""
    (folder / "mypy.ini").write_text("[mypy]\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", "mypy.ini"]
    done = subprocess.run(
        [*command, RIGHT_FILE, WRONG_FILE],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not done.stderr, done.stderr
    assert done.returncode == 1, done.stdout
    return [
        (file, int(line))
        for file, line in re.findall(r"^(\S+):(\d+): error", done.stdout, re.MULTILINE)
    ]


def run_pyright(folder: Path) -> list[tuple[str, int]]:
    """Return file and line of every error that pyright finds in strict mode."""
    settings = {"typeCheckingMode": "strict", "include": [RIGHT_FILE, WRONG_FILE]}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "pyright", "--outputjson", "--pythonpath", sys.executable]
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return [
        (Path(finding["file"]).name, finding["range"]["start"]["line"] + 1)
        for finding in json.loads(done.stdout)["generalDiagnostics"]
        if finding["severity"] == "error"
    ]


@pytest.mark.parametrize("run", [run_mypy, run_pyright])
def test_checkers_pass_correct_lines_and_report_wrong_ones(tmp_path: Path, run) -> None:
    """A file that uses fixtures and handles as documented has no errors in a strict checker.

    Of the other file each wrong move, keyword, key and type is an error.  Both files are checked in
    one run: most of its time goes into reading this package.
    """
    (tmp_path / RIGHT_FILE).write_text(CORRECT, "utf-8")
    (tmp_path / WRONG_FILE).write_text(WRONG, "utf-8")
    errors = run(tmp_path)
    last = len(WRONG.splitlines())
    assert set(errors) == {(WRONG_FILE, line) for line in range(FIRST_WRONG_LINE, last + 1)}

"""`run`: files, folders and shipped scenarios, in process and on a running server; reports."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mockserver.cli.run import format_progress
from tests.cli.processes import LIMIT, end_session, read_until
from tests.scenario_texts import FIVE_MISTAKES

GOOD = """\
scenario: 买家逾期未寄回，换货关闭
given: {clock: 2026-03-01 10:00:00, goods: {wanted: {stock: 1}}}
steps:
  - buyer: apply
  - seller: agree
  - advance: 7d
  - expect: {status: 4, stock.wanted: {available: 1}}
"""
BAD = GOOD.replace("available: 1", "available: 2")
SHIPPING = """\
scenario: 等待发货
set: {reason: 尺码不合适, stock: 3}
given: {goods: {wanted: {stock: $stock}}}
steps:
  - buyer: apply
    reason: $reason
    as: first
  - seller: agree
  - buyer: ship_back
    on: first
  - seller: returngoods_agree
  - seller: consigngoods
"""
WAITING = """\
scenario: 等很久
steps:
  - buyer: apply
  - await: {exchanges: 2, within: 100s}
"""


@pytest.fixture
def write(tmp_path: Path):
    """Writes scenario files by name."""

    def put(**texts: str) -> None:
        for name, text in texts.items():
            path = tmp_path / f"{name}.scenario.yaml"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")

    return put


def test_a_folder_is_played_and_counted(cli, write, tmp_path: Path) -> None:
    """All scenario files of a folder and its folders are played; other files are left alone."""
    write(**{"below/one": GOOD, "below/deeper/two": GOOD})
    (tmp_path / "below" / "notes.yaml").write_text("no: story")
    ended = cli("run", "below")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.startswith("2 个场景：2 通过")


def test_a_failure_shows_where_and_why(cli, write) -> None:
    """Exit 1, with place, line, expected, actual and what had happened."""
    write(good=GOOD, bad=BAD)
    ended = cli("run", "good.scenario.yaml", "bad.scenario.yaml")
    assert ended.returncode == 1
    assert "bad.scenario.yaml:7:51: stock.wanted.available：期望 2，实际 1" in ended.stdout
    assert "  - expect: {status: 4, stock.wanted: {available: 2}}" in ended.stdout
    assert "系统超时处理 → 4 换货关闭" in ended.stdout
    assert "2 个场景：1 通过，1 不符" in ended.stdout


def test_reports_are_written(cli, write, tmp_path: Path) -> None:
    """JUnit and JSON name every scenario; their folder is made; nothing in them is a session."""
    write(good=GOOD, bad=SHIPPING)
    ended = cli(
        "run",
        ".",
        "--junit",
        "out/junit.xml",
        "--json",
        "out/report.json",
        "--set",
        "stock=0",
        "--lang",
        "en",
    )
    assert ended.returncode == 2  # good has no `stock`
    ended = cli(
        "run",
        "bad.scenario.yaml",
        "--junit",
        "out/junit.xml",
        "--json",
        "out/report.json",
        "--set",
        "stock=0",
    )
    assert ended.returncode == 1
    suite = ElementTree.parse(tmp_path / "out" / "junit.xml").getroot().find("testsuite")
    report = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert (suite.get("failures"), report["failed"]) == ("1", 1)
    assert "$TOP_SESSION" in report["stories"][0]["trouble"]["curl"]
    assert re.search(r"\b610[0-9a-f]{20}", json.dumps(report)) is None


def test_all_mistakes_of_all_files_are_reported_before_anything_runs(cli, write) -> None:
    """Exit 2, nothing on stdout, each mistake with its file."""
    write(good=GOOD, wrong=FIVE_MISTAKES, other="scenario: x\nsteps:\n  - seller: agree\n")
    ended = cli("run", ".")
    assert (ended.returncode, ended.stdout) == (2, "")
    places = re.findall(r"^(\w+)\.scenario\.yaml:(\d+):\d+: ", ended.stderr, re.MULTILINE)
    assert places == [("other", "3"), *(("wrong", line) for line in "24678")]
    assert "没有运行" in ended.stderr


def test_what_can_never_work_is_not_run(cli, write) -> None:
    """A step that the flow cannot reach is a mistake of the file."""
    write(wrong="scenario: x\nsteps:\n  - buyer: apply\n  - seller: consigngoods\n")
    ended = cli("run", ".")
    assert ended.returncode == 2
    assert "wrong.scenario.yaml:4:5: " in ended.stderr


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        ((), "--list"),
        (("nowhere",), "--list"),
        (("whole-exchange",), "upgraded/whole-exchange"),
        (("whole-exchang",), "classic/whole-exchange"),
        (("good.scenario.yml",), "没有文件"),
        (("empty",), "empty 里没有"),
        (("good.scenario.yaml", "--until", "99"), "12 待发出换货商品"),
        (("good.scenario.yaml", "--within", "soon"), "--within"),
        (("good.scenario.yaml", "--keep"), "--url"),
        (("good.scenario.yaml", "--set", "x"), "k=v"),
        (("good.scenario.yaml", "--env", "A={b}"), "--client"),
        (("good.scenario.yaml", "--set", "stock=1"), "stock"),
        (("--record", "x.scenario.yaml"), "--list"),
        (("good.scenario.yaml", "other.scenario.yaml", "--record", "x.scenario.yaml"), "--record"),
        (("good.scenario.yaml", "--junit", "empty"), "empty"),
        (("good.scenario.yaml", "--client", "true", "--sandbox", "default"), "--sandbox"),
        (("good.scenario.yaml", "--token", "x"), "--ready-file"),
        (("good.scenario.yaml", "--jobs", "0"), "--jobs"),
        (("good.scenario.yaml", "--client", "true", "--env", "A={b}"), "app_key"),
    ],
)
def test_wrong_use_is_exit_2_and_says_what_is_possible(
    cli, write, tmp_path: Path, args, meant
) -> None:
    """Nothing is played for a wrong option, a path that is not there or an empty folder."""
    (tmp_path / "empty").mkdir()
    write(good=GOOD, other=GOOD)
    ended = cli("run", *args)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert meant in ended.stderr
    assert "Traceback" not in ended.stderr


def test_shipped_scenarios_are_listed_and_played_by_name(cli) -> None:
    """`--list` names each with its title; a name is enough to play one."""
    listed = cli("run", "--list").stdout.splitlines()
    assert len(listed) >= 60
    (line,) = (line for line in listed if line.startswith("classic/application-refused "))
    assert re.fullmatch(r"classic/application-refused +卖家拒绝换货申请，换货关闭", line)
    for line in cli("--lang", "en", "run", "--list").stdout.splitlines():
        assert re.fullmatch(r"[a-z-]+/[a-z0-9-]+ +[ -~]+\.", line)
    assert "1 个场景：1 通过" in cli("run", "classic/application-refused").stdout


def test_values_of_a_scenario_are_set(cli, write) -> None:
    """`--set` replaces a value by one of the default's kind."""
    write(
        story=SHIPPING.replace(
            "- seller: consigngoods",
            '- expect: {exchange: {reason: "123"}, stock.wanted: {reserved: 1, available: 4}}',
        )
    )
    assert cli("run", ".", "--set", "reason=123", "--set", "stock=5").returncode == 0


def test_many_scenarios_are_played_in_processes(cli, write) -> None:
    """Every scenario is played once, whoever plays it, and reported in the order of the files."""
    write(
        **{
            f"story{n:02}": GOOD.replace("换货关闭", f"换货关闭{n:02}") if n % 7 else BAD
            for n in range(40)
        }
    )
    ended = cli("run", ".", "--jobs", "3", "--json", "report.json")
    assert ended.returncode == 1
    assert "40 个场景：34 通过，6 不符" in ended.stdout
    recorded = re.findall(r"story(\d\d)\.scenario\.yaml:7", ended.stdout)
    assert recorded == [f"{n:02}" for n in range(0, 40, 7)]


def test_a_scenario_stops_where_asked_and_stays(serve, cli, write) -> None:
    """On a running server `--until` leaves a sandbox whose exchange waits at the status."""
    serve()
    write(story=SHIPPING)
    ended = cli(
        "--ready-file", "ready.json", "run", "story.scenario.yaml", "--until", "待发出换货商品"
    )
    assert ended.returncode == 0
    sandbox, dispute_id = re.search(r"独立环境 (\S+)  it=(\d+)", ended.stdout).groups()
    reply = cli(
        "--ready-file",
        "ready.json",
        "--sandbox",
        sandbox,
        "call",
        "tmall.exchange.get",
        f"dispute_id={dispute_id}",
        "fields=status",
    )
    assert "待发出换货商品" in reply.stdout


def test_a_scenario_plays_in_a_sandbox_that_is_named(serve, cli, write) -> None:
    """With --sandbox the exchange is in that sandbox, with the set values; a failure has a line."""
    serve()
    write(
        story=SHIPPING,
        bad=SHIPPING.replace("consigngoods", "turn_to_refund\n    refused: no_stock"),
    )
    at = ("--ready-file", "ready.json", "--sandbox", "default")
    ended = cli(*at, "run", "story.scenario.yaml", "--until", "12", "--set", "reason=颜色不喜欢")
    assert (ended.returncode, "独立环境 default" in ended.stdout) == (0, True)
    reply = cli(*at, "call", "tmall.exchange.receive.get").stdout
    assert "待发出换货商品" in reply
    assert "颜色不喜欢" in reply
    failed = cli(*at, "run", "bad.scenario.yaml")
    assert failed.returncode == 1
    assert "bad.scenario.yaml:12:5: 应被拒绝(no_stock)" in failed.stdout
    assert "  - seller: turn_to_refund" in failed.stdout
    assert (
        cli(
            "--ready-file", "ready.json", "--sandbox", "nowhere", "run", "story.scenario.yaml"
        ).returncode
        == 1
    )


@pytest.mark.slow
def test_what_happened_is_recorded_as_a_scenario(serve, cli, write, tmp_path: Path) -> None:
    """`--record` writes the history of the scenario's sandbox, or of a named one; it passes."""
    serve()
    write(story=SHIPPING)
    assert cli("run", "story.scenario.yaml", "--record", "out/alone.scenario.yaml").returncode == 0
    at = ("--ready-file", "ready.json")
    assert (
        cli(*at, "run", "story.scenario.yaml", "--record", "out/served.scenario.yaml").returncode
        == 0
    )
    assert (
        cli(
            *at,
            "--sandbox",
            "default",
            "run",
            "story.scenario.yaml",
            "--record",
            "out/default.scenario.yaml",
        ).returncode
        == 0
    )
    assert cli(*at, "run", "--record", "out/again.scenario.yaml").returncode == 0
    for name in ("alone", "served", "default", "again"):
        assert "consigngoods" in (tmp_path / "out" / f"{name}.scenario.yaml").read_text("utf-8")
    ended = cli("run", "out")
    assert "4 个场景：4 通过" in ended.stdout


def test_a_scenario_that_failed_is_recorded_too(cli, write, tmp_path: Path) -> None:
    """The record of a failed scenario shows what happened instead; it is valid and passes."""
    write(story=BAD)
    assert cli("run", "story.scenario.yaml", "--record", "out/told.scenario.yaml").returncode == 1
    recorded = (tmp_path / "out" / "told.scenario.yaml").read_text("utf-8")
    assert "expect: {status: 4, moved_by: system}" in recorded
    assert cli("validate", "out").returncode == 0
    assert cli("run", "out").returncode == 0


def test_a_running_server_keeps_nothing_of_a_run(serve, cli, write) -> None:
    """Each scenario has its own sandbox, deleted afterwards; variables can name the server."""
    ready = serve().ready
    write(
        one=GOOD,
        two=GOOD,
        named=GOOD.replace("given: {", "given: {name: mine, "),
        again=GOOD.replace("given: {", "given: {name: mine, "),
    )
    ended = cli(
        "run", ".", TMALL_MOCKSERVER_URL=ready["url"], TMALL_MOCKSERVER_TOKEN=ready["token"]
    )
    assert "4 个场景：4 通过" in ended.stdout
    assert cli("--ready-file", "ready.json", "run", "two.scenario.yaml", "--keep").returncode == 0
    gone = cli("--ready-file", "ready.json", "--sandbox", "mine", "clock")
    assert (gone.returncode, "没有独立环境" in gone.stderr) == (2, True)


def test_a_server_that_is_not_there_breaks_the_scenario(cli, write) -> None:
    """A server that cannot be reached is reported, not traced."""
    write(good=GOOD)
    ended = cli("--url", "http://127.0.0.1:9", "--token", "x", "run", "good.scenario.yaml")
    assert ended.returncode == 1
    assert "连不上" in ended.stdout
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("number", "jobs"), [(signal.SIGINT, "1"), (signal.SIGINT, "2"), (signal.SIGTERM, "1")]
)
def test_an_interrupted_run_leaves_its_reports(
    write, tmp_path: Path, environment, number, jobs
) -> None:
    """Ctrl-C ends with 130; what was played is reported, the rest is marked as interrupted."""
    write(a=GOOD, b=WAITING, c=GOOD, d=WAITING, e=GOOD)
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mockserver",
            "run",
            ".",
            "--jobs",
            jobs,
            "--junit",
            "junit.xml",
            "--json",
            "report.json",
        ],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        progress = read_until(ours, b"1/5")
        os.killpg(process.pid, number)
        said, _ = process.communicate(timeout=LIMIT)
        progress += read_until(ours, b"")
    finally:
        end_session(process)
        os.close(ours)
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    outcomes = [story["outcome"] for story in report["stories"]]
    assert (process.returncode, outcomes[0], outcomes[1], outcomes[3]) == (
        130,
        "passed",
        "interrupted",
        "interrupted",
    )
    assert "中断" in said
    assert b"Traceback" not in progress
    assert ElementTree.parse(tmp_path / "junit.xml").getroot().get("skipped") == str(
        report["interrupted"]
    )


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path, environment) -> None:
    """Without reports nothing is written, so `run` works in a read-only folder."""
    folder = tmp_path / "read-only"
    folder.mkdir(mode=0o555)
    without_rights = ["setpriv", "--bounding-set", "-dac_override"] if os.geteuid() == 0 else []
    ended = subprocess.run(
        [*without_rights, sys.executable, "-m", "mockserver", "run", "classic/whole-exchange"],
        cwd=folder,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr


def test_progress_says_how_long_it_will_take() -> None:
    """After two of ten scenarios in four seconds some sixteen seconds are left."""
    assert format_progress(2, 10, 4.0) == "2/10 还需 16 秒 "
    assert format_progress(9, 10, 4.0) == "9/10 "

"""`logs`: lines, one call, following, HAR, the report."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from mockserver import Server
from tests.cli.conftest import run_on_terminal

WITHIN = 20  # seconds: far above what any step takes


@pytest.fixture
def at(serve, cli):
    """Runs a command against a fresh server."""
    serve()
    return lambda *args: cli("--ready-file", "ready.json", *args)


@pytest.fixture
def control() -> Callable[..., dict]:
    """Asks the control API of a server that has written its ready file."""

    def ask(ready: dict, verb: str, path: str, body: bytes | None = None) -> dict:
        request = Request(
            f"{ready['url']}/_sandbox/{path}",
            body,
            {"Authorization": f"Bearer {ready['token']}"},
            method=verb,
        )
        with urlopen(request, timeout=WITHIN) as reply:
            return json.loads(reply.read() or b"{}")

    return ask


class Following:
    """A `logs --follow` process; lines are read as they come."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process

    def line(self) -> str:
        """The next line."""
        return self.process.stdout.readline()

    def end(self) -> tuple[int, str, str]:
        """Exit code, what was still printed, stderr."""
        out, err = self.process.communicate(timeout=WITHIN)
        return self.process.returncode, out, err


@pytest.fixture
def follow(tmp_path: Path, environment: dict[str, str]) -> Iterator[Callable[..., Following]]:
    """Starts `logs --follow ARGS…` for the running server; it is killed at the end."""
    started = []

    def start(*args: str) -> Following:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mockserver",
                "--ready-file",
                "ready.json",
                "logs",
                "--follow",
                *args,
            ],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )
        started.append(process)
        return Following(process)

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def test_logs_show_calls_oldest_first_and_one_whole(at) -> None:
    """Each call is a line; --request prints all of one with its diagnosis."""
    at("call", "taobao.time.get")
    at("call", "tmall.exchange.get")
    lines = at("logs").stdout.splitlines()
    request_id = re.search(r"[a-z0-9]{12}", lines[1])[0]
    whole = json.loads(at("logs", "--request", request_id).stdout)
    assert [line.split()[3] for line in lines] == ["taobao.time.get", "tmall.exchange.get"]
    assert whole["code"] == 40
    assert whole["diagnosis"]["zh"]


@pytest.fixture
def on_terminal():
    """Runs a command against a server in this process, stdout being a terminal."""
    with Server() as server:
        yield lambda *args: run_on_terminal("--url", server.url, "--token", server.token, *args)


def plain(text: str) -> list[str]:
    """Return the lines without colours."""
    return re.sub("\x1b\\[[0-9;]*m", "", text).splitlines()


def test_a_terminal_shows_calls_as_a_table(on_terminal) -> None:
    """There are headings, columns line up, and the outcome has a colour."""
    on_terminal("call", "taobao.time.get")
    on_terminal("call", "tmall.exchange.receive.get", "sign=x")
    output = on_terminal("--lang", "en", "logs").stdout
    headings, first, second = plain(output)
    assert headings.split() == ["time", "request", "method", "exchange", "outcome", "cause"]
    start = headings.index("outcome")
    assert first[start:].startswith("ok") and first[start - 2 : start] == "  "
    assert second[start:].startswith("25")
    assert "\x1b[32mok" in output


def test_a_terminal_reads_that_there_are_no_calls(on_terminal, at) -> None:
    """An empty journal says so to a reader; a program that reads a pipe gets no line."""
    assert plain(on_terminal("logs").stdout) == ["还没有请求"]
    assert on_terminal("logs", "--json").stdout == ""
    assert at("logs").stdout == ""


def test_a_terminal_shows_the_report_in_columns(on_terminal) -> None:
    """Sentences of findings begin in one column."""
    on_terminal("call", "tmall.exchange.receive.get", "page_size=0")
    on_terminal("call", "taobao.time.get")
    lines = plain(on_terminal("--lang", "en", "logs", "--report").stdout)[1:-1]
    assert len(lines) >= 2
    sentences = [re.match(r"\w+ +\w+ +", line).end() for line in lines]
    assert len(set(sentences)) == 1


def test_logs_speak_both_languages(at) -> None:
    """Causes come in the language asked for."""
    at("call", "tmall.exchange.get")
    assert "missing" in at("--lang", "en", "logs").stdout
    assert "缺少" in at("logs").stdout


def test_warnings_stand_in_the_line(at) -> None:
    """A call that passed with a warning is ok, and its line names the warning behind `!`."""
    at("call", "taobao.logistics.companies.get", "fields=id,nonsense\x1b[31m")
    at("call", "taobao.logistics.companies.get", "fields=id")
    warned, clean = at("logs").stdout.splitlines()
    assert "  ok  ! " in warned
    assert "nonsense" in warned
    assert "\x1b" not in warned
    assert clean.endswith("  ok")


def test_a_line_stays_a_line(at) -> None:
    """A method with line ends and control codes is shown escaped, on one line."""
    at("call", "a.b\n\x1b[31mc")
    lines = at("logs").stdout.splitlines()
    assert len(lines) == 1
    assert "\x1b" not in lines[0]


def test_follow_prints_old_and_new_calls_once(at, follow) -> None:
    """Follow prints the newest calls, then new ones, through a reset; Ctrl-C ends it with 130."""
    at("call", "taobao.time.get")
    at("call", "tmall.exchange.get")
    following = follow("--limit", "1")
    assert "tmall.exchange.get" in following.line()
    at("call", "taobao.logistics.companies.get")
    assert "taobao.logistics.companies.get" in following.line()
    at("reset")
    at("call", "tmall.exchange.receive.get")
    assert "tmall.exchange.receive.get" in following.line()
    following.process.send_signal(signal.SIGINT)
    assert following.end() == (130, "", "")


def test_follow_is_filtered(at, follow) -> None:
    """Only calls that match are followed, as JSON if asked for."""
    following = follow("--outcome", "refused", "--json")
    at("call", "taobao.time.get")
    at("call", "tmall.exchange.get")
    assert json.loads(following.line())["code"] == 40


def test_follow_ends_with_the_server(serve, cli, follow) -> None:
    """When the server goes away, following ends with exit 1 and a sentence."""
    served = serve()
    cli("--ready-file", "ready.json", "call", "taobao.time.get")
    following = follow()
    following.line()
    served.end(signal.SIGTERM)
    code, out, err = following.end()
    assert (code, out) == (1, "")
    assert "服务已停止" in err and len(err.splitlines()) == 1


def test_follow_ends_with_the_sandbox(serve, cli, follow, control) -> None:
    """When the sandbox is dropped, following ends with exit 1 and a sentence."""
    ready = serve().ready
    control(ready, "POST", "sandboxes", b'{"name": "gone"}')
    cli("--ready-file", "ready.json", "--sandbox", "gone", "call", "taobao.time.get")
    following = follow("--sandbox", "gone")
    following.line()
    control(ready, "DELETE", "sandboxes/gone")
    code, out, err = following.end()
    assert (code, out) == (1, "")
    assert "独立环境已删除" in err


def test_follow_wants_a_server(cli) -> None:
    """A server that never answered is wrong usage, as for every command."""
    assert cli("--url", "http://127.0.0.1:9", "--token", "x", "logs", "--follow").returncode == 2


def test_har_is_written(at, tmp_path) -> None:
    """--har writes the calls that match, masked, and says how many; `-` prints them."""
    at("call", "taobao.time.get")
    at("call", "tmall.exchange.get")
    ended = at("logs", "--har", "calls.har")
    text = (tmp_path / "calls.har").read_text("utf-8")
    if sys.platform != "win32":
        assert (tmp_path / "calls.har").stat().st_mode & 0o777 == 0o600
    entries = json.loads(text)["log"]["entries"]
    assert [entry["_method"] for entry in entries] == ["taobao.time.get", "tmall.exchange.get"]
    assert "2" in ended.stdout
    assert json.loads((tmp_path / "ready.json").read_text("utf-8"))["session"] not in text
    printed = json.loads(at("logs", "--har", "-", "--outcome", "ok").stdout)
    assert [entry["_method"] for entry in printed["log"]["entries"]] == ["taobao.time.get"]


def test_har_of_calls_of_nobody(at) -> None:
    """--orphans exports the calls that belong to no sandbox."""
    at("call", "taobao.time.get", "app_key=404404")
    assert [
        e["_code"]
        for e in json.loads(at("logs", "--orphans", "--har", "-").stdout)["log"]["entries"]
    ] == [29]


@pytest.mark.parametrize(
    "args",
    [
        ("--har", "no/such/folder/x.har"),
        ("--har", "x.har", "--follow"),
        ("--request", "abc", "--follow"),
        ("--limit", "-1"),
        ("--since", "x", "--follow"),
        ("--report", "--follow"),
        ("--report", "--method", "x"),
        ("--report", "--orphans"),
    ],
)
def test_wrong_use_is_exit_2(at, args) -> None:
    """An unwritable file and options that exclude each other are exit 2, without a traceback."""
    ended = at("logs", *args)
    assert ended.returncode == 2
    assert ended.stderr and "Traceback" not in ended.stderr


def test_report_of_a_good_client(at) -> None:
    """A client without errors has a report with exit 0."""
    at("call", "taobao.time.get", "--sign-method", "hmac-sha256")
    ended = at("logs", "--report")
    assert (ended.returncode, ended.stdout.splitlines()) == (
        0,
        ["调用 1 次；写操作 0 次，重复 0 次，其中不安全 0 次"],
    )


def test_report_of_a_double_shipment(serve, cli, control) -> None:
    """An error in the report is exit 1; each finding is a line, in both languages, or JSON."""
    ready = serve().ready
    dispute_id = control(ready, "POST", "sandboxes/default/exchanges", b'{"status": 12}')[
        "dispute_id"
    ]
    for waybill in ("SF1111111111", "SF2222222222"):
        cli(
            "--ready-file",
            "ready.json",
            "call",
            "tmall.exchange.consigngoods",
            f"dispute_id={dispute_id}",
            f"logistics_no={waybill}",
            "logistics_type=200",
            "logistics_company_name=顺丰快递",
        )
    ended = cli("--ready-file", "ready.json", "logs", "--report")
    assert ended.returncode == 1
    [line] = [line for line in ended.stdout.splitlines() if "double_shipment" in line]
    assert line.startswith("错误") and "SF2222222222" in line
    english = cli("--ready-file", "ready.json", "--lang", "en", "logs", "--report")
    assert "a shipment with waybill SF1111111111 had succeeded" in english.stdout
    whole = cli("--ready-file", "ready.json", "logs", "--report", "--json")
    assert (whole.returncode, json.loads(whole.stdout)["audit"]["unsafe"]) == (1, 1)


@pytest.mark.parametrize(
    "finding_id", ["double_shipment", "unsafe_repeat", "no_window", "ids_rounded"]
)
def test_findings_are_explained(cli, finding_id: str) -> None:
    """`explain` knows every finding's name."""
    ended = cli("explain", finding_id)
    assert (ended.returncode, finding_id in ended.stdout, "依据" in ended.stdout) == (0, True, True)

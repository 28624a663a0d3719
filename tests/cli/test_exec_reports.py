"""What `exec` leaves behind of its server: HAR, report, JUnit."""

import json
import sys
from xml.etree import ElementTree

CLIENTS = """
import os, subprocess, sys, urllib.request
import httpx, requests
url = os.environ["TOP_SERVER_URL"]
print(urllib.request.urlopen(url, b"method=x", timeout=10).status)
print(requests.post(url, data={"method": "x"}, timeout=10).status_code)
print(httpx.post(url, data={"method": "x"}, timeout=10).status_code)
call = [sys.executable, "-m", "mockserver", "call", "taobao.time.get"]
print(subprocess.run(call, stdout=subprocess.DEVNULL).returncode)
"""
LISTS = """
call = [sys.executable, "-m", "mockserver", "call", "tmall.exchange.receive.get"]
for _ in range(3):
    subprocess.run(call, stdout=subprocess.DEVNULL)
"""
CLIENT = """
import subprocess, sys
call = [sys.executable, "-m", "mockserver", "call"]
subprocess.run([*call, "taobao.time.get"], stdout=subprocess.DEVNULL)
subprocess.run([*call, "tmall.exchange.get", "dispute_id=5"], stdout=subprocess.DEVNULL)
sys.exit(int(sys.argv[1]))
"""


def test_calls_and_findings_are_left_behind(cli, tmp_path) -> None:
    """--har has every call, --report the findings, --junit the exit code as a failed case."""
    ended = cli(
        "exec",
        *("--har", "out/calls.har", "--report", "out/report.json", "--junit", "out/junit.xml"),
        *("--", sys.executable, "-c", CLIENT, "7"),
    )
    assert ended.returncode == 7
    entries = json.loads((tmp_path / "out/calls.har").read_text("utf-8"))["log"]["entries"]
    assert len(entries) == 2
    assert "127.0.0.1:" in entries[0]["request"]["url"]
    report = json.loads((tmp_path / "out/report.json").read_text("utf-8"))
    assert report["calls"] == 2
    suites = ElementTree.parse(tmp_path / "out/junit.xml").getroot()
    cases = list(suites.iter("testcase"))
    assert cases[0].find("failure") is not None
    assert len(cases) == 1 + len(report["findings"]) + len(report["audit"]["findings"])


def test_the_report_is_a_page_if_its_name_says_so(cli, tmp_path) -> None:
    """--report F.html has the findings in the language asked for, and no secret."""
    client = f"import subprocess, sys\n{LISTS}"
    ended = cli(
        "exec",
        *("--lang", "en", "--report", "out/findings.html"),
        *("--", sys.executable, "-c", client),
    )
    assert ended.returncode == 0, ended.stderr
    page = (tmp_path / "out/findings.html").read_text("utf-8")
    assert "Each round reads the whole history of the shop" in page
    assert "docs/client-findings.md#no_window" in page
    assert "session=" not in page


def test_a_file_that_cannot_be_written_is_reported_before_the_command_runs(cli, tmp_path) -> None:
    """A folder in the place of the file is exit 2, and the command does not run."""
    (tmp_path / "taken").mkdir()
    mark = "import pathlib; pathlib.Path('ran').touch()"
    ended = cli("exec", "--har", "taken", "--", sys.executable, "-c", mark)
    assert (ended.returncode, "taken" in ended.stderr) == (2, True)
    assert not (tmp_path / "ran").exists()


def test_a_refusal_names_no_command_that_comes_too_late(cli) -> None:
    """Under exec the server is gone when its lines are read: no `doctor` command is named."""
    call = [sys.executable, "-m", "mockserver", "call", "no.such.method"]
    ended = cli("exec", "--", *call)
    assert ended.returncode == 1
    assert "no.such.method" in ended.stderr
    assert "doctor" not in ended.stderr


def test_a_proxy_does_not_swallow_the_calls_of_the_command(cli) -> None:
    """With a proxy set, this machine is excepted in both spellings; what was excepted stays."""
    show = "import os; print(os.environ.get('NO_PROXY'), os.environ.get('no_proxy'))"
    command = ("exec", "--", sys.executable, "-c", show)
    proxy = {"HTTP_PROXY": "http://127.0.0.1:9", "NO_PROXY": "intranet.example", "no_proxy": ""}
    hosts = "intranet.example,127.0.0.1,localhost,::1"
    assert cli(*command, **proxy).stdout.split() == [hosts, hosts]


def test_clients_reach_the_server_past_a_proxy(cli) -> None:
    """With HTTP_PROXY set to where nobody listens urllib, requests, httpx and `call` are answered
    all the same."""
    dead = "http://127.0.0.1:9"
    proxies = dict.fromkeys(("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"), dead)

    ended = cli("exec", "--", sys.executable, "-c", CLIENTS, NO_PROXY="", no_proxy="", **proxies)

    assert ended.stdout.split() == ["200", "200", "200", "0"], ended.stderr

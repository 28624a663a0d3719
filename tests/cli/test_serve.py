"""`serve`, `exec` and `demo` as processes: what they print, write, export, and how they end."""

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest


def test_serve_prints_what_is_needed_to_attach(serve) -> None:
    """The first line is the URL; key, secret, session, a call line and a curl to paste follow."""
    served = serve()
    code, _ = served.end(signal.SIGTERM)
    text = "".join(served.lines)
    assert code == 0
    assert served.first_line == served.ready["url"]
    for name in ("app_key", "app_secret", "session", "token"):
        assert served.ready[name] in text
    assert "call taobao.time.get" in text
    assert "curl" in text


def test_ready_file_is_private_complete_and_removed(serve) -> None:
    """The ready file has mode 0600 and every documented key, and is gone after the end."""
    served = serve()
    mode = stat.S_IMODE(served.path.stat().st_mode)
    served.end(signal.SIGTERM)
    assert mode == 0o600
    assert set(served.ready) == {
        "url",
        "gateway",
        "control",
        "console",
        "oauth",
        "token",
        "pid",
        "sandbox",
        "app_key",
        "app_secret",
        "session",
        "sub_session",
    }
    assert served.ready["gateway"] == served.ready["url"] + "/router/rest"
    assert not served.path.exists()


def test_ready_file_of_a_dead_process_is_overwritten(serve, tmp_path: Path) -> None:
    """A ready file whose process is gone does not stop a start."""
    (tmp_path / "ready.json").write_text(
        json.dumps({"pid": 2**22 + 1, "url": "http://127.0.0.1:1"})
    )
    served = serve()
    assert served.ready["pid"] == served.process.pid


def test_ready_file_of_a_living_process_stops_the_start(cli, tmp_path: Path) -> None:
    """A ready file whose process still runs ends the start with exit 3 and stays."""
    (tmp_path / "ready.json").write_text(json.dumps({"pid": os.getpid()}))
    ended = cli("serve", "--port", "0", "--ready-file", "ready.json")
    assert ended.returncode == 3
    assert str(os.getpid()) in ended.stderr
    assert json.loads((tmp_path / "ready.json").read_text()) == {"pid": os.getpid()}


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGTERM, 0), (signal.SIGINT, 0)])
def test_signals_end_the_server(serve, number: int, expected: int) -> None:
    """SIGTERM and Ctrl-C end it with 0, without a traceback: to be stopped is how it ends."""
    code, errors = serve().end(number)
    assert code == expected
    assert "Traceback" not in errors


def test_a_taken_port_is_exit_3(cli) -> None:
    """A port that something listens on ends the start with exit 3 and what to try."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = cli("serve", "--port", str(taken.getsockname()[1]))
    assert ended.returncode == 3
    assert "--port 0" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_default_credentials_are_the_same_everywhere(serve) -> None:
    """The default sandbox has its documented constants unless others are given."""
    first = serve()
    first.end(signal.SIGTERM)
    constants = first.ready
    again = serve("--seed", "7", "--app-key", "55667788")
    assert constants["app_key"] == "1023456789"
    assert again.ready["app_key"] == "55667788"
    assert again.ready["session"] == constants["session"]
    assert again.ready["app_secret"] == constants["app_secret"]


def test_refused_calls_are_reported_on_stderr(serve, cli) -> None:
    """Each refused call gets one line: code, method, cause, command for more; no secret."""
    served = serve()
    cli("--ready-file", "ready.json", "call", "tmall.exchange.get")
    _, errors = served.end(signal.SIGTERM)
    assert re.match(r"\d\d:\d\d:\d\d default/main 40 tmall\.exchange\.get ", errors)
    assert "doctor" in errors
    assert served.ready["app_secret"] not in errors
    assert served.ready["session"] not in errors


def test_lax_mode_says_so(serve, cli) -> None:
    """With --auth lax an unknown key works, and the start and the journal say so."""
    served = serve("--auth", "lax")
    called = cli(
        "--ready-file", "ready.json", "call", "taobao.time.get", "app_key=999", "sign=nonsense"
    )
    logs = cli("--ready-file", "ready.json", "logs", "--json")
    served.end(signal.SIGTERM)
    assert called.returncode == 0
    assert "lax" in "".join(served.lines)
    assert any("lax" in warning for warning in json.loads(logs.stdout.splitlines()[-1])["warnings"])


def test_samples_open_one_exchange_in_every_status(serve, cli) -> None:
    """With --samples the list holds nine exchanges of nine statuses."""
    serve("--samples")
    called = cli(
        "--ready-file", "ready.json", "call", "tmall.exchange.receive.get", "fields=status"
    )
    rows = json.loads(called.stdout)["tmall_exchange_receive_get_response"]["results"]["exchange"]
    assert len({row["status"] for row in rows}) == 9


def test_demo_prints_the_whole_exchange(cli) -> None:
    """The demo runs apply, agree, return, confirm, ship, receive, and ends with 0."""
    ended = cli("demo")
    assert ended.returncode == 0
    assert [line.split()[2] for line in ended.stdout.splitlines()[1:7]] == [
        "1",
        "2",
        "3",
        "12",
        "13",
        "5",
    ]
    assert "换货成功" in ended.stdout


def test_demo_speaks_english(cli) -> None:
    """--lang works after the command too."""
    assert "the buyer applies" in cli("demo", "--lang", "en").stdout


SHOW = (
    "import json, os; print(json.dumps({k: v for k, v in os.environ.items()"
    " if k.startswith(('TOP_', 'TMALL_', 'OWN_'))}))"
)


def test_exec_exports_the_server_to_the_command(cli) -> None:
    """The command sees the documented variables and the service's own names."""
    ended = cli(
        "exec", "--env", "OWN_KEY={app_key}", "--app-key", "4242", "--", sys.executable, "-c", SHOW
    )
    variables_seen = json.loads(ended.stdout)
    assert ended.returncode == 0
    assert variables_seen["TOP_SERVER_URL"].endswith("/router/rest")
    assert variables_seen["TOP_APP_KEY"] == variables_seen["OWN_KEY"] == "4242"
    assert {
        "TOP_APP_SECRET",
        "TOP_SESSION",
        "TOP_SUB_SESSION",
        "TMALL_MOCKSERVER_URL",
        "TMALL_MOCKSERVER_TOKEN",
        "TMALL_MOCKSERVER_SANDBOX",
    } <= set(variables_seen)


def test_exec_ends_with_the_commands_code(cli) -> None:
    """The exit code is the command's."""
    assert cli("exec", "--", sys.executable, "-c", "raise SystemExit(7)").returncode == 7


def test_exec_without_a_command_that_exists_is_exit_2(cli) -> None:
    """An unknown command is wrong usage, reported without a traceback."""
    ended = cli("exec", "--", "no-such-command-at-all")
    assert ended.returncode == 2
    assert "no-such-command-at-all" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_exec_names_unknown_placeholders(cli) -> None:
    """A placeholder that does not exist is exit 2 and lists those that do."""
    ended = cli("exec", "--env", "X={nothing}", "--", sys.executable, "-c", "pass")
    assert ended.returncode == 2
    assert "{app_key}" in ended.stderr


def test_the_ruleset_is_chosen_by_its_name(serve, cli) -> None:
    """--ruleset upgraded makes refused applications wait for the buyer (6) instead of closing."""
    ready = serve("--ruleset", "upgraded").ready
    reply = cli(
        "--ready-file", "ready.json", "call", "tmall.exchange.receive.get", "fields=attributes"
    )
    assert reply.returncode == 0
    assert cli("--url", ready["url"], "--token", ready["token"], "clock").returncode == 0
    refused = cli("serve", "--ruleset", "UPGRADED")
    assert refused.returncode == 2
    assert "classic" in refused.stderr


def test_a_public_address_is_handed_out_and_the_local_one_kept(serve, cli) -> None:
    """With --public-url the gateway is public; commands on this machine still find the server."""
    ready = serve("--public-url", "https://mock.example.com/top").ready
    assert ready["gateway"] == "https://mock.example.com/top/router/rest"
    assert ready["url"].startswith("http://127.0.0.1:")
    assert cli("--ready-file", "ready.json", "call", "taobao.time.get").returncode == 0


def test_a_public_address_is_an_address(cli) -> None:
    """A public URL without scheme is wrong usage."""
    assert cli("serve", "--port", "0", "--public-url", "nonsense").returncode == 2


def test_a_prefix_is_handed_out(serve, cli) -> None:
    """With --url-prefix the ready file's gateway and control have it; commands find the server."""
    ready = serve("--url-prefix", "/team/mock").ready
    assert ready["gateway"] == f"{ready['url']}/team/mock/router/rest"
    assert ready["control"] == f"{ready['url']}/team/mock/_sandbox"
    assert cli("--ready-file", "ready.json", "call", "taobao.time.get").returncode == 0
    below = ("--url", f"{ready['url']}/team/mock", "--token", ready["token"])
    assert cli(*below, "call", "taobao.time.get").returncode == 0


@pytest.mark.parametrize("prefix", ["mock", "/", "/mock/", "/a b", "/_sandbox", "/router/x", "/.."])
def test_a_prefix_is_a_path(cli, prefix: str) -> None:
    """A prefix with a slash at its end, or one that hides our own paths, is wrong usage."""
    refused = cli("serve", "--port", "0", "--url-prefix", prefix)
    assert refused.returncode == 2
    assert "--url-prefix" in refused.stderr


@pytest.mark.parametrize("text", ["soon", "5s", "-1d", "7"])
def test_an_expiry_is_a_duration(cli, text: str) -> None:
    """--expire-after takes a duration of at least ten seconds."""
    refused = cli("serve", "--port", "0", "--expire-after", text)
    assert refused.returncode == 2
    assert "--expire-after" in refused.stderr


def test_options_before_serve_mean_the_same(cli, environment, tmp_path) -> None:
    """--token and --ready-file typed before `serve` are serve's."""
    import subprocess

    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mockserver",
            "--ready-file",
            "early.json",
            "--token",
            "early",
            "serve",
            "--port",
            "0",
        ],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
    )
    try:
        process.stdout.readline()
        assert json.loads((tmp_path / "early.json").read_text("utf-8"))["token"] == "early"
    finally:
        process.terminate()
        process.communicate(timeout=10)


def test_failed_calls_are_reported_too(serve, cli) -> None:
    """A business failure gets its line on stderr, by its code."""
    served = serve()
    cli("--ready-file", "ready.json", "call", "tmall.exchange.get", "dispute_id=5")
    _, errors = served.end(signal.SIGTERM)
    assert " default/main DISPUTE_NOT_EXIST tmall.exchange.get " in errors


def test_what_explains_refusals_is_imported_before_the_first_one(environment, tmp_path) -> None:
    """A server that nobody has called knows the doctor, so no caller waits for its import."""
    program = (
        "import os, sys, threading\n"
        "end = os._exit\n"
        "from mockserver.cli.main import main\n"
        "def report(code):\n"
        "    for thread in threading.enumerate():\n"
        "        thread.name == 'mockserver-import' and thread.join()\n"
        "    print('mockserver.doctor.diagnosis' in sys.modules, flush=True)\n"
        "    end(code)\n"
        "os._exit = report\n"
        "sys.argv = ['tmall-mockserver', 'serve', '--port', '0']\n"
        "main()\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=50)
    assert output.splitlines()[-1] == "True"

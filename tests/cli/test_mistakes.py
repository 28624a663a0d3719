"""Wrong use ends with its exit code and one line, never with a traceback."""

import http.server
import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mockserver.client.control_client import Control
from mockserver.client.transport import Http

LINK = ("--url", "http://127.0.0.1:9", "--token", "x")


def refused(ended: subprocess.CompletedProcess, code: int = 2) -> str:
    """The one line on stderr of a command that ended with `code`."""
    assert (ended.returncode, ended.stdout) == (code, ""), ended.stderr
    (line,) = ended.stderr.splitlines()
    assert not line.isascii()
    return line


@pytest.fixture
def at(serve, cli):
    """Runs a command against a fresh server."""
    serve()
    return lambda *args: cli("--ready-file", "ready.json", *args)


def test_ctrl_c_ends_a_waiting_command_with_130(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """A command whose server never answers ends with 130 at Ctrl-C, without a traceback."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        silent.settimeout(20)
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mockserver",
                "--url",
                f"http://127.0.0.1:{silent.getsockname()[1]}",
                "--token",
                "x",
                "clock",
            ],
            cwd=tmp_path,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(10)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    "args",
    [
        ("--url", "http://h:99999", "--token", "x"),
        ("--url", "http://[::1", "--token", "x"),
        ("--url", "h:80", "--token", "x"),
        ("--url", "http://a..b", "--token", "x"),
        ("--url", "http://127.0.0.1:9", "--token", "中文"),
        ("--url", "http://127.0.0.1:9", "--token", "a\nb"),
        (*LINK, "--sandbox", "a b"),
        (*LINK, "--sandbox", "甲"),
    ],
)
def test_addresses_and_tokens_that_cannot_be(cli, args: tuple[str, ...]) -> None:
    """An impossible address or token, or a server that is not there, is exit 2 and one line."""
    refused(cli(*args, "clock"))


@pytest.mark.parametrize("text", ["[]", "3", "{", '{"url": 5, "token": []}'])
def test_ready_files_that_say_nothing(cli, tmp_path: Path, text: str) -> None:
    """A ready file of another form is exit 2 without a traceback."""
    (tmp_path / "mock.json").write_text(text)
    ended = cli("--ready-file", "mock.json", "clock")
    assert (ended.returncode, "Traceback" in ended.stderr) == (2, False)


def test_a_sandbox_may_have_any_name(serve, cli) -> None:
    """A name with special characters reaches its sandbox; an unknown one is exit 2, one line."""
    ready = serve().ready
    with closing(Http(ready["url"])) as http:
        Control(http, ready["token"])("POST", "sandboxes", {"name": "甲"})
    assert json.loads(
        cli("--ready-file", "ready.json", "--sandbox", "甲", "clock", "--json").stdout
    )["mode"]
    refused(cli("--ready-file", "ready.json", "--sandbox", "a b", "clock"))


class _Elsewhere(http.server.BaseHTTPRequestHandler):
    """A web server that is not ours."""

    def do_GET(self) -> None:
        """Always a page."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html></html>")

    def log_message(self, *args: object) -> None:
        """Nothing."""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of a server that is not ours."""
    with http.server.HTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_an_answer_of_another_server_is_reported(cli, elsewhere: str) -> None:
    """A page instead of the control API's JSON is exit 2 and one line."""
    assert "控制接口" in refused(cli("--url", elsewhere, "--token", "x", "clock"))


@pytest.mark.parametrize(
    "words",
    [
        ("tmall.exchange.message.add", "dispute_id=5", "content=hi"),
        ("tmall.exchange.refusereason.get", "dispute_id=5"),
        ("tmall.exchange.get", "dispute_id=5"),
        ("tmall.exchange.get", "dispute_id=5", "simplify=true"),
        ("no.such.method",),
    ],
)
@pytest.mark.parametrize("form", ["json", "xml"])
def test_every_kind_of_failure_is_exit_1(at, words: tuple[str, ...], form: str) -> None:
    """Platform errors and business failures of either kind are exit 1, in JSON and XML."""
    ended = at("call", *words, "--format", form)
    assert (ended.returncode, ended.stderr) == (1, "")


def test_words_of_a_failure_in_a_success_are_no_failure(at) -> None:
    """What the reply quotes does not count, only its members do."""
    made = at("call", "taobao.time.get", "note=error_response")
    listed = at("call", "tmall.exchange.receive.get", 'buyer_nick="success":false')
    assert (made.returncode, listed.returncode) == (0, 0)


def test_parameters_may_be_called_like_options(at) -> None:
    """`format` may be a parameter; an unknown sign method is refused by the gateway."""
    assert at("call", "taobao.time.get", "format=xml").stdout.startswith("<?xml")
    ended = at("call", "taobao.time.get", "sign_method=foo")
    assert (ended.returncode, json.loads(ended.stdout)["error_response"]["code"]) == (1, 25)


@pytest.mark.parametrize(
    "variables",
    [
        {"TMALL_MOCKSERVER_PORT": "--5"},
        {"TMALL_MOCKSERVER_CONFIG": "absent.toml"},
        {"TMALL_MOCKSERVER_TOKEN": "令牌"},
    ],
)
def test_wrong_variables_are_refused(cli, variables: dict[str, str]) -> None:
    """A variable is held to what its option is held to."""
    refused(cli("serve", **variables))


@pytest.mark.parametrize(
    ("text", "args", "named"),
    [
        ("server = 3\n", (), "server"),
        ("apps = 3\n", ("--app-key", "1"), "apps"),
        ('apps = ["x"]\n', ("--app-key", "1"), "apps"),
        ("shops = 3\n", ("--session", "s"), "shops"),
        ("[server]\nallow-host = [1]\n", (), "allow-host"),
        ("samples = true\n[[shops]]\naddresses = []\n", (), "地址"),
    ],
)
def test_odd_settings_files_are_refused(
    cli, tmp_path: Path, text: str, args: tuple[str, ...], named: str
) -> None:
    """A settings file with a wrong shape, or an impossible world, is exit 2 and one line."""
    (tmp_path / "mockserver.toml").write_text(text, "utf-8")
    assert named in refused(cli("serve", "--port", "0", *args))


def test_a_ready_file_that_cannot_be_written_is_exit_3(cli) -> None:
    """`serve` could not start when nobody would learn of it."""
    assert "/nonexistent/x" in refused(
        cli("serve", "--port", "0", "--ready-file", "/nonexistent/x"), 3
    )


@pytest.mark.parametrize(
    "env", ["X={url.foo}", "X={url[0]}", "X={url[a]}", "X={}", "X={pid:%Y}", "X={", "X", "=x"]
)
def test_exec_takes_plain_placeholders_only(cli, env: str) -> None:
    """A placeholder is one of the names, nothing computed from them."""
    refused(cli("exec", "--env", env, "--", sys.executable, "-c", "pass"))


def test_exec_tells_what_it_cannot_execute(cli, tmp_path: Path) -> None:
    """A script without its first line is exit 2, and the ready file is gone."""
    script = tmp_path / "script"
    script.write_bytes(b"\x00nothing")
    script.chmod(0o755)
    assert "script" in refused(cli("exec", "--ready-file", "mock.json", "--", "./script"))
    assert list(tmp_path.iterdir()) == [script]


def test_a_snapshot_may_be_called_like_a_command(at) -> None:
    """The first word that is no option is the command; later words are its own."""
    assert at("snapshot", "save", "exec").returncode == 0
    assert at("--sandbox=default", "snapshot", "save", "serve", "--lang", "en").returncode == 0


def test_options_follow_a_snapshot_called_like_a_command(serve, cli) -> None:
    """`--ready-file` behind `snapshot save exec` names the server."""
    serve()
    assert cli("snapshot", "save", "exec", "--ready-file", "ready.json").returncode == 0

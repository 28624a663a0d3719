"""A server in the background: `serve --detach`, `wait`, `stop`; nothing waits without a limit."""

import json
import os
import signal
from pathlib import Path

import pytest

from mockserver.cli.ready_files import is_running

pytestmark = pytest.mark.slow


@pytest.fixture
def detach(cli, tmp_path: Path):
    """Starts `serve --detach --port 0`; the server is stopped at the end, if it still runs."""
    yield lambda *args, **more: cli("serve", "--detach", "--port", "0", *args, **more)
    for path in (tmp_path / ".mockserver.json", tmp_path / "other.json"):
        if path.is_file() and is_running(pid := json.loads(path.read_text())["pid"]):
            os.kill(pid, signal.SIGKILL)


def test_a_detached_server_is_found_and_stopped(detach, cli, tmp_path: Path) -> None:
    """It prints its URL and how to stop it, serves this folder, and leaves no process."""
    started = detach("--app-secret", "a-secret-of-ours")
    assert started.returncode == 0, started.stderr
    url, hint = started.stdout.splitlines()
    ready = json.loads((tmp_path / ".mockserver.json").read_text())
    assert (ready["url"], ready["app_secret"]) == (url, "a-secret-of-ours")
    assert "tmall-mockserver stop" in hint
    command_line = Path(f"/proc/{ready['pid']}/cmdline")
    assert b"a-secret" not in command_line.read_bytes()
    assert (tmp_path / ".mockserver.log").stat().st_mode & 0o777 == 0o600
    assert cli("wait").returncode == 0
    assert cli("open", "-q").returncode == 0
    again = detach()
    assert (again.returncode, str(ready["pid"]) in again.stderr) == (3, True)
    stopped = cli("stop")
    assert (stopped.returncode, str(ready["pid"]) in stopped.stdout) == (0, True)
    assert not (tmp_path / ".mockserver.json").exists()
    assert cli("stop").returncode == 2


def test_a_server_that_cannot_start_says_why_and_ends(detach, tmp_path: Path) -> None:
    """A broken settings file is exit 2 with its reason; nothing waits for a ready file."""
    (tmp_path / "mockserver.toml").write_text("[server]\nprot = 1\n")
    ended = detach()
    assert ended.returncode == 2
    assert "port" in ended.stderr
    assert not (tmp_path / ".mockserver.json").exists()


def test_stop_leaves_a_process_alone_that_is_not_the_server(cli, tmp_path: Path) -> None:
    """The number in an old ready file may be another process's now: it is not signalled."""
    document = {"url": "http://127.0.0.1:9", "token": "x", "pid": os.getpid()}
    (tmp_path / "other.json").write_text(json.dumps(document))
    ended = cli("--ready-file", "other.json", "stop")
    assert ended.returncode == 2
    assert str(os.getpid()) in ended.stderr
    (tmp_path / "other.json").unlink()


def test_a_killed_server_is_stopped_already(detach, cli, tmp_path: Path) -> None:
    """After kill -9 `stop` removes the file that was left, and a new server can start."""
    detach("--ready-file", "other.json")
    pid = json.loads((tmp_path / "other.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    late = cli("--ready-file", "other.json", "wait", "--within", "1s")
    assert late.returncode == 1
    assert cli("--ready-file", "other.json", "stop").returncode == 0
    assert not (tmp_path / "other.json").exists()


def test_commands_after_a_kill_say_how_to_go_on(detach, cli, tmp_path: Path) -> None:
    """A command names the file, the process that has ended and what to type; that then works."""
    detach()
    pid = json.loads((tmp_path / ".mockserver.json").read_text())["pid"]
    os.kill(pid, signal.SIGKILL)
    ended = cli("--lang", "en", "list")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"process {pid}" in ended.stderr and ".mockserver.json" in ended.stderr
    assert "serve --detach" in ended.stderr and "Errno" not in ended.stderr
    assert detach().returncode == 0
    assert cli("list").returncode == 0


def test_stop_after_a_kill_stops_nothing_and_says_so(detach, cli, tmp_path: Path) -> None:
    """It says that the process has ended before, not that it was stopped now."""
    detach()
    path = tmp_path / ".mockserver.json"
    os.kill(json.loads(path.read_text())["pid"], signal.SIGKILL)
    ended = cli("--lang", "en", "stop")
    assert (ended.returncode, "no longer runs" in ended.stdout) == (0, True)
    assert not path.exists()


def test_a_server_of_another_container_is_found(serve, cli, tmp_path: Path) -> None:
    """A process that is unknown here may run elsewhere: what answers at the address is used."""
    document = serve().ready
    (tmp_path / "shared.json").write_text(json.dumps({**document, "pid": 2**31 - 5}))
    assert cli("--ready-file", "shared.json", "open", "-q").returncode == 0


def test_wait_ends_when_no_server_comes(cli) -> None:
    """Without any server `wait` ends after its limit with exit 1 and says what lacks."""
    ended = cli("--ready-file", "never.json", "wait", "--within", "1s")
    assert ended.returncode == 1
    assert "never.json" in ended.stderr


def test_wait_for_the_status_of_an_exchange(at) -> None:
    """It ends at once when the status is there, else with exit 1 and the status that is."""
    dispute_id = at("open", "-q").stdout.strip()
    assert at("wait", "--exchange", dispute_id, "--status", "换货待处理").returncode == 0
    late = at("--lang", "en", "wait", "--exchange", dispute_id, "--status", "2", "--within", "1s")
    assert late.returncode == 1
    assert f"the status of exchange {dispute_id} is 1" in late.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("--exchange", "5"),
        ("--status", "5"),
        ("--ready", "--exchange", "5", "--status", "5"),
        ("--within", "soon"),
        ("--exchange", "5", "--status", "换货"),
        ("--exchange", "5", "--status", "5"),
    ],
)
def test_waits_that_cannot_be(at, args: tuple[str, ...]) -> None:
    """Half a condition, a duration that is none, an unknown status or exchange are exit 2."""
    ended = at("wait", *args)
    assert (ended.returncode, ended.stdout, "Traceback" in ended.stderr) == (2, "", False)

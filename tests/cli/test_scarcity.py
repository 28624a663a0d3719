"""Commands on a machine that is short of something: a clear sentence, no traceback, no half
file."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ONE = "scenario: x\nsteps:\n  - buyer: apply\n"
FULL_DISK = 'ulimit -f 0; exec "$@"'  # no file may grow: what a full disk does


@pytest.fixture
def command(tmp_path: Path, environment):
    """Runs `tmall-mockserver` below a shell line that takes something away."""
    (tmp_path / "one.scenario.yaml").write_text(ONE, "utf-8")

    def run(shell: str, *arguments: str, **variables: str | None) -> subprocess.CompletedProcess:
        merged = {**environment, **variables}
        return subprocess.run(
            ["sh", "-c", shell, "sh", sys.executable, "-m", "mockserver", *arguments],
            cwd=tmp_path,
            env={name: value for name, value in merged.items() if value is not None},
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize("option", ["--junit", "--json"])
@pytest.mark.parametrize("old", ["", "kept"])
def test_reports_on_a_full_disk(command, tmp_path: Path, option: str, old: str) -> None:
    """The results are printed, the sentence names the file, exit code 2; an old file is as before,
    no new one is left."""
    if old:
        (tmp_path / "report").write_text(old)
    ended = command(FULL_DISK, "run", "one.scenario.yaml", option, "report")

    assert ended.returncode == 2
    assert "1 通过" in ended.stdout
    assert "report" in ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert len(ended.stderr.splitlines()) == 1
    files = {"one.scenario.yaml", "report"} if old else {"one.scenario.yaml"}
    assert {path.name for path in tmp_path.iterdir()} == files
    assert not old or (tmp_path / "report").read_text() == old


def test_history_on_a_full_disk(command, tmp_path: Path) -> None:
    """A history that cannot be written breaks its scenario with a sentence, not as our fault."""
    ended = command(FULL_DISK, "run", "one.scenario.yaml", "--record", "history.yaml")

    assert ended.returncode == 1
    assert "history.yaml" in ended.stdout
    assert "请报告" not in ended.stdout
    assert "Traceback" not in ended.stderr + ended.stdout
    assert {path.name for path in tmp_path.iterdir()} == {"one.scenario.yaml"}


def test_ready_file_on_a_full_disk(command, tmp_path: Path) -> None:
    """A server that cannot write its ready file does not start: exit code 3, no half file."""
    ended = command(FULL_DISK, "serve", "--port", "0", "--ready-file", "ready.json")

    assert (ended.returncode, "ready.json" in ended.stderr) == (3, True)
    assert "Traceback" not in ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"one.scenario.yaml"}


def test_har_on_a_full_disk(serve, command, tmp_path: Path) -> None:
    """A HAR file that cannot be written leaves nothing; one that can is its owner's only."""
    serve()
    failed = command(FULL_DISK, "--ready-file", "ready.json", "logs", "--har", "calls.har")
    left = (tmp_path / "calls.har").exists()
    written = command('exec "$@"', "--ready-file", "ready.json", "logs", "--har", "calls.har")

    assert (failed.returncode, "calls.har" in failed.stderr, left) == (2, True, False)
    assert "Traceback" not in failed.stderr
    assert written.returncode == 0, written.stderr
    assert (tmp_path / "calls.har").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "ready.json").stat().st_mode & 0o777 == 0o600


def test_a_pipe_as_report(command, tmp_path: Path) -> None:
    """A report may go to what is no regular file."""
    ended = command('exec "$@"', "run", "one.scenario.yaml", "--json", "/dev/stdout")

    assert ended.returncode == 0, ended.stderr
    assert '"passed"' in ended.stdout


@pytest.mark.parametrize("language", ["C", "POSIX", "zh_CN.GBK", "no_such.locale"])
def test_without_home_and_language(command, language: str) -> None:
    """Without HOME and under any locale the output is UTF-8."""
    ended = command(
        'exec "$@"', "run", "one.scenario.yaml", HOME=None, LANG=language, LC_ALL=language
    )

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout


def test_in_a_folder_that_is_read_only(command, tmp_path: Path) -> None:
    """In a folder where nothing may be written scenarios run; a report there is refused."""
    tmp_path.chmod(0o500)
    try:
        ran = command('exec "$@"', "run", "one.scenario.yaml")
        refused = command('exec "$@"', "run", "one.scenario.yaml", "--json", "/proc/report.json")
    finally:
        tmp_path.chmod(0o700)
    assert ran.returncode == 0, ran.stderr
    assert refused.returncode == 2
    assert "/proc/report.json" in refused.stderr


@pytest.mark.parametrize("name", ["PORT", "HOST", "TOKEN", "PUBLIC_URL"])
@pytest.mark.parametrize("value", ["tcp://10.0.0.1:80", "udp://10.0.0.1:80"])
def test_variables_of_a_kubernetes_service(command, name: str, value: str) -> None:
    """What Kubernetes sets for a Service called like the program is ignored, in one line."""
    variables = {
        f"TMALL_MOCKSERVER_{name}": value,
        "TMALL_MOCKSERVER_SERVICE_HOST": "10.0.0.1",
        "TMALL_MOCKSERVER_SERVICE_PORT": "80",
        "TMALL_MOCKSERVER_PORT_8420_TCP": value,
        "TMALL_MOCKSERVER_PORT_8420_TCP_ADDR": "10.0.0.1",
    }
    ended = command('exec "$@"', "exec", "--", "true", **variables)

    assert ended.returncode == 0, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert f"TMALL_MOCKSERVER_{name}" in line
    assert "Kubernetes" in line


def test_server_without_memory_for_threads(tmp_path: Path, environment) -> None:
    """A server that may have no thread says so and does not start, without a traceback."""
    program = (
        "import threading, sys\n"
        "from mockserver.cli import main\n"
        'def start(thread): raise RuntimeError("can\'t start new thread")\n'
        "threading.Thread.start = start\n"
        "sys.argv = ['x', 'serve', '--port', '0', '--ready-file', 'ready.json']\n"
        "main.main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )

    assert ended.returncode == 3, ended.stderr
    assert "Traceback" not in ended.stderr
    assert list(tmp_path.iterdir()) == []


def test_public_addresses_are_announced(tmp_path: Path, environment) -> None:
    """`--host 0.0.0.0` says what it means, and prints an address that others can use."""
    command = [sys.executable, "-m", "mockserver", "serve", "--port", "0", "--host", "0.0.0.0"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(8)]
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(20) == 0
    (said,) = [line for line in lines if "任何能连到本机的人" in line]
    assert "/router/rest" in said
    assert "0.0.0.0" not in said

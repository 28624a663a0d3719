"""Commands on a machine that is short of something: a clear sentence, no traceback, no half
file."""

import os
import signal
import subprocess
import sys
from ctypes import CDLL
from pathlib import Path

import pytest

from tests.cli.processes import LIMIT, wait_until

pytestmark = pytest.mark.slow

ONE = "scenario: x\nsteps:\n  - buyer: apply\n"
_PR_CAPBSET_DROP = 24  # of <linux/prctl.h>
_CAP_DAC_OVERRIDE = 1
_CAP_DAC_READ_SEARCH = 2
# No file may grow, which is what a full disk does.  What measures coverage could not write either.
FULL_DISK = 'unset COVERAGE_PROCESS_CONFIG COVERAGE_PROCESS_START; ulimit -f 0; exec "$@"'


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


@pytest.mark.parametrize("option", ["--har", "--report", "--junit"])
@pytest.mark.parametrize("old", ["", "kept"])
def test_exec_reports_on_a_full_disk(command, tmp_path: Path, option: str, old: str) -> None:
    """A report of `exec` that cannot be written is a sentence and exit 2; an old one stays."""
    if old:
        (tmp_path / "left").write_text(old)
    ended = command(FULL_DISK, "exec", option, "left", "--", "true")

    assert (ended.returncode, "left" in ended.stderr) == (2, True)
    assert "Traceback" not in ended.stderr
    files = {"one.scenario.yaml", "left"} if old else {"one.scenario.yaml"}
    assert {path.name for path in tmp_path.iterdir()} == files
    assert not old or (tmp_path / "left").read_text() == old


def test_calls_of_exec_are_readable_by_their_owner_only(command, tmp_path: Path) -> None:
    """The HAR file of `exec` has mode 0600, a report 0644."""
    ended = command('exec "$@"', "exec", "--har", "a.har", "--report", "a.json", "--", "true")

    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "a.har").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o644


def test_snapshot_on_a_full_disk(serve, command, tmp_path: Path) -> None:
    """A snapshot that cannot be exported leaves nothing and is a sentence."""
    serve()
    link = ("--ready-file", "ready.json", "snapshot")
    assert command('exec "$@"', *link, "save", "full").returncode == 0
    failed = command(FULL_DISK, *link, "export", "full", "full.json")
    left = (tmp_path / "full.json").exists()
    written = command('exec "$@"', *link, "export", "full", "full.json")

    assert (failed.returncode, "full.json" in failed.stderr, left) == (2, True, False)
    assert "Traceback" not in failed.stderr
    assert written.returncode == 0, written.stderr
    assert (tmp_path / "full.json").stat().st_mode & 0o777 == 0o600  # it holds secrets


def obey_permissions() -> None:
    """Let this process obey the permissions of files from its next program on, also as root."""
    if os.getuid() == 0:
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (("run", "one.scenario.yaml"), 0, ""),
        (("run", "one.scenario.yaml", "--junit", "new.xml"), 2, "new.xml"),
        (("run", "one.scenario.yaml", "--junit", "folder/new.xml"), 2, "folder/new.xml"),
        (("run", "one.scenario.yaml", "--junit", "old.xml"), 0, ""),
        (("run", "one.scenario.yaml", "--record", "new.yaml"), 2, "new.yaml"),
        (("exec", "--", "true"), 0, ""),
        (("exec", "--har", "new.har", "--", "true"), 2, "new.har"),
        (("exec", "--ready-file", "new.json", "--", "true"), 3, "new.json"),
        (("serve", "--port", "0", "--ready-file", "new.json"), 3, "new.json"),
        (("serve", "--port", "0", "--detach"), 2, ".mockserver.log"),
    ],
)
def test_read_only_folder_of_a_plain_user(
    tmp_path: Path, environment, arguments, code, named
) -> None:
    """Where nothing may be written what writes nothing runs, also without HOME; what cannot be
    written is named; a file that may be written is written in its place."""
    (tmp_path / "one.scenario.yaml").write_text(ONE, "utf-8")
    (tmp_path / "old.xml").write_text("old")
    (tmp_path / "old.xml").chmod(0o666)
    tmp_path.chmod(0o555)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "mockserver", *arguments],
            cwd=tmp_path,
            env={name: value for name, value in environment.items() if name != "HOME"},
            preexec_fn=obey_permissions,
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    finally:
        tmp_path.chmod(0o755)

    assert ended.returncode == code, ended.stderr
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"one.scenario.yaml", "old.xml"}
    assert ((tmp_path / "old.xml").read_text() != "old") is ("old.xml" in arguments)


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


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["serve", "--help"], ["schema"]])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_help_on_a_full_disk(command, arguments: list[str], lang: str) -> None:
    """One sentence and exit code 2, whoever writes: click, or a command."""
    end = command('exec "$@" > /dev/full', "--lang", lang, *arguments)
    assert end.returncode == 2
    assert end.stderr.startswith({"zh": "做不到：", "en": "cannot: "}[lang])
    assert "No space left on device" in end.stderr
    assert end.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["schema"]])
def test_help_that_nobody_reads(command, arguments: list[str]) -> None:
    """A reader that has gone, as `head` does, is no failure."""
    end = command('{ "$@"; echo $? >&3; } 3>&2 | exec <&-', *arguments)
    assert end.stderr == "0\n"


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("arguments", [["explain", "isv.permission-ticket-not-exist"], ["explain"]])
def test_commands_with_closed_streams(command, closed: str, arguments: list[str]) -> None:
    """A stream that is closed is one that nobody reads, or an empty one."""
    ends = [command(f'exec "$@" {where}', *arguments) for where in ("", closed)]
    assert ends[0].returncode == ends[1].returncode
    assert ends[1].stdout == ("" if " >&-" in f" {closed}" else ends[0].stdout)
    assert ends[1].stderr == ("" if "2>&-" in closed else ends[0].stderr)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_exec_with_closed_streams(command, tmp_path: Path, closed: str) -> None:
    """The client's streams are open, none of them is a file of the server, and it is answered."""
    client = (
        "readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 > streams;"
        f" {sys.executable} -m mockserver call taobao.time.get > reply && exit 4"
    )
    end = command(f'exec "$@" {closed}', "exec", "--", "sh", "-c", client)
    assert end.returncode == 4
    assert "time_get_response" in (tmp_path / "reply").read_text()
    streams = (tmp_path / "streams").read_text().splitlines()
    assert len(streams) == 3
    assert not [name for name in streams if name.startswith("socket:")]


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
        try:
            lines = [process.stdout.readline() for _ in range(8)]
            os.kill(process.pid, signal.SIGTERM)
            assert process.wait(LIMIT) == 0
        finally:
            process.kill()
    (said,) = [line for line in lines if "任何能连到本机的人" in line]
    assert "/router/rest" in said
    assert "0.0.0.0" not in said


@pytest.mark.parametrize(("mode", "count"), [(0o644, 1), (0o640, 1), (0o600, 0)])
def test_output_that_others_may_read(tmp_path: Path, environment, mode: int, count: int) -> None:
    """A server whose stdout is a file that other users may read says that secrets stand in it."""
    path = tmp_path / "serve.log"
    path.touch()
    path.chmod(mode)
    command = [sys.executable, "-m", "mockserver", "--lang", "en", "serve", "--port", "0"]
    with (
        path.open("wb") as output,
        subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=output) as process,
    ):
        try:
            wait_until(lambda: "the link works once" in path.read_text("utf-8"))
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT) == 0
        finally:
            process.kill()
    lines = path.read_text("utf-8").splitlines()
    assert sum("note: this file holds token" in line for line in lines) == count

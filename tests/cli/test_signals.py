"""Signals, the ready file and the terminal of a running `serve` or `exec`."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import TextIO

import pytest

from tests.cli.processes import LIMIT, end_session, on_terminal, read_until

pytestmark = pytest.mark.slow

Start = Callable[..., subprocess.Popen]
TELL_SIGNAL = """
import signal, sys
def told(number, frame):
    print("told", number, flush=True)
    sys.exit(7)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, told)
print("waiting", flush=True)
signal.pause()
"""
WAIT = 'import signal; print("waiting", flush=True); signal.pause()'


@pytest.fixture
def start(tmp_path: Path, environment: dict[str, str]) -> Iterator[Start]:
    """Starts `exec` with a Python program; whatever still runs at the end is killed."""
    started = []

    def run(program: str, *options: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mockserver",
                "exec",
                *options,
                "--",
                sys.executable,
                "-c",
                program,
            ],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            start_new_session=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        end_session(process)


def meet(process: subprocess.Popen, path: Path) -> TextIO:
    """The FIFO's writing end, as soon as the process reads it."""
    end = monotonic() + LIMIT
    while process.poll() is None and monotonic() < end:
        with suppress(OSError):  # nobody reads yet
            return os.fdopen(os.open(path, os.O_WRONLY | os.O_NONBLOCK), "w")
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_exec_passes_signals_on(start: Start, tmp_path: Path, number: int) -> None:
    """The command gets SIGINT and SIGTERM, and its exit code is the end; the ready file goes."""
    process = start(TELL_SIGNAL, "--ready-file", "mock.json")
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    said, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, said, errors) == (7, f"told {number}\n", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_exec_tells_what_its_command_died_of(start: Start, number: int, expected: int) -> None:
    """A command that dies of signal n is 128 + n."""
    program = f"import signal; signal.signal({number:d}, signal.SIG_DFL)\n" + WAIT
    process = start(program)
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    process.communicate(timeout=LIMIT)
    assert process.returncode == expected


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_command_starts_leaves_nothing(
    start: Start, tmp_path: Path, number: int, expected: int
) -> None:
    """Asked to stop while the server starts, `exec` runs no command and leaves no ready file."""
    os.mkfifo(tmp_path / "mock.json")
    process = start("open('ran', 'w').close()", "--ready-file", "mock.json")
    with meet(
        process, tmp_path / "mock.json"
    ) as pipe:  # it reads an old ready file: its start is half done
        process.send_signal(number)
        pipe.write("{}")
    _, errors = process.communicate(timeout=LIMIT)
    assert (process.returncode, errors) == (expected, "")
    assert list(tmp_path.iterdir()) == []


def test_what_exec_has_started_does_not_outlive_it(start: Start, tmp_path: Path) -> None:
    """A program that the command leaves in the background ends with `exec`, which is signalled
    alone."""
    os.mkfifo(tmp_path / "held")
    reading = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    process = start(
        "import subprocess, signal; subprocess.Popen('exec 9> held; echo begun >&9; sleep 1000', "
        "shell=True); print('waiting', flush=True); signal.pause()"
    )
    assert process.stdout.readline() == "waiting\n"
    read_until(reading, b"begun\n")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=LIMIT)

    assert process.returncode == 143
    assert read_until(reading, b"") == b""  # nobody has the FIFO open any more
    os.close(reading)


def test_the_command_of_exec_ends_by_itself_with_its_background(
    start: Start, tmp_path: Path
) -> None:
    """What the command leaves behind has time to end in order; its exit code stays."""
    process = start(
        "import subprocess, time; subprocess.Popen(['sh', '-c', \"trap 'sleep 0.5; echo put away > "
        "done; exit' TERM; touch begun; while :; do sleep 0.05; done\"])\n"
        "import os\nwhile not os.path.exists('begun'): time.sleep(0.01)\nraise SystemExit(3)"
    )
    process.communicate(timeout=LIMIT)

    assert process.returncode == 3
    assert (tmp_path / "done").read_text() == "put away\n"


def test_nohup_keeps_a_server_alive(tmp_path: Path, environment: dict[str, str]) -> None:
    """Under `nohup` a server outlives its terminal, and SIGTERM ends it."""
    command = ["nohup", sys.executable, "-m", "mockserver", "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        try:
            assert process.stdout.readline().startswith(b"http://")
            process.send_signal(signal.SIGHUP)
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT) == 0
        finally:
            process.kill()


def test_a_prepared_draft_is_not_used(serve, tmp_path: Path) -> None:
    """A symlink where the ready file goes is replaced; what it points at stays as it was."""
    (tmp_path / "other").write_text("mine")
    (tmp_path / "ready.json").symlink_to(tmp_path / "other")
    served = serve()
    assert not served.path.is_symlink()
    assert (tmp_path / "other").read_text() == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"other", "ready.json"}


def test_a_ready_file_that_others_wrote_anew_stays(serve) -> None:
    """At the end only its own ready file is removed."""
    served = serve()
    served.path.write_text("[]")
    code, errors = served.end(signal.SIGTERM)
    assert (code, errors, served.path.read_text()) == (0, "", "[]")


def test_a_refused_call_is_one_clipped_line(serve, cli) -> None:
    """Line ends and escape codes of callers are shown escaped, and a long name is clipped."""
    served = serve()
    cli("--ready-file", "ready.json", "call", "bad\n\x1b[31m" + "名" * 5000)
    _, errors = served.end(signal.SIGTERM)
    (line,) = errors.splitlines()
    assert "bad\\n\\x1b[31m名" in line
    assert "doctor" in line
    assert line.isprintable()
    assert len(line) < 400


def test_a_closed_terminal_breaks_no_call(serve, cli) -> None:
    """Refused calls are answered, and the end is normal, when nobody reads stderr any more."""
    served = serve()
    served.process.stderr.close()
    codes = [
        json.loads(cli("--ready-file", "ready.json", "call", "no.such").stdout)["error_response"][
            "code"
        ]
        for _ in "ab"
    ]
    served.process.send_signal(signal.SIGTERM)
    assert codes == [22, 22]
    assert served.process.wait(LIMIT) == 0


def test_a_reader_that_has_seen_enough_is_no_failure(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """Output into a closed pipe ends with 0 and no word."""
    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run(
        [sys.executable, "-m", "mockserver", "reference"],
        cwd=tmp_path,
        env=environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=60,
        check=False,
    )
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, "")


COUNT = """
import os, signal, time
reader, writer = os.pipe()
for end in (reader, writer):
    os.set_blocking(end, False)
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, frame: None)
signal.set_wakeup_fd(writer)  # a byte for each signal, also where two come at once
print("waiting", flush=True)
end = time.monotonic() + 1.5
while time.monotonic() < end:
    time.sleep(0.02)
try:
    count = len(os.read(reader, 100))
except BlockingIOError:
    count = 0
print("signals", count, flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("whole_group", [True, False])
def test_the_command_of_exec_gets_a_signal_once(
    start: Start, number: int, whole_group: bool
) -> None:
    """A signal to the process alone, or to its group, reaches the command once."""
    process = start(COUNT)
    assert process.stdout.readline() == "waiting\n"

    if whole_group:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)

    assert process.communicate(timeout=LIMIT)[0] == "signals 1\n"


def test_ctrl_c_on_a_terminal_reaches_the_command_once(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    """Ctrl-C at a terminal is one SIGINT for the command of `exec`, which may read the terminal."""
    program = f"print(input(), flush=True)\n{COUNT}"
    arguments = ["-m", "mockserver", "exec", "--", sys.executable, "-c", program]
    with on_terminal(arguments, tmp_path, environment) as (process, terminal):
        os.write(terminal, b"typed\n")
        received = read_until(terminal, b"waiting\r\n")
        os.write(terminal, b"\x03")
        received += read_until(terminal, b"")
        code = process.wait(LIMIT)

    assert code == 0
    assert received.count(b"typed") == 2
    assert b"signals 1" in received


def test_ctrl_z_without_a_shell_stops_nothing(tmp_path: Path, environment: dict[str, str]) -> None:
    """Ctrl-Z on a terminal without a shell, which could continue nobody, leaves the command and
    `exec` at work; stopped by SIGSTOP, the command goes on, too."""
    program = (
        "import os, signal; print('waiting', flush=True); print(input(), flush=True)\n"
        "os.kill(0, signal.SIGSTOP); print('continued', input(), flush=True)"
    )
    arguments = ["-m", "mockserver", "exec", "--", sys.executable, "-c", program]
    with on_terminal(arguments, tmp_path, environment) as (process, terminal):
        read_until(terminal, b"waiting\r\n")
        os.write(terminal, b"\x1a")
        os.write(terminal, b"one\n")
        read_until(terminal, b"one\r\none\r\n")
        os.write(terminal, b"two\n")
        received = read_until(terminal, b"")
        code = process.wait(LIMIT)

    assert code == 0
    assert b"continued two" in received


RELAY_AT_STEPS = """
import os, signal, sys
from mockserver.cli.signal_relay import SignalRelay

events = step = 0
passed_on = []
kill = os.killpg

def record(group, number):
    passed_on.append(number)
    kill(group, number)

def send(*_):
    global events
    if events < step:
        events = step
        signal.raise_signal(signal.SIGTERM)

def trace(frame, event, argument):
    global events
    if not frame.f_code.co_filename.endswith("signal_relay.py"):
        return None
    if events == step - 1:
        send()
    elif events < step:
        events += 1
    return trace

os.killpg = record
for step in range(1, 26):
    events = 0
    passed_on.clear()
    relay = SignalRelay()
    signal.signal(signal.SIGALRM, send)  # for a run that has fewer steps
    signal.setitimer(signal.ITIMER_REAL, 0.5)
    sys.settrace(trace)
    code = relay.run(["/bin/sleep", "50"], dict(os.environ))
    sys.settrace(None)
    signal.setitimer(signal.ITIMER_REAL, 0)
    print(code, passed_on.count(signal.SIGTERM))
"""


def test_a_signal_at_any_step_of_the_start_is_passed_on_once(environment: dict[str, str]) -> None:
    """Wherever `exec` is while it starts its command, a signal reaches the command once, or the
    command does not start."""
    ended = subprocess.run(
        [sys.executable, "-c", RELAY_AT_STEPS],
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    lines = ended.stdout.splitlines()
    assert len(lines) == 25, ended.stderr
    assert set(lines) == {"143 1", "143 0"}


SIGNAL_WHILE_IMPORTING = """
import runpy, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == module:
            signal.raise_signal(signal.SIGINT)

module = sys.argv.pop(1)
sys.meta_path.insert(0, Finder())
runpy.run_module("mockserver", run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize(
    "module", ["mockserver.cli.main", "click", "mockserver.cli.console", "mockserver.cli.serve"]
)
def test_ctrl_c_while_modules_are_imported(
    tmp_path: Path, environment: dict[str, str], module: str
) -> None:
    """Ctrl-C before the command has begun ends it with 130 and no word."""
    ended = subprocess.run(
        [sys.executable, "-c", SIGNAL_WHILE_IMPORTING, module, "serve", "--port", "0"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "", "")


SIGNAL_AT_STEP = """
import signal, sys
from mockserver.cli.stop_signals import StopSignals

step = int(sys.argv[1])
events = 0

def send(*_):
    global events
    if events < step:
        events = step
        signal.raise_signal(signal.SIGTERM)

def trace(frame, event, argument):
    global events
    if events == step - 1:
        send()
    elif events < step:
        events += 1
    return trace

stop = StopSignals(lambda: None)
signal.signal(signal.SIGALRM, send)  # for a wait that has fewer steps
signal.setitimer(signal.ITIMER_REAL, 0.3)
sys.settrace(trace)
stop.wait()
signal.setitimer(signal.ITIMER_REAL, 0)
"""


@pytest.mark.parametrize("step", range(1, 11))
def test_a_signal_at_any_step_of_the_wait_ends_it(environment: dict[str, str], step: int) -> None:
    """Wherever the main thread is while it waits for a signal, one signal ends the wait."""
    ended = subprocess.run(
        [sys.executable, "-c", SIGNAL_AT_STEP, str(step)], env=environment, timeout=20, check=False
    )
    assert ended.returncode == 0

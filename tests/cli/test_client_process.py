"""`run --client` starts the client for each scenario, awaits what it does, and stops it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from time import monotonic

import pytest

from tests.cli.processes import LIMIT, end_session, on_terminal, read_line, read_until, wait_until

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).parent / "clients"
SHELL = f"bash {CLIENTS / 'seller.sh'}"
PYTHON = f"exec {sys.executable} {CLIENTS / 'seller.py'}"
WHOLE = """\
scenario: 从申请到收货
given: {clock: 2026-03-01 10:00:00}
steps:
  - buyer: apply
  - seller: agree
    expect: {status: 2, due_in: 7d, deadline: 2026-03-08 10:00:00}
  - advance: 2026-03-03 10:00:00
  - expect: {due_in: 5d, now: 2026-03-03 10:00:00}
  - buyer: ship_back
  - seller: returngoods_agree
    expect: {status: 12}
  - seller: consigngoods
    expect: {status: 13}
  - advance: deadline
  - expect: {status: 5, moved_by: system}
"""
NO_STOCK = """\
scenario: 没有库存
given: {goods: {wanted: {stock: 0}}}
steps:
  - buyer: apply
  - seller: agree
    refused: no_stock
  - call: tmall.exchange.get
    with: {dispute_id: $it, fields: status}
    expect: {result.exchange.status: 换货待处理}
"""


def runs(pid: int) -> bool:
    """Whether the process has not ended; where nobody buries orphans, one that has ended stays."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    stat = Path(f"/proc/{pid}/stat")
    return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.fixture
def scenario_file(tmp_path: Path) -> None:
    """Two scenarios for a client."""
    (tmp_path / "whole.scenario.yaml").write_text(WHOLE, "utf-8")
    (tmp_path / "no-stock.scenario.yaml").write_text(NO_STOCK, "utf-8")


@pytest.mark.usefixtures("scenario_file")
def test_a_shell_client_is_tested(cli) -> None:
    """A client of bash, curl and md5sum plays the seller of every scenario."""
    ended = cli("run", ".", "--client", SHELL)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert "2 个场景：2 通过" in ended.stdout


@pytest.mark.usefixtures("scenario_file")
def test_a_client_that_acts_at_once_is_tested(cli, tmp_path: Path) -> None:
    """A client that is ahead of the scenario passes; several run, each in its own sandbox."""
    for n in range(4):
        (tmp_path / f"more{n}.scenario.yaml").write_text(WHOLE, "utf-8")
    ended = cli("run", ".", "--client", PYTHON, "--env", "SELLER_KEY={app_key}", "--jobs", "3")
    assert "6 个场景：6 通过" in ended.stdout, ended.stdout


@pytest.mark.usefixtures("scenario_file")
def test_a_client_is_tested_on_a_running_server(serve, cli) -> None:
    """A server that variables name has the sandboxes; the client does not get its ready file."""
    serve()
    client = f'test -z "$TMALL_MOCKSERVER_READY_FILE" && {PYTHON}'
    ended = cli(
        "run",
        ".",
        "--client",
        client,
        "--env",
        "SELLER_KEY={app_key}",
        TMALL_MOCKSERVER_READY_FILE="ready.json",
    )
    assert "2 个场景：2 通过" in ended.stdout, ended.stdout


@pytest.mark.usefixtures("scenario_file")
def test_a_client_that_ends_early_is_reported_with_its_words(cli) -> None:
    """The scenario breaks at the step that waits, with exit code and last lines, no secret."""
    ended = cli(
        "run",
        "whole.scenario.yaml",
        "--client",
        "echo hello $TOP_SESSION $TOP_APP_SECRET $TMALL_MOCKSERVER_TOKEN; exit 3",
        "--within",
        "50s",
        "--json",
        "report.json",
    )
    assert ended.returncode == 1
    assert "whole.scenario.yaml:5:5: " in ended.stdout
    assert "已经退出" in ended.stdout
    assert "hello *** *** ***" in ended.stdout
    assert "退出码 3" in ended.stdout


@pytest.mark.usefixtures("scenario_file")
def test_a_client_that_does_nothing_is_reported_in_time(cli) -> None:
    """The step waits as long as `--within` says; then the client is stopped."""
    ended = cli("run", "whole.scenario.yaml", "--client", "sleep 1000", "--within", "1s")
    assert (ended.returncode, "tmall.exchange.agree" in ended.stdout) == (1, True)


@pytest.mark.usefixtures("scenario_file")
def test_what_the_client_called_is_shown(cli) -> None:
    """A client that calls something else is shown with the calls that came."""
    wrong = f"sed s/exchange.agree/exchange.refuse/ {CLIENTS / 'seller.sh'} | bash"
    ended = cli("run", "whole.scenario.yaml", "--client", wrong, "--within", "6s")
    assert ended.returncode == 1
    assert "tmall.exchange.refuse " in ended.stdout


def test_a_client_is_stopped_with_all_that_it_started(cli, tmp_path: Path) -> None:
    """A client that ignores SIGTERM, and its child, hold nothing open after the run."""
    (tmp_path / "one.scenario.yaml").write_text(
        "scenario: x\nsteps:\n  - await: {call: taobao.time.get}\n", "utf-8"
    )
    os.mkfifo(tmp_path / "held")
    reading = os.open(tmp_path / "held", os.O_RDONLY | os.O_NONBLOCK)
    call = f"{sys.executable} -m mockserver call taobao.time.get"
    ended = cli(
        "run",
        ".",
        "--client",
        f"trap '' TERM; exec 9> held; echo begun >&9; sleep 1000 & {call}; sleep 1000",
    )
    held = os.read(reading, 100), os.read(reading, 100)
    os.close(reading)
    assert (ended.returncode, held) == (0, (b"begun\n", b"")), ended.stdout


def test_a_client_has_time_when_its_shell_is_gone(cli, tmp_path: Path) -> None:
    """The program that the client's shell has started has 5 seconds to end in order, although the
    shell is gone at once."""
    (tmp_path / "one.scenario.yaml").write_text(
        "scenario: x\nsteps:\n  - await: {call: taobao.time.get}\n", "utf-8"
    )
    program = (
        "import os, signal, subprocess, sys, time\n"
        "def end(*_):\n    time.sleep(1.5)\n    open('done', 'w').close()\n    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "subprocess.run([sys.executable, '-m', 'mockserver', 'call', 'taobao.time.get'])\n"
        "while True:\n    time.sleep(0.05)\n"
    )
    (tmp_path / "client.py").write_text(program, "utf-8")
    ended = cli("run", ".", "--client", f"{sys.executable} client.py; true")

    assert ended.returncode == 0, ended.stdout
    assert (tmp_path / "done").exists()


@pytest.mark.usefixtures("scenario_file")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_second_signal_kills_a_client_that_will_not_end(
    tmp_path: Path, environment, number: int
) -> None:
    """A run that is interrupted twice waits for its client no longer, leaves none behind, and still
    reports; further signals change nothing."""
    os.mkfifo(tmp_path / "begun")
    client = "trap '' INT TERM HUP; sleep 1000 & echo $! > begun; wait; sleep 1000"
    command = ["run", ".", "--client", client, "--within", "1000s", "--json", "report.json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", *command],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        child = int(read_line(tmp_path / "begun"))
        process.send_signal(number)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)  # the client has its 5 seconds
        end = monotonic() + LIMIT
        while process.poll() is None and monotonic() < end:
            process.send_signal(number)
        _, errors = process.communicate(timeout=LIMIT)
    finally:
        end_session(process)
    assert (process.returncode, errors) == (130, b"")
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["interrupted"] == 2
    assert not runs(child)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("client", ["sleep 1000", "trap '' TERM; sleep 1000"])
def test_an_interrupted_fuzz_leaves_no_client(
    tmp_path: Path, environment, number: int, client: str
) -> None:
    """Whatever signal ends `fuzz` ends its client, too, however early in its start."""
    os.mkfifo(tmp_path / "begun")
    silent = f"echo $$ > begun; {client}; sleep 1000"
    process = subprocess.Popen(
        [sys.executable, "-m", "mockserver", "fuzz", "--client", silent, "--within", "1000s"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        child = int(read_line(tmp_path / "begun"))
        process.send_signal(number)
        assert process.wait(LIMIT) == 130
        assert not runs(child)
    finally:
        end_session(process)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_after_the_reports_changes_nothing(
    tmp_path: Path, environment, number: int
) -> None:
    """The exit code says what the printed results say, and no traceback follows them."""
    (tmp_path / "x.scenario.yaml").write_text("scenario: x\nsteps:\n  - buyer: apply\n", "utf-8")
    late = (
        "import atexit, os, sys\n"
        "from mockserver.cli.entry import main\n"
        f"atexit.register(os.kill, os.getpid(), {int(number)})\n"
        "sys.argv[1:] = ['run', '.']\n"
        "main()\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", late],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "1 个场景" in ended.stdout


@pytest.mark.usefixtures("scenario_file")
def test_ctrl_c_at_a_terminal_stops_the_client(tmp_path: Path, environment) -> None:
    """Ctrl-C at the terminal of a run ends the client once, by SIGTERM, in the run's own
    session."""
    client = (
        "import os, signal, sys, time\n"
        "def end(number, frame):\n    open('got', 'a').write(f'{number} ')\n"
        "    time.sleep(0.5)\n    os._exit(0)\n"
        "for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):\n    signal.signal(n, end)\n"
        "open('session', 'w').write(str(os.getsid(0)))\n"
        "os.rename('session', 'begun')\n"
        "while True:\n    time.sleep(0.05)\n"
    )
    (tmp_path / "client.py").write_text(client, "utf-8")
    command = ["run", "whole.scenario.yaml", "--client", f"{sys.executable} client.py"]
    arguments = ["-m", "mockserver", *command, "--within", "1000s"]
    with on_terminal(arguments, tmp_path, environment) as (process, terminal):
        wait_until((tmp_path / "begun").exists)
        os.write(terminal, b"\x03")
        read_until(terminal, b"")
        code = process.wait(LIMIT)

    assert code == 130
    assert (tmp_path / "got").read_text() == f"{signal.SIGTERM:d} "
    assert int((tmp_path / "begun").read_text()) == process.pid


@pytest.mark.usefixtures("scenario_file")
def test_ctrl_c_stops_the_client_and_leaves_a_report(tmp_path: Path, environment) -> None:
    """An interrupted run ends with 130, without the client, and reports what was not played."""
    os.mkfifo(tmp_path / "begun")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "mockserver",
            "run",
            ".",
            "--client",
            "echo $$ > begun; exec sleep 1000",
            "--within",
            "1000s",
            "--json",
            "report.json",
        ],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        client = int(read_line(tmp_path / "begun"))
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=LIMIT)
    finally:
        end_session(process)
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert (process.returncode, errors, report["interrupted"]) == (130, "", 2)
    with pytest.raises(ProcessLookupError):
        os.kill(client, 0)

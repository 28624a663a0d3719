"""What a machine writes about a failure, run by itself.

Scenario, pytest file and transcript fail the same way, outside any suite.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CLIENT = '''
from hypothesis import HealthCheck, Phase, settings
from mockserver.testing import exchange_machine
from mockserver.testing.machine.machine_options import PLAYS_BY_DEFAULT
from mockserver.client.top_client import TopRefused
from mockserver.client.transport import Lost


class Seller:
    """Agrees to what is applied for; `doing` makes the mistake."""

    def __init__(self, sandbox):
        self.top = sandbox.client()

    def step(self):
        reply = self.top.call("tmall.exchange.receive.get", fields="dispute_id,status")
        for row in reply.get("results", {}).get("exchange", []):
            if row["status"] == "换货待处理":
                self.agree(row["dispute_id"])

    def agree(self, dispute_id):
        self.top.call("tmall.exchange.agree", dispute_id=dispute_id, address_id=10000002)

    def attempt(self, method, **params):
        try:
            self.top.call(method, **params)
        except TopRefused:
            pass


class Injects(Seller):
    def agree(self, dispute_id):
        method = "tmall.x\\ntouch hacked\\n#`touch hacked`$(touch hacked)&a='"
        self.attempt(method, dispute_id=dispute_id)


class Unstamped(Seller):
    def agree(self, dispute_id):
        self.attempt("tmall.exchange.agree", dispute_id=dispute_id, address_id=10000002,
                     timestamp=None)


class Lazy(Seller):
    def agree(self, dispute_id):
        pass


class Unsigned(Seller):
    def __init__(self, sandbox):
        super().__init__(sandbox)
        self.top.app_secret = "guessed$it"

    def step(self):
        try:
            super().step()
        except TopRefused:
            pass


class Misnamed(Seller):
    def agree(self, dispute_id):
        self.attempt("tmall.exchange.agree", dispute_id=dispute_id, adress_id=10000002,
                     fields=None)


class Twice(Seller):
    def agree(self, dispute_id):
        for _ in range(2):
            try:
                return super().agree(dispute_id)
            except Lost:
                continue


class Draws(Seller):
    """Sends a picture that is none and gets away with it; later it leaves the exchange lying."""

    def agree(self, dispute_id):
        self.attempt("tmall.exchange.message.add", dispute_id=dispute_id, content="$it 好",
                     message_pics=b"\\x89PNG\\r\\n\\x1a\\n\\xff\\x00")


class Catches(Seller):
    """Bears what a call raises; `doing` makes the mistake."""

    def step(self):
        for action in (super().step, self.more):
            try:
                action()
            except (TopRefused, Lost, ValueError):
                pass

    def more(self):
        pass


class Presses(Catches):
    """Asks again at once when it is told of a ban."""

    def more(self):
        for _ in range(2):
            try:
                self.top.call("tmall.exchange.receive.get", fields="dispute_id,status")
            except TopRefused:
                pass


class Forgets(Catches):
    """Agrees once to what it sees first, and looks at nothing after that."""

    done = False

    def step(self):
        if not self.done:
            super().step()

    def agree(self, dispute_id):
        self.done = True
        super().agree(dispute_id)


class Believes(Catches):
    """Keeps the status that it saw first."""

    def __init__(self, sandbox):
        super().__init__(sandbox)
        self.book = {}

    def more(self):
        reply = self.top.call("tmall.exchange.receive.get", fields="dispute_id,status")
        for row in reply.get("results", {}).get("exchange", []):
            self.book.setdefault(row["dispute_id"], row["status"])

    def known(self):
        return {number: self.say(status) for number, status in self.book.items()}

    def say(self, status):
        return status


class BelievesNumbers(Believes):
    def say(self, status):
        return {"换货待处理": 1, "待买家退货": 2, "换货关闭": 4}.get(status, 13)


class FirstAddress(Catches):
    def agree(self, dispute_id):
        self.top.call("tmall.exchange.agree", dispute_id=dispute_id, address_id=10000001)


class OwnWaybill(Catches):
    """Ships with the waybill of the buyer's own parcel."""

    def more(self):
        fields = "dispute_id,status,buyer_logistic_no"
        reply = self.top.call("tmall.exchange.receive.get", fields=fields)
        for row in reply.get("results", {}).get("exchange", []):
            if row["status"] == "待发出换货商品":
                self.top.call("tmall.exchange.consigngoods", dispute_id=row["dispute_id"],
                              logistics_no=row.get("buyer_logistic_no") or "SF1",
                              logistics_type=200, logistics_company_name="顺丰速运")


class Presumes(Catches):
    """Ships although the platform has refused the agreement."""

    def agree(self, dispute_id):
        reply = self.top.call("tmall.exchange.agree", dispute_id=dispute_id, address_id=10000002)
        if reply["result"].get("success") is not True:
            self.top.call("tmall.exchange.consigngoods", dispute_id=dispute_id,
                          logistics_no="SF1", logistics_type=200,
                          logistics_company_name="顺丰速运")


class Once(Catches):
    """Agrees to an exchange once in its life."""

    def __init__(self, sandbox):
        super().__init__(sandbox)
        self.done = set()

    def agree(self, dispute_id):
        if dispute_id not in self.done:
            super().agree(dispute_id)
            self.done.add(dispute_id)


class Deaf(Catches):
    """Confirms every message and works none of them."""

    def step(self):
        try:
            reply = self.top.call("taobao.tmc.messages.consume")
            for message in reply.get("messages", {}).get("tmc_message", []):
                self.top.call("taobao.tmc.messages.confirm", s_message_ids=message["id"])
        except (TopRefused, Lost):
            pass


class Crash(Seller):
    def agree(self, dispute_id):
        raise ValueError("out\\nof \\"order\\" \\"\\"\\" \\\\n")


def never_two(client, sandbox):
    assert len(sandbox.exchanges) < 2, "two"


def machine_of(kind, **options):
    return exchange_machine(kind, handles=(1,), **options)


SETTINGS = settings(
    max_examples=200, stateful_step_count=20, derandomize=True, database=None, deadline=None,
    phases=[Phase.generate], suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
)
'''
ALL = "plays=[*PLAYS_BY_DEFAULT, 'trouble']"
KINDS = {
    "Lazy": ("left_lying", "waits at 1"),
    "Unsigned": ("offences", "a wrong sign"),
    "Misnamed": ("offences", "a missing parameter"),
    "Injects": ("offences", "an unknown method"),
    "Unstamped": ("offences", "the platform refuses"),
    "Twice": ("repeats", "without a look"),
    "Draws": ("left_lying", "waits at 1"),
    "Presses": ("pressed_on", "in a ban", ALL),
    "Forgets": ("gave_up", "never looked again", ALL),
    "Believes": ("converged", "believes", ALL),
    "BelievesNumbers": ("converged", "believes", ALL),
    "FirstAddress": ("wrong_target", "not the default return address", ALL),
    "OwnWaybill": ("wrong_target", "the buyer's own parcel", ALL),
    "Presumes": ("unread", "without a look", "plays=['buyer', 'stock']"),
    "Once": ("unhandled", "came back to", ALL),
    "Deaf": ("left_lying", "waits at 1", f"{ALL}, channels=['messages']"),
}


def ran(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder, with an environment that names no server."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TMALL_", "TOP_", "PYTEST_"))
    }
    return subprocess.run(
        command,
        cwd=folder,
        env={**environment, "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def python(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A module of this Python's."""
    return ran(folder, sys.executable, "-m", *arguments)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose client stands in a folder of its own."""
    (tmp_path / "pytest.ini").write_text("[pytest]\n", "utf-8")
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "seller.py").write_text(CLIENT, "utf-8")
    return tmp_path


def failed(project: Path, body: str) -> str:
    """What a suite of one machine prints, which fails."""
    head = (
        "import sys\nfrom pathlib import Path\nsys.path.insert(0, str(Path(__file__).parent / "
        "'src'))\nfrom seller import *\n"
    )
    (project / "test_it.py").write_text(
        f"{head}{body}\nTestIt = MACHINE.TestCase\nTestIt.settings = SETTINGS\n", "utf-8"
    )
    suite = python(project, "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")
    assert suite.returncode == 1, suite.stdout + suite.stderr
    return suite.stdout


def written(project: Path, kind: str, check: str) -> dict[str, Path]:
    """The three files by their endings; nothing else is there."""
    folder = project / "tmall-failures"
    assert {path.name for path in folder.iterdir()} == {
        ".gitignore",
        ".tmall-failures",
        *(f"{kind}-{check}{end}" for end in (".scenario.yaml", ".py", ".sh")),
    }
    return {
        path.suffix: path.relative_to(project)
        for path in folder.iterdir()
        if not path.name.startswith(".")
    }


@pytest.mark.parametrize("kind", KINDS)
def test_scenario_pytest_file_and_transcript_fail_the_same_way(project: Path, kind: str) -> None:
    """Each of the three, run alone, shows the failure that the machine found.

    The suite says where they are.
    """
    check, says, *options = KINDS[kind]
    more = "".join(f", {option}" for option in options)
    output = failed(project, f"MACHINE = machine_of({kind}, check=[{check!r}]{more})")
    files = written(project, kind, check)
    assert says in output
    for path in files.values():
        assert str(path) in output

    scenario = python(project, "mockserver", "run", str(files[".yaml"]))
    assert scenario.returncode == 1, scenario.stdout + scenario.stderr
    lines = (project / files[".yaml"]).read_text("utf-8").splitlines()
    last = max(place for place, line in enumerate(lines, 1) if line.startswith("  - expect:"))
    assert any(
        f"{files['.yaml'].name}:{place}:" in scenario.stdout
        for place in range(last, len(lines) + 1)
    ), scenario.stdout

    again = python(project, "pytest", "-q", "-p", "no:cacheprovider", str(files[".py"]))
    assert again.returncode == 1, again.stdout + again.stderr
    assert says in again.stdout

    script = python(project, "mockserver", "exec", "--port", "0", "--", "sh", str(files[".sh"]))
    assert script.returncode == 1, script.stdout + script.stderr
    assert not (project / "hacked").exists()


def test_what_is_mended_passes(project: Path) -> None:
    """With a good client the pytest file passes, and its calls give no finding."""
    failed(project, "MACHINE = machine_of(Lazy)")
    files = written(project, "Lazy", "left_lying")
    source = project / "src" / "seller.py"
    source.write_text(
        source.read_text("utf-8").replace(
            "class Lazy(Seller):\n    def agree(self, dispute_id):\n        pass",
            "class Lazy(Seller):\n    pass",
        ),
        "utf-8",
    )
    again = python(project, "pytest", "-q", "-p", "no:cacheprovider", str(files[".py"]))
    assert again.returncode == 0, again.stdout
    script = project / files[".sh"]
    script.write_text(
        script.read_text("utf-8").replace(
            "# 结果", 'did POST "/$id/clock/advance" \'{"to":"next"}\'\n# 结果'
        ),
        "utf-8",
    )
    assert (
        python(
            project, "mockserver", "exec", "--port", "0", "--", "sh", str(files[".sh"])
        ).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("body", "check"),
    [
        ("MACHINE = machine_of(Crash)", "exception"),
        ("MACHINE = machine_of(Seller, invariants=[never_two])", "never_two"),
    ],
)
def test_a_failure_within_the_client_is_reported_and_shown_by_the_pytest_file(
    project: Path, body: str, check: str
) -> None:
    """What the platform cannot see fails in the pytest file.

    Scenario and transcript say so and show what led there.
    """
    failed(project, body)
    files = written(project, "Crash" if check == "exception" else "Seller", check)
    again = python(project, "pytest", "-q", "-p", "no:cacheprovider", str(files[".py"]))
    assert again.returncode == 1, again.stdout
    assert ("out" if check == "exception" else "two") in again.stdout
    scenario = python(project, "mockserver", "run", str(files[".yaml"]))
    assert scenario.returncode == 0, scenario.stdout
    for end in (".yaml", ".sh"):
        assert "错误在客户端内部" in (project / files[end]).read_text("utf-8")
    assert (
        python(
            project, "mockserver", "exec", "--port", "0", "--", "sh", str(files[".sh"])
        ).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("MACHINE = machine_of(lambda sandbox: Lazy(sandbox))", "lambda"),
        (
            (
                "def local():\n    def make(sandbox):\n        return Lazy(sandbox)\n    return "
                "machine_of(make)\nMACHINE = local()"
            ),
            "make",
        ),
    ],
)
def test_a_client_without_a_name_is_found_through_its_machine(
    project: Path, body: str, name: str
) -> None:
    """A lambda or a local function cannot be imported; its machine can."""
    failed(project, body)
    files = written(project, name, "left_lying")
    again = python(project, "pytest", "-q", "-p", "no:cacheprovider", str(files[".py"]))
    assert again.returncode == 1, again.stdout
    assert "waits at 1" in again.stdout


def test_a_machine_without_a_name_is_asked_for(project: Path) -> None:
    """Where nothing can be imported the pytest file says what to fill in."""
    failed(
        project,
        "def local():\n    return machine_of(lambda sandbox: Lazy(sandbox)).TestCase\nclass "
        "MACHINE:\n    TestCase = local()\n",
    )
    files = written(project, "lambda", "left_lying")
    again = python(project, "pytest", "-q", "-p", "no:cacheprovider", str(files[".py"]))
    assert again.returncode != 0
    assert "请在文件里给出" in again.stdout


def test_scenario_and_pytest_file_hold_no_credentials(project: Path) -> None:
    """Key, secret and sessions stand in the transcript only, where the signatures need them.

    They are made up.
    """
    failed(project, "MACHINE = machine_of(Draws, check=['left_lying'])")
    files: dict[str, Any] = {
        end: (project / path).read_text("utf-8")
        for end, path in written(project, "Draws", "left_lying").items()
    }
    secrets = [part for part in files[".sh"].split('"') if len(part) == 48]
    assert len(secrets) >= 3
    for end in (".yaml", ".py"):
        assert not any(secret in files[end] for secret in secrets)


def test_failures_are_no_part_of_the_suite(project: Path) -> None:
    """What was written is collected when it is named, not by the next run of the suite."""
    failed(project, "MACHINE = machine_of(Lazy)")
    (project / "test_it.py").unlink()
    assert python(project, "pytest", "-q", "-p", "no:cacheprovider").returncode == 5
    named = python(project, "pytest", "-q", "-p", "no:cacheprovider", "tmall-failures")
    assert "1 failed" in named.stdout
    assert ".scenario.yaml" in named.stdout

"""`fuzz` plays all other parties against a command in any language, round by round."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).parent / "clients"
SHELL = f"bash {CLIENTS / 'seller.sh'}"
KEY = ("--env", "SELLER_KEY={app_key}")
FEW = ("--examples", "3", "--steps", "6", "--limit", "20s")


@pytest.fixture
def agreeing(tmp_path: Path) -> str:
    """Return the command of a client that agrees and reads on, with a line after each round."""
    text = (CLIENTS / "seller.py").read_text("utf-8")
    start = text.index("    for dispute_id in waiting(3):")
    end = text.index("    time.sleep")
    rounds = "    waiting(3)\n    print('round over', flush=True)\n"
    (tmp_path / "agreeing.py").write_text(text[:start] + rounds + text[end:], "utf-8")
    return f"exec {sys.executable} agreeing.py"


@pytest.mark.parametrize(
    "options", [(), ("--round-line", "round over"), ("--restart", "--ruleset", "upgraded")]
)
def test_a_client_that_does_what_it_says_is_not_accused(cli, agreeing, options) -> None:
    """By quiet, by a line for each round, started anew for each run: nothing is found."""
    ended = cli("fuzz", "--client", agreeing, *KEY, "--handles", "1", *FEW, *options)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert "没有发现错误" in ended.stdout


def test_a_client_of_the_shell_is_played_against(cli) -> None:
    """bash, curl and md5sum: a few runs, no accusation."""
    ended = cli("fuzz", "--client", SHELL, "--handles", "1", "--plays", "buyer", *FEW)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_what_is_left_lying_is_written_to_three_files(cli, agreeing, tmp_path: Path) -> None:
    """A client that says it handles 3 and does not: scenario, pytest file and script show it."""
    few = ("--examples", "10", "--steps", "12", "--limit", "60s", "--within", "5s", "--seed", "1")
    ended = cli("fuzz", "--client", agreeing, *KEY, *few, "--handles", "1,3", "--lang", "en")
    assert ended.returncode == 1, ended.stdout
    assert "Traceback" not in ended.stdout + ended.stderr
    files = sorted(path.suffix for path in (tmp_path / "tmall-failures").glob("*left_lying*"))
    assert files == [".py", ".sh", ".yaml"], ended.stdout
    (test,) = (tmp_path / "tmall-failures").glob("*.py")
    assert "CommandClient(" in test.read_text("utf-8")
    again = [sys.executable, "-m", "pytest", "-q", str(test), "-p", "no:cacheprovider"]
    assert subprocess.run(again, cwd=tmp_path, capture_output=True, timeout=60).returncode == 1
    (scenario,) = (tmp_path / "tmall-failures").glob("*.yaml")
    assert cli("run", str(scenario)).returncode == 1


def test_a_client_that_ends_with_an_error_is_a_failure(cli) -> None:
    """Its exit code and its last words are printed."""
    ended = cli("fuzz", "--client", "echo no such shop; exit 7", *FEW)
    assert ended.returncode == 1
    assert "exit code 7" in ended.stdout
    assert "no such shop" in ended.stdout


@pytest.mark.parametrize(
    ("option", "value", "meant"),
    [
        ("--quiet", "0", "300ms"),
        ("--quiet", "-1ms", "300ms"),
        ("--within", "soon", "5s"),
        ("--handles", "99", "99"),
        ("--plays", "byer", "buyer"),
        ("--examples", "0", "--examples"),
    ],
)
def test_wrong_values_are_exit_2(cli, option, value, meant) -> None:
    """What is wrong, and what is possible instead, before anything runs."""
    ended = cli("fuzz", "--client", "true", option, value)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert meant in ended.stderr
    assert "Traceback" not in ended.stderr

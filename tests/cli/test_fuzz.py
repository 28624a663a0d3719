"""`fuzz` plays all other parties against a command in any language, round by round."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).parent / "clients"
SHELL = f"bash {CLIENTS / 'seller.sh'}"
NODE = f"exec node {CLIENTS / 'seller.js'}"
NEEDS_NODE = pytest.mark.skipif(shutil.which("node") is None, reason="needs Node")
CHINESE = re.compile("[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
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
    few = ("--examples", "10", "--steps", "12", "--limit", "20s", "--seed", "1")
    line = ("--round-line", "round over")
    ended = cli("fuzz", "--client", agreeing, *KEY, *few, *line, "--handles", "1,3")
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


@NEEDS_NODE
def test_a_client_of_node_that_keeps_its_ids_is_not_accused(cli) -> None:
    """Asynchronous calls, keep-alive connections, the line after each round: nothing is found."""
    few = ("--examples", "4", "--steps", "10", "--limit", "30s", "--seed", "1")
    ended = cli("fuzz", "--client", NODE, "--round-line", "round over", *few)
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert "4 次运行" in ended.stdout


@NEEDS_NODE
def test_a_client_of_node_that_rounds_ids_is_written_to_three_files(cli, tmp_path: Path) -> None:
    """A number is another id of 18 digits; each of the three files fails the same way."""
    few = ("--examples", "10", "--steps", "10", "--limit", "40s", "--seed", "1")
    command = f"{NODE} rounds"
    ended = cli("fuzz", "--client", command, "--round-line", "round over", *few, "--lang", "en")
    assert (ended.returncode, ended.stderr) == (1, ""), ended.stdout
    lines = [line for line in ended.stdout.splitlines() if not line.startswith("    {")]
    assert not CHINESE.search("\n".join(lines)), "one language, but for texts within steps"
    assert "becomes that in a double" in ended.stdout
    assert "reduced to:" in lines
    assert sum(line.startswith("written: ") for line in lines) == 3
    files = {path.suffix: path for path in (tmp_path / "tmall-failures").glob("*offences*")}
    assert sorted(files) == [".py", ".sh", ".yaml"]
    assert all(path.name in ended.stdout for path in files.values())
    test = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(files[".py"])]
    again = subprocess.run(test, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert again.returncode == 1
    assert "becomes that in a double" in again.stdout
    assert cli("run", str(files[".yaml"])).returncode == 1
    assert cli("exec", "--port", "0", "--", "sh", str(files[".sh"])).returncode == 1


@pytest.mark.parametrize(("lang", "code"), [("zh", "退出码 7"), ("en", "exit code 7")])
def test_a_client_that_ends_with_an_error_is_a_failure(cli, lang: str, code: str) -> None:
    """Its exit code and its last words are printed, in one language and no other."""
    ended = cli("fuzz", "--client", "echo no such shop; exit 7", *FEW, "--lang", lang)
    assert ended.returncode == 1
    assert code in ended.stdout
    assert "no such shop" in ended.stdout
    for line in ended.stdout.splitlines():
        assert bool(CHINESE.search(line)) == (lang == "zh") or line.startswith("    {"), line


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

"""`run --client` learns what a client does before the shipped scenarios run around it."""

import json
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

CLIENTS = Path(__file__).parent / "clients"
PYTHON = f"exec {sys.executable} {CLIENTS / 'seller.py'}"
SCENARIOS = ("classic/whole-exchange", "classic/application-refused", "platform/method")


def test_shipped_scenarios_run_around_what_the_client_does(cli, tmp_path: Path) -> None:
    """Two say something about a client that never refuses; the third has no part for it."""
    ended = cli(
        "run",
        *SCENARIOS,
        *("--client", PYTHON, "--env", "SELLER_KEY={app_key}"),
        *("--json", "report.json", "--junit", "report.xml"),
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert "被测程序办理状态 1, 3" in ended.stdout
    assert "其中 2 个说明了被测程序的情况" in ended.stdout
    assert "2 通过，1 不适用" in ended.stdout
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert (report["passed"], report["inapplicable"], report["about_client"]) == (2, 1, 2)
    assert report["stories"][2]["trouble"]["en"].startswith("no part of it is the client's")
    assert 'skipped="1"' in (tmp_path / "report.xml").read_text("utf-8")


def test_a_client_that_does_nothing_passes_nothing(cli) -> None:
    """Where the probe sees no move, every step waits: nothing passes, and it ends with 1."""
    ended = cli("run", *SCENARIOS, "--client", "exec sleep 100", "--within", "1s")
    assert ended.returncode == 1
    assert "0 通过，2 中止，1 不适用" in ended.stdout
    assert "其中 0 个说明了被测程序的情况" in ended.stdout


def test_the_options_say_what_the_client_does(cli) -> None:
    """A client that says it handles 12 and does not is found, though the probe would not know."""
    ended = cli(
        "run",
        "opening/at-any-status",
        *("--client", PYTHON, "--env", "SELLER_KEY={app_key}", "--lang", "en"),
        *("--handles", "12", "--methods", "consigngoods"),
    )
    assert ended.returncode == 1
    assert "waits at 12" in ended.stdout


@pytest.mark.parametrize(
    ("option", "value", "meant"),
    [
        ("--handles", "1,99", "99"),
        ("--handles", "１", "１"),
        ("--handles", ",", "''"),
        ("--methods", "agre", "tmall.exchange.agree"),
        ("--methods", "agree,,", "tmall.exchange.agree"),
    ],
)
def test_unknown_values_are_exit_2(cli, option, value, meant) -> None:
    """A status or method that there is not ends with 2 and what is possible."""
    ended = cli("run", "classic/whole-exchange", "--client", "true", option, value)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert meant in ended.stderr
    assert "Traceback" not in ended.stderr


def test_they_go_with_a_client_only(cli) -> None:
    """Without --client they mean nothing."""
    ended = cli("run", "classic/whole-exchange", "--handles", "1")
    assert (ended.returncode, "--client" in ended.stderr) == (2, True)

"""`exam`: the example client may go live, its broken variants may not, for the right mistake."""

import json
import shlex
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from mockserver import Server

EXAMPLE = Path(__file__).parents[2] / "examples" / "isv_client"
FEW = ("--scenarios", "stock/no-stock-notice", "--scenarios", "classic/return-address")
FAST = {"ISV_PAUSE": "0.02"}


def command(name: str) -> str:
    """The command line of a client of the example's folder."""
    file, *arguments = name.split()
    return shlex.join(["exec", sys.executable, str(EXAMPLE / file), *arguments]).replace(
        "'exec'", "exec"
    )


@pytest.mark.slow
def test_the_example_client_may_go_live(cli, tmp_path: Path) -> None:
    """Exit 0, no error; the reports say the same."""
    ended = cli(
        *("exam", "--client", command("client.py"), *FEW),
        *("--examples", "1", "--steps", "6", "--limit", "10s"),
        *("--html", "exam.html", "--junit", "exam.xml", "--json", "exam.json"),
        **FAST,
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert "可以上线" in ended.stdout
    report = json.loads((tmp_path / "exam.json").read_text("utf-8"))
    assert report["passed"] and report["grade"] in "AB"
    assert report["client"]["handles"] == [1, 3, 12]
    assert not [item for item in report["mistakes"] if item["severity"] == "error"]
    suites = ElementTree.parse(tmp_path / "exam.xml").getroot()
    assert (suites.get("failures"), suites.get("errors")) == ("0", "0")
    page = (tmp_path / "exam.html").read_text("utf-8")
    assert "<script" not in page and "default-src 'none'" in page and "@media print" in page


@pytest.mark.slow
@pytest.mark.parametrize(
    ("client", "mistake", "scenarios", "examples"),
    [
        ("buggy.py IgnoresFailure", "failure_ignored", FEW[:2], "0"),
        ("buggy.py RoundsIds", "ids_rounded", FEW[:2], "1"),
        ("mistakes.py FirstAddress", "wrong_address", FEW[2:], "1"),
        ("mistakes.py SplitsAtOneCaret", "unread_content", FEW[2:], "1"),
    ],
)
def test_a_broken_variant_fails_by_its_mistake(
    cli, tmp_path: Path, client: str, mistake: str, scenarios: tuple[str, ...], examples: str
) -> None:
    """Exit 1; the mistake, its cost and its change are printed, with evidence."""
    ended = cli(
        *("exam", "--client", command(client), *scenarios, "--examples", examples),
        *("--within", "3s", "--limit", "2s", "--lang", "en", "--json", "exam.json"),
        *("--handles", "1,3,12"),
        **FAST,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert f"error {mistake} " in ended.stdout
    report = json.loads((tmp_path / "exam.json").read_text("utf-8"))
    assert mistake in [item["id"] for item in report["mistakes"]]
    failed = [item for item in report["items"] if item["mistake"] == mistake]
    assert failed and all(item["en"] and item["zh"] for item in failed)


@pytest.mark.slow
def test_a_client_that_already_runs_is_examined_in_its_sandbox(cli) -> None:
    """Exchanges are opened for it; it moves them on, also after a lost reply."""
    with Server() as server:
        sandbox = server.sandbox()
        arguments = [sys.executable, str(EXAMPLE / "client.py")]
        client = subprocess.Popen(
            arguments, env={**sandbox.env, **FAST}, stdout=subprocess.DEVNULL, cwd=EXAMPLE
        )
        link = ("--url", server.url, "--token", server.token, "--sandbox", sandbox.id)
        try:
            ended = cli("exam", *link, "--lang", "en", "--within", "20s")
        finally:
            client.terminate()
            client.wait(10)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        idle = cli("exam", *link, "--handles", "1", "--within", "1s", "--lang", "en")
        assert idle.returncode == 1
        assert "still wait at status 1" in idle.stdout
        assert "grade D" in idle.stdout


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ((), "--client"),
        (("--client", "true", "--url", "http://127.0.0.1:1"), "--url"),
        (("--client", "true", "--handles", "99"), "99"),
        (("--client", "true", "--limit", "soon"), "--limit"),
        (("--client", "true", "--scenarios", "nobody/knows"), "nobody/knows"),
    ],
)
def test_wrong_use_is_exit_2(cli, arguments: tuple[str, ...], meant: str) -> None:
    """What is wrong, before anything runs."""
    ended = cli("exam", *arguments)
    assert (ended.returncode, ended.stdout) == (2, ""), ended.stdout
    assert meant in ended.stderr
    assert "Traceback" not in ended.stderr

"""What commands print of texts that others wrote: nothing of it commands the terminal.

Source: case F10.
"""

import json
import subprocess
import sys
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest

from mockserver import Server
from tests.cli.conftest import run_here

EVIL = "\x1b[2J\x9b31m\x07\u202eFORGED\u2028\r\x7f"
COMMANDS = ("\x1b", "\x9b", "\x07", "\u202e", "\u2028", "\r", "\x7f", "\ufdd0")


@pytest.fixture(scope="module")
def hostile():
    """A server whose sandbox is full of control characters, in every field that takes a text."""
    with Server() as server:
        sandbox = server.sandbox(
            shops=[{"nick": f"店{EVIL}"}], goods={"bought": {"title": EVIL, "stock": 3}}
        )
        exchange = sandbox.open(desc=EVIL, reason=EVIL)
        for actor in (sandbox.buyer, sandbox.seller):
            actor.leave_message(content=EVIL)
        texts = {
            "app_key": sandbox.app_key,
            "session": sandbox.session,
            "method": "tmall.exchange.get",
            "format": "json",
            "v": "2.0",
        }
        for changes in (
            {"method": EVIL},
            {"sign": EVIL},
            {"dispute_id": EVIL},
            {"fields": EVIL},
            {EVIL: EVIL},
            {"timestamp": EVIL},
        ):
            send(sandbox, urlencode({"timestamp": "2026-03-01 10:00:00", **texts, **changes}))
        twice = urlencode([(EVIL, "1"), (EVIL, "2"), ("timestamp", "2026-03-01 10:00:00")])
        send(sandbox, f"{urlencode(texts)}&{twice}")
        sandbox.rules["msg_code.wrong_state"] = EVIL[:7]
        yield server, sandbox, exchange.dispute_id


def send(sandbox, body):
    """Posts a form."""
    urlopen(Request(sandbox.gateway_url, body.encode(), method="POST")).close()


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(
    "command",
    [
        ("logs",),
        ("logs", "--report"),
        ("logs", "--har", "-"),
        ("doctor",),
        ("list",),
        ("show", "ID"),
        ("stock",),
        ("rules",),
        ("faults",),
        ("quotas",),
        ("robots",),
        ("messages",),
        ("sandboxes",),
        ("clock",),
        ("call", "tmall.exchange.get", "dispute_id=ID"),
        ("call", "tmall.exchange.messages.get", "dispute_id=ID"),
        ("call", EVIL),
        ("seller", "agree", EVIL),
        ("snapshot", "save", EVIL),
        ("snapshot", "restore", EVIL),
        ("snapshot", "show", EVIL),
        ("explain", EVIL),
        ("open", f"reason={EVIL}"),
        ("open", f"{EVIL}=1"),
        ("open", "--status", EVIL),
        ("wait", "--exchange", EVIL, "--status", "2", "--within", "1s"),
        ("wait", "--exchange", "ID", "--status", EVIL, "--within", "1s"),
        ("wait", "--exchange", "ID", "--status", "5", "--within", EVIL),
    ],
    ids=lambda command: " ".join(command)[:24].encode("ascii", "ignore").decode(),
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_command_prints_a_control_character(
    hostile, command, as_json, lang, tmp_path, monkeypatch
):
    """Whatever stands in the sandbox, output has line ends and tabs only, and JSON stays JSON."""
    monkeypatch.chdir(tmp_path)
    server, sandbox, dispute_id = hostile
    words = [word.replace("ID", str(dispute_id)) for word in command]
    options = ("--url", server.url, "--token", server.token, "--sandbox", sandbox.id)
    ended = run_here("--lang", lang, *options, *words, *(["--json"] if as_json else []))
    for character in COMMANDS:
        assert character not in ended.stdout, repr(ended.stdout)[:400]
        assert character not in ended.stderr, repr(ended.stderr)[:400]
    assert not any(line.startswith("FORGED") for line in ended.stdout.splitlines())
    if as_json and ended.returncode == 0 and ended.stdout.startswith("{\n"):
        json.loads(ended.stdout)


SCENARIOS = {
    "texts": {"scenario": EVIL, "about": EVIL, "steps": [{"buyer": "apply", "reason": EVIL}]},
    "an expectation": {
        "scenario": EVIL,
        "steps": [{"buyer": "apply"}, {"expect": {"status_text": EVIL}, "note": EVIL}],
    },
    "a call": {
        "scenario": EVIL,
        "steps": [
            {"buyer": "apply", "reason": EVIL},
            {"call": "tmall.exchange.get", "with": {"fields": EVIL}, "expect": {EVIL: EVIL}},
        ],
    },
    "keys": {"scenario": EVIL, EVIL: EVIL, "steps": [{EVIL: EVIL}, {"buyer": EVIL}]},
    "given": {"scenario": EVIL, "given": {EVIL: 1, "rules": {EVIL: EVIL}}, "steps": []},
}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("verb", ["run", "validate"])
@pytest.mark.parametrize("kind", SCENARIOS)
def test_no_scenario_file_commands_the_terminal(tmp_path, monkeypatch, kind, verb, lang):
    """Whatever stands in a scenario file, and in its name, what is said of it is plain text."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a\x1b[2J.scenario.yaml").write_text(json.dumps(SCENARIOS[kind]), "utf-8")
    ended = run_here("--lang", lang, verb, "a\x1b[2J.scenario.yaml")
    assert ended.stdout or ended.stderr
    for character in COMMANDS:
        assert character not in ended.stdout, repr(ended.stdout)[:400]
        assert character not in ended.stderr, repr(ended.stderr)[:400]
    assert not any(line.startswith("FORGED") for line in ended.stdout.splitlines())


@pytest.mark.parametrize("args", [(EVIL,), ("--config", EVIL, "true"), ("--host", EVIL, "true")])
def test_exec_names_nothing_that_commands_the_terminal(tmp_path, monkeypatch, args):
    """A command, a file or an address that does not exist is named in plain text."""
    monkeypatch.chdir(tmp_path)
    ended = run_here("exec", *args)
    assert ended.returncode in (2, 3)
    for character in COMMANDS:
        assert character not in ended.stdout + ended.stderr, repr(ended.stderr)[:400]


def test_each_call_has_one_line(hostile):
    """A line end in a call's own text forges no line of the log."""
    server, sandbox, _ = hostile
    ended = run_here(
        "--url",
        server.url,
        "--token",
        server.token,
        "--sandbox",
        sandbox.id,
        "logs",
        "--limit",
        "7",
    )
    assert len(ended.stdout.splitlines()) == 7


def test_a_pasted_call_reads_no_foreign_variable(tmp_path):
    """A variable that the product does not set is not looked up; one of ours is never shown."""

    def paste(name):
        return subprocess.run(
            [sys.executable, "-m", "mockserver", "doctor", "--stdin", "--secret", "x" * 32],
            input=f"method=a&app_key=1&fields=${{{name}}}&sign={'0' * 32}",
            env={"PATH": "", name: "ghp_abc1234567", "PYTHONPATH": ":".join(sys.path)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=60,
        )

    for name in ("GITHUB_TOKEN", "HOME", "TOP_SESSION", "TMALL_MOCKSERVER_TOKEN", "TOP_APP_SECRET"):
        ended = paste(name)
        assert "ghp_abc1234567" not in ended.stdout + ended.stderr
        assert ended.returncode == (1 if name.startswith("T") else 2)

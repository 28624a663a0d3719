"""`doctor` from the shell: about a running server, and about a pasted call."""

import hashlib
import json
import re
import shlex
import signal
import subprocess
import sys
from base64 import b64encode
from http.client import HTTPConnection
from urllib.parse import quote, urlencode, urlsplit

import pytest

from mockserver import Server
from tests.cli.conftest import run_here, run_on_terminal

KEY, SECRET = "1012345678", "a-secret-of-the-shell-0123456789"
PARAMS = {
    "method": "tmall.exchange.receive.get",
    "app_key": KEY,
    "session": "6100shell",
    "timestamp": "2026-03-01 10:00:00",
    "v": "2.0",
    "format": "json",
    "sign_method": "md5",
    "fields": "status",
    "buyer_nick": "拿铁+01",
}


def sign(texts, secret=SECRET):
    """The sign by the documentation."""
    joined = "".join(name + texts[name] for name in sorted(texts))
    return hashlib.md5(f"{secret}{joined}{secret}".encode()).hexdigest().upper()


RIGHT = {**PARAMS, "sign": sign(PARAMS)}
WRONG = {**PARAMS, "sign": sign({name: text for name, text in PARAMS.items() if name != "session"})}


def curl(texts):
    """The call as a curl line of several lines."""
    return "$ curl http://x/router/rest \\\n " + " \\\n ".join(
        f"--data-urlencode {shlex.quote(f'{name}={text}')}" for name, text in texts.items()
    )


@pytest.fixture
def pasted(tmp_path, environment):
    """Runs `doctor --stdin` with a text pasted into it."""

    def run(text, *args, **more):
        return subprocess.run(
            [sys.executable, "-m", "mockserver", "doctor", "--stdin", *args],
            cwd=tmp_path,
            env={**environment, **more},
            input=text.encode() if isinstance(text, str) else text,
            capture_output=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.mark.parametrize("form", [urlencode, curl])
def test_a_pasted_call_is_examined(pasted, form):
    """A right sign ends with 0, a wrong one with 1 and its mistake; the secret is not echoed."""
    right, wrong = pasted(form(RIGHT), "--secret", SECRET), pasted(form(WRONG), "--secret", SECRET)
    assert (right.returncode, right.stdout.decode().strip()) == (0, "签名正确"), right.stderr
    assert wrong.returncode == 1
    assert "session_unsigned" in wrong.stdout.decode()
    for output in (right.stdout, right.stderr, wrong.stdout, wrong.stderr):
        assert SECRET.encode() not in output


def test_it_speaks_english_and_json(pasted):
    """--lang en and --json say the same for others and for programs."""
    english = pasted(urlencode(WRONG), "--secret", SECRET, "--lang", "en").stdout.decode()
    assert (
        "your sign matches if you leave session out" in english and "wanted  session***" in english
    )
    output = json.loads(pasted(urlencode(WRONG), "--secret", SECRET, "--json").stdout)
    assert (output["code"], [finding["id"] for finding in output["findings"]]) == (
        25,
        ["session_unsigned"],
    )
    assert json.loads(pasted(urlencode(RIGHT), "--secret", SECRET, "--json").stdout) == {
        "code": 0,
        "findings": [],
    }


def test_an_unknown_sign_prints_the_string_to_sign(pasted):
    """An unexplained sign is shown with the string to sign, whose private values are masked."""
    output = pasted(urlencode({**PARAMS, "sign": "0" * 32}), "--secret", SECRET).stdout.decode()
    assert "unknown" in output
    assert "app_key1012345678buyer_nick***fieldsstatusformatjson" in output
    assert "6100shell" not in output


def test_the_settings_know_the_secret(pasted, tmp_path):
    """Without --secret it comes from a variable, the settings file, or is the default sandbox's."""
    assert pasted(urlencode(RIGHT), TMALL_MOCKSERVER_APP_SECRET=SECRET).returncode == 0
    (tmp_path / "mockserver.toml").write_text(
        f'[[apps]]\napp_key = "{KEY}"\napp_secret = "{SECRET}"\n', "utf-8"
    )
    assert pasted(urlencode(RIGHT)).returncode == 0
    default = {**PARAMS, "app_key": "1023456789"}
    assert (
        pasted(
            urlencode({**default, "sign": sign(default, "sandbox5f2c7a9d3e1b4860c7f5a2d9e")})
        ).returncode
        == 0
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "没有粘贴"),
        ("a=1&a=2", "两次"),
        (urlencode({**RIGHT, "session": "***"}), "***"),
        ("http://x/router/rest", "没有参数"),
        (b"\xff\xfe\x00a=1", "看不出"),
        ("a=%FF", "读不懂"),
    ],
)
def test_what_cannot_be_examined_is_exit_2(pasted, text, said):
    """What is no call, or not the whole of one, is reported without a traceback."""
    ended = pasted(text, "--secret", SECRET)
    assert (ended.returncode, said in ended.stderr.decode()) == (2, True)
    assert b"Traceback" not in ended.stderr


@pytest.mark.parametrize("secret", ["s3cr", "x7-Q_9z"])
def test_a_short_secret_is_not_shown(pasted, secret):
    """A secret of four to seven characters is masked, too: in text and in JSON."""
    texts = {**PARAMS, "fields": f"status,{secret}", "sign": "0" * 32}
    for more in ((), ("--json",)):
        ended = pasted(urlencode(texts), "--secret", secret, *more)
        assert ended.returncode == 1
        assert secret not in ended.stdout.decode() + ended.stderr.decode()


def test_an_unknown_app_wants_its_secret(pasted):
    """Without any secret the command says what to add."""
    ended = pasted(urlencode(RIGHT))
    assert (ended.returncode, "--secret" in ended.stderr.decode()) == (2, True)


def test_a_variable_is_filled_in(pasted):
    """A curl line that leaves the session to a variable is read with it."""
    line = curl(RIGHT).replace("session=6100shell", "session=$TOP_SESSION")
    assert pasted(line, "--secret", SECRET, TOP_SESSION="6100shell").returncode == 0


@pytest.mark.parametrize("args", [("--last", "--stdin"), ("abc", "--last"), ("--secret", "x")])
def test_contradictions_are_exit_2(cli, args):
    """One source at a time; a secret is for pasted calls."""
    assert cli("doctor", *args).returncode == 2


def send(ready, **changes):
    """A call over a socket with the default credentials; its request id."""
    address = urlsplit(ready["gateway"])
    texts = {
        **PARAMS,
        "app_key": ready["app_key"],
        "session": ready["session"],
        "timestamp": "2026-03-01 10:00:00",
        **changes,
    }
    texts = {name: text for name, text in texts.items() if text is not None}
    texts.setdefault(
        "sign",
        sign(
            {name: text for name, text in texts.items() if name != "session"}, ready["app_secret"]
        ),
    )
    connection = HTTPConnection(address.hostname, address.port, timeout=30)
    connection.request(
        "POST",
        address.path,
        urlencode(texts),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    request_id = connection.getresponse().headers["X-Sandbox-Request-Id"]
    connection.close()
    return request_id


@pytest.fixture
def served(serve, cli):
    """A server whose clock is frozen, and the command against it."""
    running = serve()
    at = lambda *args: cli("--ready-file", "ready.json", *args)  # noqa: E731
    at("clock", "freeze", "2026-03-01 10:00:00")
    return running, at


def test_a_refused_call_is_explained(served):
    """By id, as the last one, in both languages, as JSON; the line on stderr names the command."""
    running, at = served
    assert "没有被拒绝" in at("doctor").stdout
    request_id = send(running.ready)
    send(running.ready, app_key="999", session="x")
    by_id, last = at("doctor", request_id), at("doctor", "--last")
    assert by_id.returncode == last.returncode == 0
    assert (
        "25 Invalid signature" in by_id.stdout
        and "不把 session 算进签名" in by_id.stdout
        and "session***" in by_id.stdout
    )
    assert "29 Invalid app Key" in last.stdout and "keys_known" in last.stdout
    assert "your sign matches if you" in at("--lang", "en", "doctor", request_id).stdout
    assert (
        json.loads(at("doctor", request_id, "--json").stdout)["diagnosis"]["findings"][0]["id"]
        == "session_unsigned"
    )
    assert at("doctor", "zzzzzzzzzzzz").returncode == 2
    _, errors = running.end(signal.SIGTERM)
    assert re.search(
        r"^\d\d:\d\d:\d\d default/main 25 tmall\.exchange\.receive\.get 如果不把 session.*"
        rf"\[tmall-mockserver doctor {request_id}\]$",
        errors,
        re.MULTILINE,
    )


def test_a_terminal_shows_the_call_in_a_table():
    """The head has headings, the finding a colour; the words are those of a pipe."""
    with Server() as server:
        where = ("--url", server.url, "--token", server.token, "--lang", "en")
        run_on_terminal(*where, "call", "tmall.exchange.get", "dispute_id=5")
        output = run_on_terminal(*where, "doctor").stdout
        piped = run_here(*where, "doctor").stdout
    lines = re.sub("\x1b\\[[0-9;]*m", "", output).splitlines()
    assert lines[0].split() == ["time", "request", "method", "outcome"]
    assert lines[1].split() == piped.splitlines()[0].split()
    assert lines[2:] == piped.splitlines()[1:]
    assert "\x1b[" in output and "\x1b" not in piped


def test_a_failed_call_and_a_fine_one(served):
    """A business failure shows its near miss; a successful call is fine, with its warnings."""
    _, at = served
    failed = json.loads(at("call", "tmall.exchange.get", "dispute_id=5").stdout)[
        "tmall_exchange_get_response"
    ]["request_id"]
    assert "DISPUTE_NOT_EXIST" in at("doctor").stdout
    fine = json.loads(
        at("call", "tmall.exchange.receive.get", "fields=status,operation_constraint").stdout
    )
    output = at("doctor", fine["tmall_exchange_receive_get_response"]["request_id"]).stdout
    assert (
        "成功" in output
        and "operation_contraint" not in output.splitlines()[0]
        and "operation_constraint" in output
    )
    assert failed in at("doctor").stdout


@pytest.mark.slow
def test_no_output_anywhere_shows_a_secret(served, tmp_path):
    """No output shows secrets and sessions: journal, lists, HAR, doctor, logs and stderr."""
    running, at = served
    ready = running.ready
    private = [ready["app_secret"], ready["session"], ready["sub_session"]]
    for token in private:
        for place in (
            "app_key",
            "session",
            "sign",
            "timestamp",
            "sign_method",
            "note",
            "fields",
            "method",
            "format",
            "v",
            token,
        ):
            send(ready, **{place: token})
            send(
                ready,
                **{place: b64encode(token.encode()).decode() if place == "note" else token[:-1]},
            )
        send(ready, session=f"{token} ")
        send(ready, session=quote(token).upper())
    items = [
        entry
        for query in ((), ("--orphans",))
        for entry in at("logs", "--json", "--limit", "1000", *query).stdout.splitlines()
    ]
    assert len(items) > 50
    outputs = {
        "logs": "\n".join(items),
        "lines": at("logs", "--limit", "1000").stdout,
        "har": at("logs", "--har", "-").stdout,
    }
    for number, item in enumerate(items[::30]):
        request_id = json.loads(item)["request_id"]
        outputs[f"doctor {number}"] = (
            at("doctor", request_id).stdout
            + at("doctor", request_id, "--json", "--lang", "en").stdout
        )
    assert len(outputs) > 4
    outputs["stderr"] = running.end(signal.SIGTERM)[1]
    for name, text in outputs.items():
        for token in private:
            assert token not in text, name


@pytest.mark.parametrize(
    "finding_id", ["session_unsigned", "near_miss", "zone_utc", "unknown", "lower_hex"]
)
def test_findings_are_explained(cli, finding_id):
    """`explain` knows every finding, in both languages, and lists them all."""
    assert finding_id in cli("explain", finding_id).stdout
    assert finding_id in cli("--lang", "en", "explain", finding_id).stdout
    assert re.search(rf"finding  {finding_id}  ", cli("explain").stdout)

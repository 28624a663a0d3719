"""The commands that talk to a server, and those that need none."""

import json
import subprocess
import sys
from hashlib import md5
from pathlib import Path

import pytest

from tests.cli.conftest import run_here

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 16


def test_without_a_server_it_says_what_to_type(cli) -> None:
    """A remote command that knows no server is exit 2 and shows the options."""
    ended = cli("call", "taobao.time.get")
    assert ended.returncode == 2
    assert "--ready-file" in ended.stderr
    assert "--url" in ended.stderr


def test_a_server_that_is_gone_is_exit_2(cli) -> None:
    """An address where nothing listens is reported without a traceback."""
    ended = cli("--url", "http://127.0.0.1:9", "--token", "x", "clock")
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


def test_variables_name_the_server(serve, cli) -> None:
    """TMALL_MOCKSERVER_URL and _TOKEN, as `exec` exports them, are enough."""
    ready = serve().ready
    ended = cli(
        "clock", "--json", TMALL_MOCKSERVER_URL=ready["url"], TMALL_MOCKSERVER_TOKEN=ready["token"]
    )
    assert json.loads(ended.stdout)["mode"] == "running"


def test_a_wrong_token_is_refused(serve, cli) -> None:
    """A wrong token ends with exit 2 and says so."""
    ended = cli("--url", serve().ready["url"], "--token", "wrong", "clock")
    assert ended.returncode == 2
    assert "令牌" in ended.stderr


def test_call_fills_fields_in(at) -> None:
    """`call` asks for every field when none are named."""
    reply = json.loads(at("call", "taobao.logistics.companies.get").stdout)
    names = {
        row["name"]
        for row in reply["logistics_companies_get_response"]["logistics_companies"][
            "logistics_company"
        ]
    }
    assert {"顺丰速运", "EMS", "极兔速递"} <= names


@pytest.mark.parametrize("method", ["md5", "hmac", "hmac-sha256"])
def test_call_signs_by_every_method(at, method: str) -> None:
    """Every signature method is accepted."""
    assert at("call", "taobao.time.get", "--sign-method", method).returncode == 0


def test_call_shows_a_refusal_with_exit_1(at) -> None:
    """Platform errors and business failures are printed and end with exit 1."""
    refused = at("call", "no.such.method")
    failed = at("call", "tmall.exchange.get", "dispute_id=5")
    assert (refused.returncode, failed.returncode) == (1, 1)
    assert json.loads(refused.stdout)["error_response"]["code"] == 22
    assert "DISPUTE_NOT_EXIST" in failed.stdout


def test_call_as_sub_account_and_unknown_account(at) -> None:
    """--as picks the session; an unknown account is exit 2 and lists the known ones."""
    assert at("call", "tmall.exchange.receive.get", "--as", "sub").returncode == 0
    assert "main" in at("call", "tmall.exchange.receive.get", "--as", "nobody").stderr


def test_call_in_xml(at) -> None:
    """--format xml prints the reply as it came."""
    assert at("call", "taobao.time.get", "--format", "xml").stdout.startswith(
        '<?xml version="1.0" encoding="utf-8" ?>'
    )


def test_call_sends_a_file(at, tmp_path) -> None:
    """--file sends a picture as a multipart file."""
    (tmp_path / "a.png").write_bytes(PNG)
    ended = at(
        "call",
        "tmall.exchange.message.add",
        "dispute_id=5",
        "content=图",
        "--file",
        "message_pics=a.png",
    )
    assert "DISPUTE_NOT_EXIST" in ended.stdout


def test_words_that_are_no_pairs_are_exit_2(at) -> None:
    """A parameter that is not k=v is wrong usage."""
    assert at("call", "taobao.time.get", "oops").returncode == 2


def test_clock_is_driven_from_the_shell(at) -> None:
    """freeze, advance and age show the clock and what fired."""
    assert (
        json.loads(at("clock", "freeze", "2026-03-01 10:00:00", "--json").stdout)["now"]
        == "2026-03-01 10:00:00"
    )
    assert (
        json.loads(at("clock", "advance", "3d12h", "--json").stdout)["now"] == "2026-03-04 22:00:00"
    )
    assert json.loads(at("clock", "age", "1d", "--json").stdout)["now"] == "2026-03-04 22:00:00"
    assert at("clock", "advance", "next").returncode == 1
    assert at("clock", "advance", "soon").returncode == 2


@pytest.mark.parametrize("command", ["advance", "age"])
@pytest.mark.parametrize("far", ["10x", "3 days", "99999999d", "1d2d", "5"])
def test_a_wrong_duration_is_called_one(at, command: str, far: str) -> None:
    """What begins with a number is meant as a duration; the refusal says how one is written."""
    ended = at("--lang", "en", "clock", command, far)
    assert ended.returncode == 2
    assert "duration" in ended.stderr or "hundred years" in ended.stderr


def test_snapshots_and_reset(at) -> None:
    """save, list, show, restore, drop and reset do what they say."""
    at("clock", "freeze", "2026-03-01 10:00:00", "--json")
    assert at("snapshot", "save", "before").returncode == 0
    at("clock", "advance", "1d")
    assert json.loads(at("snapshot", "list", "--json").stdout)["items"] == ["before"]
    assert json.loads(at("snapshot", "show", "before").stdout)["version"] == 2
    assert (
        json.loads(at("snapshot", "restore", "before", "--json").stdout)["now"]
        == "2026-03-01 10:00:00"
    )
    assert at("snapshot", "drop", "before").returncode == 0
    assert at("reset").returncode == 0
    assert at("reset", "nowhere").returncode == 2


def test_sign_prints_the_string_and_the_signature(cli) -> None:
    """The worked example of the old documentation comes out as documented."""
    ended = cli(
        "sign",
        "method=taobao.user.get",
        "timestamp=2011-07-01 13: 52:03",
        "format=xml",
        "app_key=test",
        "v=2.0",
        "fields=nick,location.state,location.city",
        "nick=商家测试帐号17",
        "sign_method=md5",
        "--secret",
        "test",
    )
    assert ended.stdout.splitlines()[0].startswith(
        "app_keytestfieldsnick,location.state,location.cityformatxml"
    )
    assert ended.stdout.splitlines()[1] == "990FD28323F67A1EEC29336EDF373C0E"


@pytest.mark.parametrize(
    ("id_", "expected"),
    [
        ("25", "Invalid signature"),
        ("换货待处理", "同意换货申请"),
        ("agree", "address_id"),
        ("deadline.2", "7d"),
        ("tmall.exchange.receive.get", "end_gmt_modifed_time"),
        ("DISPUTE_NOT_EXIST", "换货单不存在"),
        ("isv.missing-parameter:fields", "40"),
        ("session-expired", "27"),
        ("prompt", "寄回商品"),
        ("刁难", "时限前 1s 确认收到换货商品"),
    ],
)
def test_explain_knows_codes_statuses_moves_methods_and_rules(cli, id_: str, expected: str) -> None:
    """Each kind of id is explained offline, with its evidence where a rule is concerned."""
    ended = cli("explain", id_)
    assert ended.returncode == 0
    assert expected in ended.stdout


def test_explain_suggests_what_was_meant(cli) -> None:
    """An unknown id is exit 2 with the nearest known ones."""
    ended = cli("explain", "agre")
    assert ended.returncode == 2
    assert "agree" in ended.stderr


def test_explain_goes_on_after_an_unknown_id(cli) -> None:
    """What is known is explained, then the unknown one is reported with exit 2."""
    ended = cli("explain", "nonsense-id", "25")
    assert ended.returncode == 2
    assert "Invalid signature" in ended.stdout
    assert "nonsense-id" in ended.stderr


@pytest.mark.parametrize(("lang", "said"), [("zh", "签名不对"), ("en", "wrong signature")])
def test_explain_for_programs(lang: str, said: str) -> None:
    """With --json each article is an object, its text in one language, its kind the same word."""
    ended = run_here("--lang", lang, "explain", "--json", "25", "agree")
    code, move = json.loads(ended.stdout)
    assert (code["kind"], code["id"], code["title"]) == ("code", "25", "Invalid signature")
    assert said in code["text"]
    assert code["sources"] == ["docs/spec/top-protocol.md#top-4.2"]
    assert (move["kind"], move["id"]) == ("move", "agree")


def test_explain_for_programs_lists_all_and_suggests() -> None:
    """Without ids all are listed; an unknown id leaves valid JSON on stdout, and exit 2."""
    ids = {article["id"] for article in json.loads(run_here("explain", "--json").stdout)}
    assert {"25", "agree", "reply_lost", "tmall.exchange.get", "deadline.2"} <= ids
    ended = run_here("--lang", "en", "explain", "--json", "agre")
    assert (ended.returncode, json.loads(ended.stdout)) == (2, [])
    assert "agree" in ended.stderr


def test_headings_of_articles_have_one_language() -> None:
    """The kind of an article is named in the language that was asked for, in no other."""
    english = run_here("--lang", "en", "explain", "25").stdout.splitlines()[0]
    chinese = run_here("--lang", "zh", "explain", "25").stdout.splitlines()[0]
    assert english == "code 25  Invalid signature"
    assert chinese == "错误码 25  Invalid signature"


def test_sign_for_programs() -> None:
    """With --json the string, the method and the sign have names."""
    ended = run_here("sign", "--json", "foo=1", "bar=2", "--secret", "s")
    assert json.loads(ended.stdout) == {
        "string_to_sign": "bar2foo1",
        "sign_method": "md5",
        "sign": md5(b"sbar2foo1s").hexdigest().upper(),
    }


def paste(line: str, folder: Path) -> str:
    """Run a command line as a shell does; return what it prints."""
    return subprocess.run(
        ["sh", "-c", line], cwd=folder, capture_output=True, text=True, timeout=60, check=True
    ).stdout


@pytest.mark.parametrize("method", ["md5", "hmac-sha256"])
def test_a_curl_line_can_be_pasted(at, tmp_path, method: str) -> None:
    """`call --curl` sends nothing; its line, pasted, is accepted whatever stands in the values."""
    dispute_id = at("open", "-q").stdout.strip()
    content = 'it\'s $HOME `id` "q" @a=b&c %41 \\ 好'
    printed = at(
        *("call", "--curl", "--sign-method", method, "tmall.exchange.message.add"),
        *(f"dispute_id={dispute_id}", f"content={content}"),
    )
    assert printed.returncode == 0
    assert at("logs").stdout == ""
    (message,) = json.loads(paste(printed.stdout, tmp_path))["tmall_exchange_message_add_response"][
        "result"
    ]["results"]["refund_message"]
    assert message["content"] == content


def test_a_curl_line_has_no_control_characters(at, tmp_path) -> None:
    """A value with escapes, line ends and tabs is printed as one plain line that sends it."""
    dispute_id = at("open", "-q").stdout.strip()
    content = "a\x1b[31mred\r\nb\tc\u2028it's \\n"
    printed = at(
        *("call", "--curl", "tmall.exchange.message.add"),
        *(f"dispute_id={dispute_id}", f"content={content}"),
    )
    assert printed.stdout.rstrip("\n").isprintable()
    (message,) = json.loads(paste(printed.stdout, tmp_path))["tmall_exchange_message_add_response"][
        "result"
    ]["results"]["refund_message"]
    assert message["content"] == content.replace("\x1b", "")  # which no reply has


def test_control_characters_beside_files_are_escaped(at, tmp_path) -> None:
    """Beside a file the value is a form's text, in the quotes that bash and POSIX 2024 read."""
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(20))
    dispute_id = at("open", "-q").stdout.strip()
    content = "a\x1b[31m it's\nb\\n"
    printed = at(
        *("call", "--curl", "tmall.exchange.message.add", f"dispute_id={dispute_id}"),
        *(f"content={content}", "--file", "message_pics=a.jpg"),
    )
    assert printed.stdout.rstrip("\n").isprintable()
    answer = subprocess.run(
        ["bash", "-c", printed.stdout], cwd=tmp_path, capture_output=True, timeout=60, check=True
    ).stdout
    (message,) = json.loads(answer)["tmall_exchange_message_add_response"]["result"]["results"][
        "refund_message"
    ]
    assert message["content"] == content.replace("\x1b", "")  # which no reply has


def test_a_curl_line_sends_files(at, tmp_path) -> None:
    """A file goes by its path; a text that begins with @ or < stays a text."""
    (tmp_path / "a b.jpg").write_bytes(b"\xff\xd8\xff\xe0" + bytes(20))
    dispute_id = at("open", "-q").stdout.strip()
    printed = at(
        *("call", "--curl", "tmall.exchange.message.add", f"dispute_id={dispute_id}"),
        *("content=<@x;type=y", "--file", "message_pics=a b.jpg"),
    )
    (message,) = json.loads(paste(printed.stdout, tmp_path))["tmall_exchange_message_add_response"][
        "result"
    ]["results"]["refund_message"]
    assert message["content"] == "<@x;type=y"
    assert len(message["pic_urls"]["pic_url"]) == 1


def test_reference_shows_evidence_and_the_diagram(cli) -> None:
    """The reference grades every rule; each flow has a diagram, one Mermaid document a call."""
    text = cli("reference").stdout
    assert all(word in text for word in ("文档载明", "推断", "假设", "exchange guide"))
    classic = cli("reference", "--diagram").stdout
    upgraded = cli("--lang", "en", "reference", "--diagram", "upgraded").stdout
    assert classic.startswith("stateDiagram-v2\n") and upgraded.startswith("stateDiagram-v2\n")
    assert "s1 --> s4: 系统·超时处理 [满 2d，无库存]\n" in classic
    assert "s1 --> s6: seller · refuse the application [reason known]\n" in upgraded
    assert "s1 --> s6" not in classic
    assert cli("reference", "--diagram", "classical").returncode == 2


def test_an_unknown_command_says_what_was_meant(cli) -> None:
    """A mistyped command is exit 2 with the nearest one."""
    ended = cli("sevre")
    assert ended.returncode == 2
    assert "serve" in ended.stderr


@pytest.mark.parametrize("later", ["record"])
def test_names_of_later_steps_are_absent(cli, later: str) -> None:
    """A command that is not built is neither listed nor accepted."""
    assert later not in cli("--help").stdout.split()
    assert cli(later).returncode == 2


def test_yaml_is_loaded_by_scenarios_only(environment) -> None:
    """A start of the command line and of a server does not pay for reading scenario files."""
    program = (
        "import sys, mockserver.cli.main, mockserver.cli.serve; from mockserver import Server; "
        "Server().start().stop(); print('yaml' in sys.modules)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert ended.stdout == "False\n"


@pytest.mark.parametrize("command", ["demo"])
def test_what_to_type_next_can_be_typed(cli, command: str) -> None:
    """Where the shell finds no `tmall-mockserver`, the next step names Python and the module."""
    ended = cli("--lang", "en", command, PATH="/usr/bin:/bin")
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("next: ")]
    assert "-m mockserver serve --detach" in line
    assert "-m mockserver stop" in line

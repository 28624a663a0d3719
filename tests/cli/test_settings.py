"""Where settings come from: command line, variables, mockserver.toml, defaults; mistakes."""

import json
from pathlib import Path

import pytest


def read_setting(cli, name: str, *args: str, **variables: str) -> tuple[str, str]:
    """Value and source of a setting as `config show` prints them."""
    ended = cli("config", "show", *args, **variables)
    assert ended.returncode == 0, ended.stderr
    line = next(line for line in ended.stdout.splitlines() if line.split()[0] == name)
    return line.split()[1], line.split()[2]


def test_defaults_are_shown_as_such(cli) -> None:
    """Without anything given, the port is 8420 by default."""
    assert read_setting(cli, "port") == ("8420", "default")


def test_a_variable_beats_the_file(cli, tmp_path: Path) -> None:
    """TMALL_MOCKSERVER_PORT beats mockserver.toml, which beats the default; a BOM is accepted."""
    (tmp_path / "mockserver.toml").write_text("[server]\nport = 9000\n", "utf-8-sig")
    assert read_setting(cli, "port") == ("9000", "mockserver.toml")
    assert read_setting(cli, "port", TMALL_MOCKSERVER_PORT="9100") == (
        "9100",
        "TMALL_MOCKSERVER_PORT",
    )


def test_secrets_are_masked(cli) -> None:
    """`config show` never prints a token, secret or session."""
    ended = cli(
        "config",
        "show",
        TMALL_MOCKSERVER_TOKEN="hush-hush",
        TMALL_MOCKSERVER_APP_SECRET="very-secret",
    )
    assert "hush-hush" not in ended.stdout
    assert "very-secret" not in ended.stdout


def test_settings_for_programs(cli, tmp_path: Path) -> None:
    """With --json values keep their types; secrets are masked, those of the file's world absent."""
    (tmp_path / "mockserver.toml").write_text(
        '[server]\nport = 9000\nallow-host = ["a", "b"]\n[[apps]]\napp_secret = "hush-file"\n'
        '[[sandboxes]]\nname = "dev-a"\n'
    )
    ended = cli("--lang", "en", "config", "show", "--json", TMALL_MOCKSERVER_TOKEN="hush-hush")
    document = json.loads(ended.stdout)
    assert "hush" not in ended.stdout
    assert document["file"] == "mockserver.toml"
    port, token = document["settings"]["port"], document["settings"]["token"]
    assert (port["value"], port["source"]) == (9000, "mockserver.toml")
    assert (token["value"], token["source"]) == ("***", "TMALL_MOCKSERVER_TOKEN")
    assert document["settings"]["session"]["value"] == ""
    assert document["settings"]["allow-host"]["value"] == ["a", "b"]
    assert (document["world"], document["sandboxes"]) == (["apps"], ["dev-a"])


def test_long_values_keep_the_columns_apart(cli) -> None:
    """The meaning of every setting begins in one column, however long a value is."""
    ended = cli("--lang", "en", "config", "show", TMALL_MOCKSERVER_HOST="a-very-long-host.example")
    starts = {
        next(line.index(text) for line in ended.stdout.splitlines() if text in line)
        for text in ("address to listen on", "port, 0 for a free one", "seed of the made-up data")
    }
    assert len(starts) == 1


def test_the_file_is_a_world_document(serve, tmp_path: Path) -> None:
    """Keys beside [server] describe the default sandbox and are kept verbatim."""
    (tmp_path / "mockserver.toml").write_text(
        'ruleset = "upgraded"\n[[apps]]\napp_key = "88990011"\n'
        '[[shops]]\nnick = "测试店"\nsession = "abc123"\n',
        "utf-8",
    )
    ready = serve().ready
    assert (ready["app_key"], ready["session"]) == ("88990011", "abc123")


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[server]\nprot = 1\n", "server.prot"),
        ("[server]\njournal = 'many'\n", "journal"),
        ("[goods.wanted]\nstok = 1\n", "goods"),
        ("[goods.wanted]\nstock = 'some'\n", "goods"),
        ("[server]\nprot = 1\n", "port"),
        ("ruleste = 'classic'\n", "ruleset"),
        ("[[exchanges]]\nresaon = 'x'\n", "exchanges[0].resaon"),
        ("[[exchanges]]\nstatus = 99\n", "exchanges[0].status"),
        ("[[exchanges]]\ncount = 'x'\n", "exchanges[0].count"),
        ("[[sandboxes]]\nseed = 1\n", "sandboxes[0].name"),
        ("sandboxes = 3\n", "sandboxes"),
        ("[[sandboxes]]\nname = 'a'\nsede = 1\n", "sandboxes[0]"),
        ("[[sandboxes]]\nname = 'a'\n[[sandboxes]]\nname = 'a'\n", "sandboxes[1]"),
        ("[[faults]]\nfault = 'limted'\n", "limited"),
        ("[rules]\n'deadline.2' = 7\n", "deadline.2"),
        ("not toml", "mockserver.toml"),
    ],
)
def test_mistakes_in_the_file_are_exit_2(cli, tmp_path: Path, text: str, named: str) -> None:
    """A wrong settings file ends with exit 2 and names the place, without a traceback."""
    (tmp_path / "mockserver.toml").write_text(text, "utf-8")
    ended = cli("serve", "--port", "0")
    assert ended.returncode == 2
    assert named in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("--port", "many"),
        ("--port", "99999"),
        ("--auth", "soft"),
        ("--ruleset", "old"),
        ("--seed", "x"),
        ("--journal", "0"),
        ("--tls-cert", "a.pem"),
        ("--config", "absent.toml"),
        ("--nonsense",),
    ],
)
def test_wrong_options_are_exit_2(cli, args: tuple[str, ...]) -> None:
    """A wrong option of `serve` is wrong usage."""
    ended = cli("serve", *args)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PORT", "80808", "'80808': expected 0 to 65535"),
        ("PORT", "-1", "'-1': expected 0 to 65535"),
        ("TMC_PORT", "-2", "'-2': expected -1 to 65535"),
        ("JOURNAL", "0", "'0': expected 1 to"),
        ("PORT", "99999999999999999999999", "expected 0 to 65535"),
    ],
)
def test_a_number_out_of_bounds_is_named_with_its_source(cli, variable, value, said) -> None:
    """The message has the setting, where its value came from, the value, and what is possible."""
    name = f"TMALL_MOCKSERVER_{variable}"
    ended = cli("--lang", "en", "serve", **{name: value})
    assert ended.returncode == 2
    assert name in ended.stderr
    assert said in ended.stderr


def test_a_secret_of_a_wrong_type_is_not_echoed(cli, tmp_path: Path) -> None:
    """A token or secret that is no text is named, its value is not printed."""
    (tmp_path / "mockserver.toml").write_text('[server]\ntoken = ["hush-hush", 5]\n')
    ended = cli("serve", "--port", "0")
    assert (ended.returncode, "token" in ended.stderr) == (2, True)
    assert "hush" not in ended.stderr + ended.stdout


def test_unknown_variables_are_reported(cli) -> None:
    """A misspelt variable is named with the one that was meant; Kubernetes' own are not."""
    ended = cli(
        "config",
        "show",
        TMALL_MOCKSERVER_PROT="9000",
        TMALL_MOCKSERVER_SERVICE_HOST="10.0.0.1",
        TMALL_MOCKSERVER_PORT_8420_TCP_ADDR="10.0.0.1",
        TMALL_MOCKSERVER_LANG="en",
    )
    assert ended.stderr == (
        "unknown variable TMALL_MOCKSERVER_PROT, not used; did you mean TMALL_MOCKSERVER_PORT?\n"
    )
    assert ended.returncode == 0


@pytest.mark.slow
def test_the_file_makes_sandboxes_exchanges_faults_and_rules(serve, cli, tmp_path: Path) -> None:
    """All of them are there when the port opens, and again after a reset."""
    (tmp_path / "mockserver.toml").write_text(
        """
        rules = { "deadline.2" = "1d" }
        [[exchanges]]
        status = "待买家退货"
        reason = "尺码不合适"
        [[exchanges]]
        count = 2
        [[faults]]
        fault = "reply_lost"
        method = "tmall.exchange.agree"
        [[sandboxes]]
        name = "dev-a"
        ruleset = "upgraded"
        exchanges = [{ status = "待发出换货商品" }]
        """,
        "utf-8",
    )
    ready_file = serve().path

    def ask(*args: str) -> str:
        ended = cli("--ready-file", str(ready_file), *args)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    for _ in range(2):
        assert json.loads(ask("list", "--json"))["total"] == 3
        assert "尺码不合适" in ask("list", "--status", "2", "--json")
        assert ask("rules", "deadline.2").split()[1] == "1d"
        assert "reply_lost" in ask("faults")
        assert json.loads(ask("--sandbox", "dev-a", "list", "--json"))["items"][0]["status"] == 12
        ask("reset")
        ask("--sandbox", "dev-a", "reset")

"""One language at a time: the help, the output and the errors of every command."""

import os
import re
import subprocess
import sys

import click
import pytest

from mockserver.cli.localized import localize
from mockserver.cli.main import cli as program

CHINESE = re.compile(r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")


def all_commands() -> list[tuple[str, ...]]:
    """Return the words of every command and subcommand."""
    context = click.Context(program)
    entries: list[tuple[str, ...]] = [()]
    for name in program.list_commands(context):
        command = program.get_command(context, name)
        entries.append((name,))
        if isinstance(command, click.Group):
            entries += [(name, inner) for inner in command.list_commands(context)]
    return entries


def help_of(words: tuple[str, ...], lang: str) -> str:
    """Return the help of a command, as `--lang LANG … --help` prints it."""
    with program.make_context("tmall-mockserver", ["--lang", lang, "schema"]) as root, root.scope():
        context: click.Context = root
        command: click.Command = program
        for word in words:
            assert isinstance(command, click.Group)
            inner = command.get_command(context, word)
            assert inner is not None
            context = inner.context_class(inner, info_name=word, parent=context)
            command = inner
        return command.get_help(context)


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_help_is_in_one_language_and_whole(words: tuple[str, ...]) -> None:
    """English help has no Chinese; Chinese help has no English sentence; nothing is cut."""
    english = help_of(words, "en")
    chinese = help_of(words, "zh")
    assert not CHINESE.search(english.replace("…", ""))
    assert CHINESE.search(chinese)
    assert "Usage" not in chinese
    assert "Show this message" not in chinese
    assert not re.search(r"\b(the|of|with|print)\b [a-z]+ [a-z]+", chinese)
    for text in (english, chinese):
        assert "..." not in re.sub(r"\]?\.\.\.(?=\s|$)", "", text.partition("\n")[2])


@pytest.mark.parametrize("words", [["--lang", "en", "--help"], ["--help", "--lang", "en"]])
def test_help_of_the_program_follows_lang(words: list[str], capsys) -> None:
    """`--help` is written in the language of `--lang`, whichever stands first."""
    with pytest.raises(click.exceptions.Exit):
        program.make_context("tmall-mockserver", words)

    text = capsys.readouterr().out
    assert text.startswith("Usage: tmall-mockserver")
    assert not CHINESE.search(text.replace("…", ""))


@pytest.mark.parametrize(
    ("lang", "usage"),
    [
        ("zh", "用法: tmall-mockserver clock [选项] [命令] [参数]..."),
        ("en", "Usage: tmall-mockserver clock [OPTIONS] [COMMAND] [ARGS]..."),
    ],
)
def test_usage_shows_that_a_subcommand_is_optional(lang: str, usage: str) -> None:
    """A group that does something by itself says so, with every version of click."""
    assert help_of(("clock",), lang).splitlines()[0] == usage


@pytest.mark.parametrize("words", all_commands(), ids=" ".join)
def test_every_option_and_command_says_what_it_is(words: tuple[str, ...]) -> None:
    """Every option and every command has a text in both languages."""
    command: click.Command = program
    for word in words:
        assert isinstance(command, click.Group)
        inner = command.get_command(click.Context(command), word)
        assert inner is not None
        command = inner
    texts = [command.help or ""]
    texts += [param.help or "" for param in command.params if isinstance(param, click.Option)]
    for text in texts:
        assert CHINESE.search(localize(text, "zh")) or localize(text, "zh").isascii()
        assert localize(text, "en").strip()
        assert localize(text, "zh") != localize(text, "en")


@pytest.mark.parametrize(
    ("variables", "english"),
    [
        ({}, False),
        ({"LANG": "zh_CN.UTF-8"}, False),
        ({"LANG": "en_US.UTF-8"}, True),
        ({"LANG": "de_DE.UTF-8"}, True),
        ({"LANG": "C.UTF-8"}, False),
        ({"LC_ALL": "POSIX", "LANG": "en_GB"}, True),
        ({"LC_ALL": "zh_TW.UTF-8", "LANG": "en_US.UTF-8"}, False),
        ({"LC_ALL": "en_US.UTF-8", "TMALL_MOCKSERVER_LANG": "zh"}, False),
        ({"TMALL_MOCKSERVER_LANG": "en"}, True),
    ],
)
def test_the_locale_chooses_the_language(cli, variables: dict[str, str], english: bool) -> None:
    """The variable, then LC_ALL, then LANG; C and POSIX say nothing, then it is Chinese."""
    ended = cli("clock", **variables)
    assert ended.returncode == 2
    assert bool(CHINESE.search(ended.stderr)) is not english


@pytest.mark.parametrize(
    "args",
    [
        ("open", "--helpp"),
        ("open", "--count", "x"),
        ("open", "--count", "0"),
        ("open", "--count"),
        ("show",),
        ("show", "1", "2"),
        ("faults", "nothing"),
        ("run", "--jobs", "many"),
        ("serve", "--port", "x"),
        ("serve", "--ruleset", "modern"),
        ("nothing",),
    ],
)
def test_usage_errors_are_in_one_language(cli, args: tuple[str, ...]) -> None:
    """A wrong command line is exit 2: the mistake, then how it is typed, in one language."""
    chinese = cli(*args)
    english = cli("--lang", "en", *args)
    assert (chinese.returncode, english.returncode) == (2, 2)
    for line in chinese.stderr.splitlines():
        assert CHINESE.search(line)
    assert "用法：" in chinese.stderr
    assert not CHINESE.search(english.stderr)


def test_colours_only_on_a_terminal_and_never_with_no_color(environment, serve, tmp_path) -> None:
    """A terminal gets colours, a pipe and NO_COLOR do not."""
    import pty

    serve()
    command = [sys.executable, "-m", "mockserver", "--ready-file", "ready.json", "stock"]

    def output(**more: str) -> bytes:
        leader, follower = pty.openpty()
        subprocess.run(
            command, cwd=tmp_path, env={**environment, **more}, stdout=follower, check=True
        )
        os.close(follower)
        text = b""
        try:
            while piece := os.read(leader, 4096):
                text += piece
        except OSError:  # how Linux ends a terminal
            pass
        os.close(leader)
        return text

    assert b"\x1b[" in output()
    assert b"\x1b[" not in output(NO_COLOR="1")
    piped = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
    assert b"\x1b[" not in piped.stdout

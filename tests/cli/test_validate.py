"""`validate` prints every mistake of every file with its place, and runs nothing."""

import re
from pathlib import Path

import pytest

from tests.scenario_texts import FIVE_MISTAKES

RIGHT = "scenario: x\nsteps:\n  - buyer: apply\n  - seller: agree\n"


def test_five_mistakes_are_five_lines(cli, tmp_path: Path) -> None:
    """Each has file, line and column and what was meant; exit 2."""
    (tmp_path / "wrong.scenario.yaml").write_text(FIVE_MISTAKES, "utf-8")
    ended = cli("validate", "wrong.scenario.yaml")
    mistakes = re.findall(r"^wrong\.scenario\.yaml:(\d+):(\d+): (.+)$", ended.stdout, re.MULTILINE)
    assert ended.returncode == 2
    assert [(line, column) for line, column, _ in mistakes] == [
        ("2", "26"),
        ("4", "12"),
        ("6", "5"),
        ("7", "11"),
        ("8", "22"),
    ]
    assert all(
        meant in said
        for (_, _, said), meant in zip(
            mistakes, ("stok", "apply", "reason", "tmall.exchange.get", "换货成功"), strict=True
        )
    )
    assert "5 处错误" in ended.stderr


def test_in_english(cli, tmp_path: Path) -> None:
    """With --lang en the mistakes are English sentences."""
    (tmp_path / "wrong.scenario.yaml").write_text(FIVE_MISTAKES, "utf-8")
    assert "did you mean tmall.exchange.get?" in cli("--lang", "en", "validate", ".").stdout


def test_what_can_never_work_is_a_mistake(cli, tmp_path: Path) -> None:
    """The static check is part of it: impossible moves and unused names."""
    (tmp_path / "a.scenario.yaml").write_text(RIGHT + "  - buyer: modify\n", "utf-8")
    (tmp_path / "b.scenario.yaml").write_text(
        RIGHT.replace("apply", "apply\n    as: mine"), "utf-8"
    )
    ended = cli("validate", "a.scenario.yaml", "b.scenario.yaml")
    assert ended.returncode == 2
    assert re.findall(r"^(\w)\.scenario\.yaml:(\d)", ended.stdout, re.MULTILINE) == [
        ("a", "5"),
        ("b", "3"),
    ]


def test_right_files_are_counted(cli, tmp_path: Path) -> None:
    """Without a mistake it says how many files it has seen, each once however often it is named."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.scenario.yaml").write_text("\ufeff" + RIGHT, "utf-8")
    ended = cli("validate", ".", "a.scenario.yaml")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "2 个场景文件没有错误\n", "")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"scenario: x\nsteps: \xff\xfe\n", "2:1"),
        (b"x" * (1024 * 1024 + 1), "1:1"),
        (b"", "1:1"),
        (b"a: [", "2:1"),
        ("好".encode() * 500_000, "1:1"),
    ],
    ids=["not UTF-8", "too large", "empty", "not YAML", "too many characters"],
)
def test_what_is_no_scenario_is_reported(cli, tmp_path: Path, content: bytes, place: str) -> None:
    """Bytes that are no UTF-8, too many, none, or no YAML are one mistake with a place."""
    (tmp_path / "odd.scenario.yaml").write_bytes(content)
    ended = cli("validate", "odd.scenario.yaml")
    assert ended.returncode == 2
    assert ended.stdout.startswith(f"odd.scenario.yaml:{place}: ")
    assert len(ended.stdout.splitlines()) == 1


def test_a_mistake_cannot_steer_the_terminal(cli, tmp_path: Path) -> None:
    """Control codes of a file are shown escaped, and long texts are clipped."""
    (tmp_path / "odd.scenario.yaml").write_text(
        'scenario: x\n"\\e[31m' + "k" * 3000 + '": 1\nsteps:\n  - buyer: apply\n', "utf-8"
    )
    ended = cli("validate", "odd.scenario.yaml")
    assert "\x1b" not in ended.stdout
    assert max(map(len, ended.stdout.splitlines())) <= 1000


@pytest.mark.parametrize("args", [(), ("nowhere.yaml",), ("empty",)])
def test_nothing_to_check_is_exit_2(cli, tmp_path: Path, args) -> None:
    """No path, a path that is not there, or a folder without a scenario."""
    (tmp_path / "empty").mkdir()
    ended = cli("validate", *args)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "Traceback" not in ended.stderr

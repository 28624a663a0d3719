"""Which scenarios a word on the command line means: file, folder, name, pattern, all."""

from pathlib import Path

import pytest

from mockserver.cli.scenario_files import find_files

ROOT = Path(__file__).parents[2] / "scenarios"
SUFFIX = ".scenario.yaml"


def files_below(folder: str) -> set[Path]:
    """Return the scenario files of the checkout below a folder."""
    return {path.resolve() for path in (ROOT / folder).rglob(f"*{SUFFIX}")}


@pytest.mark.parametrize(
    ("word", "folder"), [("all", ""), ("classic", "classic"), ("classic/", "classic")]
)
def test_a_folder_of_names_or_all(
    word: str, folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Shipped scenarios are found from any folder, without a path to where they lie."""
    monkeypatch.chdir(tmp_path)
    assert {path.resolve() for path in find_files([word], library=True)} == files_below(folder)


def test_a_pattern(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern means all scenarios whose names fit."""
    monkeypatch.chdir(tmp_path)
    fitting = {path for path in files_below("classic") if path.name.startswith("whole-")}
    assert fitting
    files = find_files(["classic/whole-*"], library=True)
    assert {path.resolve() for path in files} == fitting


def test_a_folder_of_the_user_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that exists is meant, also where shipped scenarios have the same first word."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "classic").mkdir()
    own = tmp_path / "classic" / f"own{SUFFIX}"
    own.write_text("scenario: x\nsteps: []\n")
    assert [path.resolve() for path in find_files(["classic"], library=True)] == [own]


def test_a_pattern_that_means_nothing_suggests(capsys: pytest.CaptureFixture[str]) -> None:
    """A name that means none is exit 2 with the names that were probably meant."""
    with pytest.raises(SystemExit) as ended:
        find_files(["whole-exchnge"], library=True)
    assert ended.value.code == 2
    assert "whole-exchange" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["classi", "clasic/", "upgradd"])
def test_a_misspelt_folder_suggests_the_folder(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`classi` means the folder `classic`, not a scenario whose name happens to hold it."""
    folder = {"classi": "classic", "clasic/": "classic", "upgradd": "upgraded"}[name]
    with pytest.raises(SystemExit) as ended:
        list(find_files([name], library=True))
    assert ended.value.code == 2
    assert f"是否想写 {folder}？" in capsys.readouterr().err

"""Who wrote a ready file, and whether that process still runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mockserver.cli.ready_files import is_running, read_writer

NOTHING = [sys.executable, "-c", ""]


def test_a_process_runs_until_it_has_ended() -> None:
    """This one runs; one that has ended does not, whether its parent has noticed or not."""
    ended = subprocess.Popen(NOTHING)
    os.waitid(os.P_PID, ended.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie
    assert not is_running(ended.pid)
    ended.wait()
    assert not is_running(ended.pid)
    assert is_running(os.getpid())


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"pid": "7"}', '{"pid": null}', '{"pid": 99999999999}', "\ufeff", "7"]
)
def test_what_is_no_ready_file_has_no_writer(tmp_path: Path, text: str) -> None:
    """Half a file, another type and a number that no process can have are nobody's."""
    path = tmp_path / "ready.json"
    path.write_text(text, "utf-8")
    assert read_writer(str(path)) == 0
    assert read_writer(str(tmp_path)) == 0


def test_the_writer_is_the_process_of_the_file(tmp_path: Path) -> None:
    """The number is read as it stands."""
    (tmp_path / "ready.json").write_text('{"pid": 4711}')
    assert read_writer(str(tmp_path / "ready.json")) == 4711

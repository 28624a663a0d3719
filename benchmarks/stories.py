"""Scenario files as users run them: the whole command, from the start of the process to its end.

Run: `python -m benchmarks.stories [rounds]`
"""

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from mockserver.cli.scenario_executor import RunOptions, in_process
from mockserver.cli.scenario_files import find, read_scripts

from .children import ROOT, compile_all
from .verdict import at_most, note

__all__: list[str] = []

PLAYED, CHECKED = 1_000, 200  # files
TIMED = 200  # scenarios of the figures for information
STORY = """\
scenario: 第 {number} 个换货
about: Ten steps of every kind that stories are made of.
given: {{clock: 2026-03-01 10:00:00, goods: {{wanted: {{stock: {stock}}}}}}}
steps:
  - buyer: apply
    reason: 尺码不合适
    num: 1
  - seller: agree
    expect: {{status: 2, stock.wanted: {{reserved: 1}}}}
  - call: tmall.exchange.get
    with: {{dispute_id: $it, fields: "dispute_id,status,modified"}}
    expect: {{result.exchange.status: 待买家退货}}
  - advance: {hours}h
  - buyer: ship_back
    logistics_no: SF{number:010}
  - expect: {{status: 3, moved_by: buyer, events: [apply, agree, ship_back]}}
  - seller: returngoods_agree
  - seller: consigngoods
    expect: {{status: 待买家收货, due_in: 10d}}
  - advance: deadline
  - expect:
      status: 5
      moved_by: system
      stock.wanted: {{available: {left}, reserved: 0, shipped: 1}}
"""


def main(rounds: int) -> None:
    """Prints every figure."""
    compile_all()
    with TemporaryDirectory() as folder:
        played, checked = Path(folder, "played"), Path(folder, "checked")
        write(played, PLAYED)
        write(checked, CHECKED)
        command("validate", checked)
        at_most(
            f"run of {PLAYED} stories of 10 steps",
            [command("run", played) for _ in range(rounds)],
            5,
            unit="s",
        )
        at_most(
            f"validate of {CHECKED} files",
            [command("validate", checked) for _ in range(rounds)],
            1,
            unit="s",
        )
        parts(checked, rounds)


def write(folder: Path, count: int) -> None:
    """`count` scenarios, no two alike."""
    folder.mkdir()
    for number in range(count):
        stock = 1 + number % 7
        text = STORY.format(number=number, stock=stock, left=stock - 1, hours=1 + number % 100)
        (folder / f"story{number:04}.scenario.yaml").write_text(text, "utf-8")


def command(name: str, folder: Path) -> float:
    """Seconds of one command over a folder, its start included; one that fails ends the run."""
    began = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "mockserver", name, str(folder)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    return time.perf_counter() - began


def parts(folder: Path, rounds: int) -> None:
    """What one scenario costs in one process: reading with the static check, and playing."""
    paths = find([str(folder)])[:TIMED]
    perform = in_process(RunOptions())
    read, played = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        scripts, _ = read_scripts(paths)
        between = time.perf_counter()
        assert all(perform(script).ok for script in scripts)
        read.append((between - began) / len(scripts) * 1000)
        played.append((time.perf_counter() - between) / len(scripts) * 1000)
    note("reading and checking one story", read, "ms")
    note("playing one story", played, "ms")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7)

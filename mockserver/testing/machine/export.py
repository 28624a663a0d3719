"""Writes a failure three times.

As a scenario file, a pytest file and a curl script, each of which repeats it.
"""

from pathlib import Path

from ...domain.vocabulary import Ruleset
from .export_curl import export_curl
from .export_pytest import export_pytest
from .export_scenario import export_scenario
from .machine_options import to_identifier
from .shrink import FailingRun

__all__ = ["FOLDER", "export_failure"]

FOLDER = "tmall-failures"


def export_failure(machine: type, failing: FailingRun) -> list[Path]:
    """Write the three files, over those that are there, and return their paths.

    Nothing is written if the options say so.  The folder is marked as not for version control and
    not for pytest.
    """
    run = failing.run
    failure = failing.failure
    options = run.options
    if options.write_to is None:
        return []
    folder = Path(options.write_to)
    folder.mkdir(parents=True, exist_ok=True)
    for marker in (".gitignore", f".{FOLDER}"):
        if not (folder / marker).exists():
            (folder / marker).write_text("*\n", "utf-8")
    ruleset = () if options.ruleset == Ruleset.CLASSIC else (options.ruleset,)
    name = "-".join((options.name, *ruleset, to_identifier(failure.check)))
    scenario, test, script = (folder / f"{name}{end}" for end in (".scenario.yaml", ".py", ".sh"))
    scenario.write_text(export_scenario(run, failure), "utf-8")
    test.write_text(export_pytest(machine, run, failure, test), "utf-8")
    script.write_text(export_curl(run, failure, script.as_posix()), "utf-8")
    return [scenario, test, script]

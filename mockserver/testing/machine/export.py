"""A failure written three times: as a scenario file, a pytest file and a curl transcript, each of which shows it again."""

from pathlib import Path

from ...domain.vocabulary import Ruleset
from .export_curl import export_curl
from .export_pytest import export_pytest
from .export_scenario import export_scenario
from .machine_options import to_identifier
from .shrink import FailingRun

__all__ = ["FOLDER", "export_failure"]

FOLDER = "tmall-failures"


def export_failure(machine: type, found: FailingRun) -> list[Path]:
    """The three files, overwritten if they were there; none where the plan says so.  The folder is not for version control."""
    encounter, failure = found.encounter, found.failure
    if encounter.plan.write_to is None:
        return []
    folder = Path(encounter.plan.write_to)
    folder.mkdir(parents=True, exist_ok=True)
    for mark in (".gitignore", f".{FOLDER}"):  # git passes it over, and so does the plugin
        if not (folder / mark).exists():
            (folder / mark).write_text("*\n", "utf-8")
    name = "-".join(
        (
            encounter.plan.name,
            *(() if encounter.plan.ruleset == Ruleset.CLASSIC else (encounter.plan.ruleset,)),
            to_identifier(failure.check),
        )
    )
    story, rerun, transcript = (folder / f"{name}{end}" for end in (".scenario.yaml", ".py", ".sh"))
    story.write_text(export_scenario(encounter, failure), "utf-8")
    rerun.write_text(export_pytest(machine, encounter, failure, rerun), "utf-8")
    transcript.write_text(export_curl(encounter, failure, transcript.as_posix()), "utf-8")
    return [story, rerun, transcript]

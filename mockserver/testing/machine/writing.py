"""A failure written three times: as a scenario file, a pytest file and a curl transcript, each of which shows it again."""

from pathlib import Path

from ...domain.vocabulary import Ruleset
from .plan import clean
from .reducing import Found
from .rerun import rerun_text
from .retold import story_text
from .transcript import transcript_text

__all__ = ["FOLDER", "write"]

FOLDER = "tmall-failures"


def write(machine: type, found: Found) -> list[Path]:
    """The three files, overwritten if they were there; none where the plan says so.  The folder is not for version control."""
    encounter, failure = found.encounter, found.failure
    if encounter.plan.write_to is None:
        return []
    folder = Path(encounter.plan.write_to)
    folder.mkdir(parents=True, exist_ok=True)
    for mark in (".gitignore", f".{FOLDER}"):  # git passes it over, and so does the plugin
        if not (folder / mark).exists():
            (folder / mark).write_text("*\n", "utf-8")
    name = "-".join((encounter.plan.name, *(() if encounter.plan.ruleset == Ruleset.CLASSIC else (encounter.plan.ruleset,)), clean(failure.check)))
    story, rerun, transcript = (folder / f"{name}{end}" for end in (".scenario.yaml", ".py", ".sh"))
    story.write_text(story_text(encounter, failure), "utf-8")
    rerun.write_text(rerun_text(machine, encounter, failure, rerun), "utf-8")
    transcript.write_text(transcript_text(encounter, failure, transcript.as_posix()), "utf-8")
    return [story, rerun, transcript]

"""What is told of stories that were played: JUnit XML, JSON, transcripts, one line of counts.

Pure: takes results, gives text.  `mask_secrets` takes secrets and sessions out before a result goes anywhere.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from unicodedata import east_asian_width
from xml.etree import ElementTree

import msgspec
from msgspec.structs import replace

from ..domain.moves import MOVES
from ..domain.vocabulary import Actor, Status
from .result import OUTCOMES, ScenarioFailure, ScenarioResult

__all__ = [
    "collect_secrets",
    "format_json",
    "format_junit",
    "format_summary",
    "format_transcript",
    "mask_secrets",
]

MASK = "***"
_SECRET_LEAST = 6  # characters: a shorter one would take half of the text with it
_SENTENCE_AT_MOST = 600
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ENDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # control codes, line ends and tabs apart


def collect_secrets(info: Mapping[str, Any]) -> tuple[str, ...]:
    """The secret and the sessions of a sandbox as the control API shows it, and a token with it; longest first."""
    shops = info.get("shops", ())
    found = {
        *(str(info.get(name, "")) for name in ("token", "app_secret", "session", "sub_session")),
        *(str(shop["session"]) for shop in shops),
        *(str(sub["session"]) for shop in shops for sub in shop["subs"]),
    }
    return tuple(
        sorted((each for each in found if len(each) >= _SECRET_LEAST), key=len, reverse=True)
    )


def mask_secrets(result: ScenarioResult, secrets: Iterable[str]) -> ScenarioResult:
    """The result without the secrets, wherever they stood."""
    if result.trouble is None:
        return result
    text = msgspec.json.encode(result.trouble).decode()
    for secret in secrets:
        text = text.replace(msgspec.json.encode(secret).decode()[1:-1], MASK)
    return replace(result, trouble=msgspec.json.decode(text, type=ScenarioFailure))


def format_summary(results: Sequence[ScenarioResult], seconds: float, lang: str = "zh") -> str:
    """One line: how many stories, what came of them, how long it took."""
    counted = Counter(each.outcome for each in results)
    parts = [
        f"{counted[outcome]} {words[lang == 'en']}"
        for outcome, words in OUTCOMES.items()
        if counted[outcome] or outcome == "passed"
    ]
    if lang == "en":
        return f"{len(results)} {'story' if len(results) == 1 else 'stories'}: {', '.join(parts)} ({seconds:.1f} s)"
    return f"{len(results)} 个场景：{'，'.join(parts)} ({seconds:.1f} 秒)"


def format_transcript(result: ScenarioResult, lang: str = "zh") -> str:
    """Where a story broke and all that helps to see why, as lines; of one that passed, its title."""
    word = OUTCOMES[result.outcome][lang == "en"]
    lines = [f"{word} {result.title}"]
    trouble = result.trouble
    if trouble is not None:
        said = trouble.en if lang == "en" else trouble.zh
        lines += [
            f"  {result.path}:{trouble.line}:{trouble.column}: {_clipped(said)}",
            *_source(trouble),
        ]
        lines += _values(trouble, lang)
        lines += [
            f"  {_label('发生过', 'happened', lang)}  {_fact(event, lang)}"
            for event in trouble.events
        ]
        for actor, moves in trouble.possible.items():
            who = Actor(actor).zh if lang == "zh" and actor in set(Actor) else actor
            lines.append(f"  {_label('可以做', 'possible', lang)}  {who}: {', '.join(moves)}")
        if trouble.curl:
            lines.append(f"  {_label('该调用', 'the call', lang)}  {trouble.curl}")
        if trouble.log:
            lines.append(f"  {_label('被测程序', 'the client', lang)}:")
            lines += [f"    {line}" for line in trouble.log.splitlines()]
    return _ENDS.sub("\ufffd", "\n".join(lines))


def _label(zh: str, en: str, lang: str) -> str:
    return en if lang == "en" else zh


def _clipped(text: str) -> str:
    return text if len(text) <= _SENTENCE_AT_MOST else text[: _SENTENCE_AT_MOST - 1] + "…"


def _source(trouble: ScenarioFailure) -> list[str]:
    """The line of the file with a mark below the column."""
    if not trouble.source:
        return []
    before = trouble.source[: trouble.column - 1]
    room = sum(2 if east_asian_width(each) in "WF" else 1 for each in before)
    return [f"    {trouble.source}", f"    {' ' * room}^"]


def _values(trouble: ScenarioFailure, lang: str) -> list[str]:
    """Wanted and actual on their own lines, where one of them is too big for a sentence."""
    if not isinstance(trouble.wanted, list | dict) and not isinstance(trouble.actual, list | dict):
        return []
    return [
        f"  {_label(zh, en, lang)}  {_clipped(msgspec.json.encode(value).decode())}"
        for zh, en, value in (
            ("期望", "expected", trouble.wanted),
            ("实际", "actual", trouble.actual),
        )
    ]


def _fact(event: Mapping[str, Any], lang: str) -> str:
    move, status = MOVES.get(event["move"]), event["to"]
    if lang == "en":
        return f"{event['at']}  {event['by']} {event['move']} → {status}"
    by = Actor(event["by"]).zh if event["by"] in set(Actor) else event["by"]
    to = f"{status} {Status(status).zh}" if status in set(Status) else status
    return f"{event['at']}  {by}{move.zh if move else event['move']} → {to}"


def format_json(results: Sequence[ScenarioResult], seconds: float) -> str:
    """All results as JSON: counts by outcome, then the stories in order."""
    counted = Counter(each.outcome for each in results)
    document = {
        "total": len(results),
        **{outcome: counted[outcome] for outcome in OUTCOMES},
        "seconds": round(seconds, 3),
        "stories": results,
    }
    return msgspec.json.format(msgspec.json.encode(document).decode(), indent=2) + "\n"


def format_junit(results: Sequence[ScenarioResult], seconds: float, lang: str = "zh") -> str:
    """All results as JUnit XML: a story is a test case of its file; an interrupted one was skipped."""
    counted = Counter(each.outcome for each in results)
    counts = {
        "tests": str(len(results)),
        "failures": str(counted["failed"]),
        "errors": str(counted["broken"]),
        "skipped": str(counted["interrupted"]),
        "time": f"{seconds:.3f}",
    }
    suites = ElementTree.Element("testsuites", {"name": "tmall-mockserver", **counts})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": "scenarios", **counts})
    for result in results:
        line = str(result.trouble.line if result.trouble else 1)
        case = ElementTree.SubElement(
            suite,
            "testcase",
            {
                "classname": _xml(result.path),
                "name": _xml(result.title),
                "file": _xml(result.path),
                "line": line,
                "time": f"{result.seconds:.3f}",
            },
        )
        if result.outcome != "passed":
            _trouble_element(case, result, lang)
    ElementTree.indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ElementTree.tostring(suites, encoding="unicode")}\n'


def _trouble_element(case: ElementTree.Element, result: ScenarioResult, lang: str) -> None:
    trouble, tag = (
        result.trouble,
        {"failed": "failure", "broken": "error"}.get(result.outcome, "skipped"),
    )
    message = (
        OUTCOMES[result.outcome][lang == "en"]
        if trouble is None
        else trouble.en
        if lang == "en"
        else trouble.zh
    )
    element = ElementTree.SubElement(
        case, tag, {"message": _xml(_clipped(message)), "type": result.outcome}
    )
    element.text = _xml(format_transcript(result, lang))


def _xml(text: str) -> str:
    """The text without what XML cannot carry."""
    return _NOT_XML.sub("\ufffd", text)

"""Formats the results of scenarios: JUnit XML, JSON, transcripts, one line of counts.

Pure: takes results, gives text.  `mask_secrets` takes secrets and sessions out before a result goes
anywhere.
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
from ..world.secret_index import MASK, SecretIndex
from .result import OUTCOMES, ScenarioFailure, ScenarioResult

__all__ = [
    "collect_secrets",
    "format_client_summary",
    "format_json",
    "format_junit",
    "format_summary",
    "format_transcript",
    "mask_secrets",
    "says_something",
]

_MIN_SECRET_LENGTH = 6  # characters: a shorter one would take half of the text with it
_MAX_SENTENCE_LENGTH = 600
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONTROL_CODES = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f]")  # but line ends and tabs


def collect_secrets(info: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the secret, the sessions and the token of a sandbox, longest first.

    `info` is the sandbox as the control API describes it.
    """
    shops = info.get("shops", ())
    secrets = {
        *(str(info.get(name, "")) for name in ("token", "app_secret", "session", "sub_session")),
        *(str(shop["session"]) for shop in shops),
        *(str(sub["session"]) for shop in shops for sub in shop["subs"]),
    }
    return tuple(
        sorted((text for text in secrets if len(text) >= _MIN_SECRET_LENGTH), key=len, reverse=True)
    )


def mask_secrets(result: ScenarioResult, secrets: Iterable[str]) -> ScenarioResult:
    """Return the result with every secret replaced by `***`, in whatever form it stands."""
    if result.trouble is None:
        return result
    secrets = tuple(secrets)
    text = msgspec.json.encode(result.trouble).decode()
    for secret in secrets:  # short ones, too, which an index does not look for
        text = text.replace(msgspec.json.encode(secret).decode()[1:-1], MASK)
    document = SecretIndex(secrets).mask_tree(msgspec.json.decode(text))
    return replace(result, trouble=msgspec.convert(document, ScenarioFailure))


def format_summary(results: Sequence[ScenarioResult], seconds: float, lang: str = "zh") -> str:
    """Return one line: how many scenarios, what came of them, how long it took."""
    counts_by_outcome = Counter(result.outcome for result in results)
    parts = [
        f"{counts_by_outcome[outcome]} {words[lang == 'en']}"
        for outcome, words in OUTCOMES.items()
        if counts_by_outcome[outcome] or outcome == "passed"
    ]
    if lang == "en":
        noun = "scenario" if len(results) == 1 else "scenarios"
        return f"{len(results)} {noun}: {', '.join(parts)} ({seconds:.1f} s)"
    return f"{len(results)} 个场景：{'，'.join(parts)} ({seconds:.1f} 秒)"


def format_client_summary(results: Sequence[ScenarioResult], lang: str = "zh") -> str:
    """Return how many scenarios say something about the client under test, and why others do not.

    A scenario says something if the client had a part in it, whether it passed or not.
    """
    count = sum(says_something(result) for result in results)
    rest = [result for result in results if result.outcome == "inapplicable"]
    if lang == "en":
        lines = [f"{count} say something about the client"]
    else:
        lines = [f"其中 {count} 个说明了被测程序的情况"]
    for result in rest:
        sentence = (
            "" if result.trouble is None else _label(result.trouble.zh, result.trouble.en, lang)
        )
        word = OUTCOMES[result.outcome][lang == "en"]
        lines.append(f"  {word} {result.path}: {_clip(sentence)}")
    return _CONTROL_CODES.sub("\ufffd", "\n".join(lines))


def says_something(result: ScenarioResult) -> bool:
    """Return True if the result says something about the client under test."""
    return result.outcome == "failed" or (
        result.outcome in ("passed", "broken") and (result.client_steps > 0 or result.unmet)
    )


def format_transcript(result: ScenarioResult, lang: str = "zh") -> str:
    """Return where a scenario failed and all that helps to see why, as lines.

    Its title if it passed.
    """
    word = OUTCOMES[result.outcome][lang == "en"]
    lines = [f"{word} {result.title}"]
    failure = result.trouble
    if failure is not None:
        sentence = failure.en if lang == "en" else failure.zh
        lines += [
            f"  {result.path}:{failure.line}:{failure.column}: {_clip(sentence)}",
            *_format_source(failure),
        ]
        lines += _format_values(failure, lang)
        lines += [
            f"  {_label('发生过', 'happened', lang)}  {_format_event(event, lang)}"
            for event in failure.events
        ]
        for actor, moves in failure.possible.items():
            who = Actor(actor).zh if lang == "zh" and actor in set(Actor) else actor
            lines.append(f"  {_label('可以做', 'possible', lang)}  {who}: {', '.join(moves)}")
        if failure.curl:
            lines.append(f"  {_label('该调用', 'the call', lang)}  {failure.curl}")
        if failure.log:
            lines.append(f"  {_label('被测程序', 'the client', lang)}:")
            lines += [f"    {line}" for line in failure.log.splitlines()]
    return _CONTROL_CODES.sub("\ufffd", "\n".join(lines))


def _label(zh: str, en: str, lang: str) -> str:
    return en if lang == "en" else zh


def _clip(text: str) -> str:
    return text if len(text) <= _MAX_SENTENCE_LENGTH else text[: _MAX_SENTENCE_LENGTH - 1] + "…"


def _format_source(failure: ScenarioFailure) -> list[str]:
    """Return the line of the file with a mark below the column."""
    if not failure.source:
        return []
    before = failure.source[: failure.column - 1]
    width = sum(2 if east_asian_width(character) in "WF" else 1 for character in before)
    return [f"    {failure.source}", f"    {' ' * width}^"]


def _format_values(failure: ScenarioFailure, lang: str) -> list[str]:
    """Return expected and actual value as lines, if one of them is too big for a sentence."""
    if not isinstance(failure.expected, list | dict) and not isinstance(
        failure.actual, list | dict
    ):
        return []
    return [
        f"  {_label(zh, en, lang)}  {_clip(msgspec.json.encode(value).decode())}"
        for zh, en, value in (
            ("期望", "expected", failure.expected),
            ("实际", "actual", failure.actual),
        )
    ]


def _format_event(event: Mapping[str, Any], lang: str) -> str:
    move = MOVES.get(event["move"])
    status = event["to"]
    if lang == "en":
        return f"{event['at']}  {event['by']} {event['move']} → {status}"
    by = Actor(event["by"]).zh if event["by"] in set(Actor) else event["by"]
    to = f"{status} {Status(status).zh}" if status in set(Status) else status
    return f"{event['at']}  {by}{move.zh if move else event['move']} → {to}"


def format_json(results: Sequence[ScenarioResult], seconds: float) -> str:
    """Return all results as JSON: counts by outcome, then the scenarios in order."""
    counts_by_outcome = Counter(result.outcome for result in results)
    document = {
        "total": len(results),
        **{outcome: counts_by_outcome[outcome] for outcome in OUTCOMES},
        "about_client": sum(
            says_something(result) for result in results if result.client_steps or result.unmet
        ),
        "seconds": round(seconds, 3),
        "stories": results,
    }
    return msgspec.json.format(msgspec.json.encode(document).decode(), indent=2) + "\n"


def format_junit(results: Sequence[ScenarioResult], seconds: float, lang: str = "zh") -> str:
    """Return all results as JUnit XML: a scenario is a test case of its file.

    One that was interrupted, or that does not apply to the client under test, was skipped.
    """
    counts_by_outcome = Counter(result.outcome for result in results)
    counts = {
        "tests": str(len(results)),
        "failures": str(counts_by_outcome["failed"]),
        "errors": str(counts_by_outcome["broken"]),
        "skipped": str(counts_by_outcome["interrupted"] + counts_by_outcome["inapplicable"]),
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
                "classname": _to_xml_text(result.path),
                "name": _to_xml_text(result.title),
                "file": _to_xml_text(result.path),
                "line": line,
                "time": f"{result.seconds:.3f}",
            },
        )
        if result.outcome != "passed":
            _add_failure(case, result, lang)
    ElementTree.indent(suites)
    text = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def _add_failure(case: ElementTree.Element, result: ScenarioResult, lang: str) -> None:
    failure = result.trouble
    tag = {"failed": "failure", "broken": "error"}.get(result.outcome, "skipped")
    if failure is None:
        message = OUTCOMES[result.outcome][lang == "en"]
    else:
        message = failure.en if lang == "en" else failure.zh
    element = ElementTree.SubElement(
        case, tag, {"message": _to_xml_text(_clip(message)), "type": result.outcome}
    )
    element.text = _to_xml_text(format_transcript(result, lang))


def _to_xml_text(text: str) -> str:
    """Return the text without what XML cannot carry."""
    return _NOT_XML.sub("\ufffd", text)

"""What an exam found, and how it shows: lines, JSON, JUnit, an HTML page.

Items are what was examined: a scenario, a run of the machine, a habit of the calls.  A failed item
points to one of the common mistakes.  The grade is:

- A: nothing failed that an error or a warning stands for; the client may go live.
- B: warnings only; it may go live, and has something to improve.
- C: an error, beside which the ordinary flow works.
- D: the ordinary flow does not work, or the client did nothing that could be judged.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from ..review.client_mistake import ClientMistake
from ..review.client_mistakes import CLIENT_MISTAKES
from ..review.lint_rules import Severity
from ..scenario.report import format_junit
from ..scenario.result import ScenarioFailure, ScenarioResult
from ..service.html_page import render_page
from ..version import __version__

__all__ = ["LEVELS", "ExamItem", "ExamReport"]

LEVELS: Mapping[int, tuple[str, str]] = {
    1: ("基本流程", "the ordinary flow"),
    2: ("日常情形", "everyday cases"),
    3: ("故障与并发", "failures and races"),
}
_KINDS = {
    "scenario": ("场景", "scenario"),
    "machine": ("状态机", "state machine"),
    "conduct": ("调用习惯", "calls"),
}
_OUTCOMES = {
    "passed": ("通过", "passed"),
    "failed": ("不通过", "failed"),
    "inapplicable": ("不适用", "not applicable"),
    "broken": ("没有考完", "not finished"),
}
_VERDICTS = {
    "A": ("可以上线", "may go live"),
    "B": ("可以上线，有建议", "may go live, with advice"),
    "C": ("不能上线：有会造成损失的错误", "must not go live: a mistake that costs something"),
    "D": ("不能上线：基本流程不通", "must not go live: the ordinary flow does not work"),
}
_MAX_LINES = 12  # of evidence of an item


class ExamItem(Struct, frozen=True, kw_only=True):
    """One thing examined: `kind` is `scenario`, `machine` or `conduct`, `level` a key of LEVELS.

    `zh`, `en` say what was seen, `evidence` has calls and lines, `mistake` the id of the common
    mistake that a failure points to.
    """

    kind: str
    id: str
    level: int
    outcome: str
    zh: str = ""
    en: str = ""
    evidence: tuple[str, ...] = ()
    mistake: str = ""
    severity: Severity = Severity.ERROR
    seconds: float = 0.0


class ExamReport(Struct, frozen=True, kw_only=True):
    """The items of one exam, what the client says that it does, the seconds it took."""

    items: Sequence[ExamItem]
    handles: Sequence[int]
    methods: Sequence[str]
    seconds: float

    @property
    def grade(self) -> str:
        """Return A, B, C or D."""
        failed = self.failed
        judged = [item for item in self.items if item.outcome in ("passed", "failed")]
        if not any(item.kind != "conduct" for item in judged):
            return "D"
        errors = [item for item in failed if item.severity is Severity.ERROR]
        if any(item.level == 1 for item in errors):
            return "D"
        if errors or any(item.outcome == "broken" for item in self.items):
            return "C"
        return "B" if any(item.severity is Severity.WARNING for item in failed) else "A"

    @property
    def passed(self) -> bool:
        """Return True if the client may go live."""
        return self.grade in ("A", "B")

    @property
    def failed(self) -> list[ExamItem]:
        """The items that failed, in order."""
        return [item for item in self.items if item.outcome == "failed"]

    @property
    def mistakes(self) -> list[tuple[ClientMistake, list[ExamItem]]]:
        """The mistakes that the failed items point to, errors first, each with its items."""
        items: dict[str, list[ExamItem]] = {}
        for item in self.failed:
            items.setdefault(item.mistake, []).append(item)
        mistakes = [mistake for mistake in CLIENT_MISTAKES.values() if mistake.id in items]
        mistakes.sort(key=lambda mistake: find_worst(items[mistake.id]))
        return [(mistake, items[mistake.id]) for mistake in mistakes]

    def count(self, level: int, outcome: str) -> int:
        """Return how many items of a level have this outcome."""
        return sum(item.level == level and item.outcome == outcome for item in self.items)

    def to_document(self) -> dict[str, Any]:
        """Return the report for programs, with both languages."""
        return {
            "version": __version__,
            "grade": self.grade,
            "passed": self.passed,
            "seconds": round(self.seconds, 1),
            "client": {"handles": list(self.handles), "methods": list(self.methods)},
            "levels": {
                str(level): {outcome: self.count(level, outcome) for outcome in _OUTCOMES}
                for level in LEVELS
            },
            "mistakes": [
                {
                    "id": mistake.id,
                    "severity": find_worst(items).word,
                    "title": {"zh": mistake.title_zh, "en": mistake.title_en},
                    "cost": {"zh": mistake.cost_zh, "en": mistake.cost_en},
                    "change": {"zh": mistake.change_zh, "en": mistake.change_en},
                    "page": mistake.page,
                    "items": [item.id for item in items],
                }
                for mistake, items in self.mistakes
            ],
            "items": [
                {
                    "kind": item.kind,
                    "id": item.id,
                    "level": item.level,
                    "outcome": item.outcome,
                    "severity": item.severity.word,
                    "mistake": item.mistake,
                    "zh": item.zh,
                    "en": item.en,
                    "evidence": list(item.evidence),
                }
                for item in self.items
            ],
        }

    def format_json(self) -> str:
        """Return `to_document` as indented JSON."""
        return json.dumps(self.to_document(), ensure_ascii=False, indent=2) + "\n"

    def format_junit(self, lang: str) -> str:
        """Return the items as test cases; a failed warning or hint passes, as it costs no grade."""
        results = []
        for item in self.items:
            failed = item.outcome == "failed" and item.severity is Severity.ERROR
            outcome = item.outcome
            if outcome == "failed" and not failed:
                outcome = "passed"
            trouble = ScenarioFailure(
                line=1, column=1, zh=item.zh, en=item.en, log="\n".join(item.evidence)
            )
            results.append(
                ScenarioResult(
                    title=item.id,
                    path=f"exam.{item.kind}",
                    outcome=outcome,
                    steps=1,
                    seconds=item.seconds,
                    trouble=None if outcome == "passed" else trouble,
                )
            )
        return format_junit(results, self.seconds, lang)

    def format_lines(self, lang: str) -> str:
        """Return the report for a terminal: what failed, what it costs, what to change, grade."""
        english = lang == "en"
        lines = []
        for mistake, items in self.mistakes:
            worst = find_worst(items)
            word = worst.word if english else worst.zh
            lines.append(
                f"{word} {mistake.id}  {mistake.title_en if english else mistake.title_zh}"
            )
            for item in items[:3]:
                lines.append(f"  {item.id}: {item.en if english else item.zh}")
            if len(items) > 3:
                more = len(items) - 3
                lines.append(f"  and {more} more" if english else f"  另有 {more} 处")
            labels = ("in production", "change") if english else ("线上代价", "怎么改")
            lines.append(f"  {labels[0]}: {mistake.cost_en if english else mistake.cost_zh}")
            lines.append(f"  {labels[1]}: {mistake.change_en if english else mistake.change_zh}")
            page = mistake.page if english else mistake.page.replace(".md", ".zh-CN.md")
            lines.append(f"  {page}")
        broken = [item for item in self.items if item.outcome == "broken"]
        lines += [f"{item.id}: {item.en if english else item.zh}" for item in broken]
        for level, names in LEVELS.items():
            passed, failed, apart = (
                self.count(level, outcome) for outcome in ("passed", "failed", "inapplicable")
            )
            lines.append(
                f"{names[1]}: {passed} passed, {failed} failed, {apart} not applicable"
                if english
                else f"{names[0]}：{passed} 通过，{failed} 不通过，{apart} 不适用"
            )
        verdict = _VERDICTS[self.grade][english]
        lines.append(
            f"grade {self.grade}: {verdict}" if english else f"成绩 {self.grade}：{verdict}"
        )
        return "\n".join(lines)

    def format_html(self, lang: str) -> str:
        """Return the report as a page that prints well, in one language."""
        title = "Go-live exam" if lang == "en" else "上线前体检"
        return render_page(
            _TEMPLATE,
            lang,
            title,
            report=self,
            version=__version__,
            verdict=_VERDICTS[self.grade],
            levels=LEVELS,
            kinds=_KINDS,
            outcomes=_OUTCOMES,
            max_lines=_MAX_LINES,
            find_worst=find_worst,
        )


def find_worst(items: Sequence[ExamItem]) -> Severity:
    """Return the worst severity of some items."""
    return min(item.severity for item in items)


_TEMPLATE = """
{% set english = lang == 'en' %}
<h1>{{ title }} <strong class="{{ 'good' if report.passed else 'bad' }}">{{ report.grade }}</strong>
 {{ verdict[english] }}</h1>
<p>{{ t('程序办理的状态', 'The client handles the statuses') }}
 {{ report.handles | join(', ') or '-' }};
 {{ t('写操作', 'it writes by') }} {{ report.methods | join(', ') or '-' }}.
 tmall-mockserver {{ version }}, {{ '%.0f' | format(report.seconds) }} s</p>
<table><tr><th>{{ t('级别', 'Level') }}</th>
{% for outcome in outcomes.values() %}<th>{{ outcome[english] }}</th>{% endfor %}</tr>
{% for level, names in levels.items() %}
<tr><td>{{ names[english] }}</td>
{% for outcome in outcomes %}<td>{{ report.count(level, outcome) }}</td>{% endfor %}</tr>
{% endfor %}
</table>
{% for mistake, items in report.mistakes %}
<section>
{% set worst = find_worst(items) %}
<h2 class="{{ 'bad' if worst == 1 else 'warn' }}">
{{ worst.word if english else worst.zh }}
 {{ t(mistake.title_zh, mistake.title_en) }} <small>{{ mistake.id }}</small></h2>
<p>{{ t(mistake.zh, mistake.en) }}</p>
<p><b>{{ t('线上代价', 'In production') }}</b> {{ t(mistake.cost_zh, mistake.cost_en) }}</p>
<p><b>{{ t('怎么改', 'What to change') }}</b> {{ t(mistake.change_zh, mistake.change_en) }}</p>
<table><tr><th>{{ t('不要', 'Not') }}</th><th>{{ t('应当', 'But') }}</th></tr>
<tr><td><pre>{{ mistake.wrong }}</pre></td><td><pre>{{ mistake.right }}</pre></td></tr></table>
<h3>{{ t('证据', 'Evidence') }}</h3>
{% for item in items %}
<p>{{ kinds[item.kind][english] }} <b>{{ item.id }}</b>: {{ t(item.zh, item.en) }}</p>
{% if item.evidence %}<pre>{{ item.evidence[:max_lines] | join('\n') }}</pre>{% endif %}
{% endfor %}
</section>
{% endfor %}
<section><h2>{{ t('全部项目', 'All items') }}</h2>
<table><tr><th>{{ t('级别', 'Level') }}</th><th>{{ t('项目', 'Item') }}</th>
<th>{{ t('结果', 'Outcome') }}</th><th>{{ t('说明', 'Remark') }}</th></tr>
{% for item in report.items %}
<tr><td>{{ item.level }}</td><td>{{ kinds[item.kind][english] }} {{ item.id }}</td>
<td class="{{ {'passed': 'good', 'failed': 'bad'}.get(item.outcome, '') }}">
{{ outcomes[item.outcome][english] }}</td><td>{{ t(item.zh, item.en) }}</td></tr>
{% endfor %}
</table></section>
"""

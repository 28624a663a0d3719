"""An HTML page about what calls have shown of their client, for `exec` and for pytest.

Each kind of finding has a section: where it was seen, what it costs in production, a wrong and a
right form, and the place in the guide that says the same.  The page needs nothing from outside.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from ..review.client_mistakes import find_mistake_of_finding
from ..review.finding_advice import FINDING_ADVICE
from ..review.lint_rules import LINT_RULES, Severity
from .html_page import render_page

__all__ = ["PlacedFinding", "render_findings"]

_MAX_PLACES = 20  # listed of one kind of finding


class PlacedFinding(Struct, frozen=True):
    """A finding as the control API gives it (`S/report`), and where: a test, a command."""

    place: str
    finding: Mapping[str, Any]


def render_findings(findings: Iterable[PlacedFinding], lang: str) -> str:
    """Return the whole page in the language `zh` or `en`, errors first; hints are in it, too."""
    places: dict[str, list[PlacedFinding]] = {}
    for placed in findings:
        places.setdefault(placed.finding["id"], []).append(placed)
    rules = sorted(
        (LINT_RULES[rule_id] for rule_id in places), key=lambda rule: (rule.severity, rule.id)
    )
    title = "What calls show of their client" if lang == "en" else "对客户端的检查"
    return render_page(
        _TEMPLATE,
        lang,
        title,
        rules=rules,
        places=places,
        advice=FINDING_ADVICE,
        mistake_pages={rule.id: _find_mistake_page(rule.id, lang) for rule in rules},
        max_places=_MAX_PLACES,
        classes={Severity.ERROR: "bad", Severity.WARNING: "warn", Severity.HINT: ""},
    )


def _find_mistake_page(rule_id: str, lang: str) -> str:
    mistake = find_mistake_of_finding(rule_id)
    page = "" if mistake is None else mistake.page
    return page if lang == "en" else page.replace(".md", ".zh-CN.md")


_TEMPLATE = """
{% set english = lang == 'en' %}
<h1>{{ title }}</h1>
{% if not rules %}
<p class="good">{{ t('没有发现问题。', 'Nothing was found.') }}</p>
{% else %}
<table><tr><th>{{ t('程度', 'Severity') }}</th><th>{{ t('问题', 'Finding') }}</th>
<th>{{ t('几处', 'Places') }}</th></tr>
{% for rule in rules %}
<tr><td class="{{ classes[rule.severity] }}">
{{ rule.severity.word if english else rule.severity.zh }}</td>
<td><a href="#{{ rule.id }}">{{ rule.id }}</a> {{ t(rule.title, advice[rule.id].en) }}</td>
<td>{{ places[rule.id] | length }}</td></tr>
{% endfor %}
</table>
{% endif %}
{% for rule in rules %}
{% set form = advice[rule.id] %}
<section id="{{ rule.id }}">
<h2 class="{{ classes[rule.severity] }}">
{{ rule.severity.word if english else rule.severity.zh }}
 {{ t(rule.title, form.en) }} <small>{{ rule.id }}</small></h2>
<p>{{ t(rule.zh, rule.en) }}</p>
<p><b>{{ t('线上代价', 'In production') }}</b> {{ t(form.cost_zh, form.cost_en) }}</p>
<table><tr><th>{{ t('错误', 'Wrong') }}</th><th>{{ t('正确', 'Right') }}</th></tr>
<tr><td><pre>{{ form.wrong }}</pre></td><td><pre>{{ form.right }}</pre></td></tr></table>
<h3>{{ t('在哪里', 'Where') }}</h3>
<ul>
{% for placed in places[rule.id][:max_places] %}
<li>{{ placed.place }}: {{ t(placed.finding.zh, placed.finding.en) }}
 × {{ placed.finding.count }}
 <small>{{ placed.finding.request_ids[:3] | join(', ') }}</small></li>
{% endfor %}
</ul>
{% set more = places[rule.id] | length - max_places %}
{% if more > 0 %}<p>{{ t('另有 %s 处', 'and %s more') | format(more) }}</p>{% endif %}
<p>{{ t('详见', 'See') }}
 <code>{{ rule.page.replace('.md#', '.zh-CN.md#') if not english else rule.page }}</code>,
 <code>{{ mistake_pages[rule.id] }}</code>,
 <code>tmall-mockserver explain {{ rule.id }}</code></p>
</section>
{% endfor %}
"""

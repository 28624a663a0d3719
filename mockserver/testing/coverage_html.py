"""The coverage report as one HTML page: the diagram coloured, every row, every refusal.

The page needs nothing from outside and runs nothing: style and drawing are in it, scripts are forbidden.
"""

from collections.abc import Collection, Iterable, Mapping
from html import escape
from typing import Any

from ..domain.table import TABLE
from ..domain.vocabulary import Ruleset, Status
from .coverage import KINDS, LISTS, METHOD_MOVES, Measure, measure, percent, row_words
from .state_diagram import state_diagram_svg

__all__ = ["coverage_html"]

_STYLE = """
:root{color-scheme:light dark;--all:#1a7f37;--some:#9a6700;--none:#cf222e}
@media (prefers-color-scheme:dark){:root{--all:#3fb950;--some:#d29922;--none:#f85149}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}
td,th{border:1px solid #8886;padding:.25rem .6rem;text-align:left}
td.number{text-align:right}
.all{color:var(--all)}.some{color:var(--some)}.none{color:var(--none)}
svg{width:100%;height:auto}
svg path{fill:none;stroke:currentColor;stroke-width:1.6}
svg .none path{stroke-dasharray:5 4}
svg path.tip{fill:currentColor;stroke:none}
svg rect{fill:Canvas;stroke:currentColor;stroke-width:2}
svg text{fill:currentColor;text-anchor:middle;font-size:14px;paint-order:stroke;stroke:Canvas;stroke-width:5px}
svg .state text{stroke:none;font-size:13px}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def coverage_html(
    document: Mapping[str, Any], lang: str = "zh", rulesets: Collection[str] = ()
) -> str:
    """A whole page about the merged counts of a suite."""
    measures = measure(document, rulesets)
    title = "exchange coverage" if lang == "en" else "换货状态机覆盖"
    flows = dict.fromkeys(each.ruleset for each in measures)
    head = (
        f'<html lang="{"en" if lang == "en" else "zh-CN"}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" content="width=device-width"><title>{title}</title><style>{_STYLE}</style></head><body>'
    )
    return "".join(
        (
            "<!DOCTYPE html>\n",
            head,
            f"<h1>{title} {percent(document, rulesets):.1f} %</h1>",
            _summary(measures, lang),
            *(
                _flow(flow, [each for each in measures if each.ruleset is flow], document, lang)
                for flow in flows
            ),
            _lists(document, lang),
            "</body></html>\n",
        )
    )


def _table(head: Iterable[str], rows: Iterable[str]) -> str:
    cells = "".join(f"<th>{escape(each)}</th>" for each in head)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _row(*cells: str | int, kind: str = "") -> str:
    shown = (
        f'<td class="number">{each}</td>' if isinstance(each, int) else f"<td>{escape(each)}</td>"
        for each in cells
    )
    return f'<tr class="{kind}">{"".join(shown)}</tr>' if kind else f"<tr>{''.join(shown)}</tr>"


def _summary(measures: Iterable[Measure], lang: str) -> str:
    head = (
        ("flow", "what", "met", "all", "%")
        if lang == "en"
        else ("流程", "项目", "遇到", "全部", "%")
    )
    return _table(
        head,
        (
            _row(
                each.ruleset.value if lang == "en" else each.ruleset.zh,
                each.kind if lang == "en" else KINDS[each.kind][0],
                len(each.met),
                len(each.whole),
                f"{each.percent:.1f}",
                kind="" if each.missing else "all",
            )
            for each in measures
        ),
    )


def _flow(
    ruleset: Ruleset, measures: Iterable[Measure], document: Mapping[str, Any], lang: str
) -> str:
    by_kind, counts = (
        {each.kind: each for each in measures},
        document.get("rulesets", {}).get(ruleset, {}),
    )
    return (
        f"<h2>{escape(ruleset.value if lang == 'en' else f'{ruleset.zh} {ruleset.value}')}</h2>"
        + state_diagram_svg(ruleset, by_kind["rows"].met, by_kind["states"].met, lang)
        + _rows(by_kind["rows"], counts, lang)
        + _refusals(by_kind["refused"], counts.get("refused", {}), lang)
    )


def _rows(rows: Measure, counts: Mapping[str, Mapping[str, int]], lang: str) -> str:
    head = (
        ("", "row", "who and what", "taken", "by calls", "evidence")
        if lang == "en"
        else ("", "规则行", "谁做什么", "发生", "其中调用", "依据")
    )
    taken, called = counts.get("rows", {}), counts.get("client_rows", {})
    return _table(
        head,
        (
            _row(
                "✓" if row.name in rows.met else "✗",
                row.name,
                row_words(row, lang),
                taken.get(row.name, 0),
                called.get(row.name, 0),
                row.evidence_under(rows.ruleset).grade.value
                if lang == "en"
                else row.evidence_under(rows.ruleset).grade.label,
                kind="all" if row.name in rows.met else "none",
            )
            for row in TABLE
            if rows.ruleset in row.rulesets
        ),
    )


def _refusals(refused: Measure, counts: Mapping[str, int], lang: str) -> str:
    """Method moves against states: refused so often, not yet, or legal there."""
    title = "calls refused, by state" if lang == "en" else "被拒的调用(操作 × 状态)"
    moves = {move.name(): move.en if lang == "en" else move.zh for move in METHOD_MOVES}
    numbers: dict[str, int] = {}
    for key, number in counts.items():
        pair = key.partition(":")[0]
        numbers[pair] = numbers.get(pair, 0) + number

    def cell(pair: str) -> str:
        if pair not in refused.whole:
            return f"<td>({numbers[pair]})</td>" if pair in numbers else "<td>·</td>"
        return (
            f'<td class="all">✓ {numbers[pair]}</td>'
            if pair in numbers
            else '<td class="none">✗</td>'
        )

    note = (
        "· is legal there, (n) refused there for another reason than its state"
        if lang == "en"
        else "· 此状态允许；(n) 此状态允许，但因其他原因被拒 n 次"
    )
    return (
        f"<h3>{title}</h3>"
        + _table(
            ("", *(str(status.value) for status in Status)),
            (
                f"<tr><th>{escape(words)}</th>{''.join(cell(f'{status.value}-{name}') for status in Status)}</tr>"
                for name, words in moves.items()
            ),
        )
        + f"<p>{note}</p>"
    )


def _lists(document: Mapping[str, Any], lang: str) -> str:
    return "".join(
        f"<h3>{name if lang == 'en' else zh}</h3>"
        + _table(
            (name if lang == "en" else zh, "×"),
            (_row(key, number) for key, number in sorted(document[name].items())),
        )
        for name, zh in LISTS.items()
        if document.get(name)
    )

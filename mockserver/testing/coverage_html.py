"""The coverage report as one HTML page: the coloured diagram, every row, every refusal.

The page needs nothing from outside and runs nothing: style and drawing are in it, scripts are
forbidden.
"""

from collections.abc import Collection, Iterable, Mapping
from html import escape
from typing import Any

from ..domain.row_texts import describe_row
from ..domain.table import TABLE
from ..domain.vocabulary import Ruleset, Status
from ..reference.state_diagram import render_state_diagram
from .coverage import CODE_LISTS, KINDS, METHOD_MOVES, CoverageCount, count_coverage, row_percent

__all__ = ["format_html"]

_STYLE = """
:root{color-scheme:light dark;--all:#1a7f37;--some:#9a6700;--none:#cf222e}
@media (prefers-color-scheme:dark){:root{--all:#3fb950;--some:#d29922;--none:#f85149}}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}
table{border-collapse:collapse;margin:1rem 0}
td,th{border:1px solid #8886;padding:.25rem .6rem;text-align:left}
td.number{text-align:right}
.all{color:var(--all)}.some{color:var(--some)}.none{color:var(--none)}
.figure{overflow-x:auto}
svg{height:auto}
svg path{fill:none;stroke:currentColor;stroke-width:1.6}
svg .none path{stroke-dasharray:5 4}
svg path.tip{fill:currentColor;stroke:none}
svg rect{fill:Canvas;stroke:currentColor;stroke-width:2}
svg text{fill:currentColor;text-anchor:middle;font-size:14px;paint-order:stroke;
  stroke:Canvas;stroke-width:5px}
svg .row{font-size:11px}
svg .state text{stroke:none;font-size:13px}
.legend b{font-weight:400;border-bottom:3px solid}
.legend b.none{border-bottom-style:dashed}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def format_html(
    document: Mapping[str, Any], lang: str = "zh", rulesets: Collection[str] = ()
) -> str:
    """Return a whole page about the merged counts of a suite."""
    counts = count_coverage(document, rulesets)
    title = "exchange coverage" if lang == "en" else "换货状态机覆盖"
    rulesets_used = dict.fromkeys(count.ruleset for count in counts)
    head = (
        f'<html lang="{"en" if lang == "en" else "zh-CN"}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f'<meta name="viewport" '
        f'content="width=device-width"><title>{title}</title><style>{_STYLE}</style></head><bo'
        f"dy>"
    )
    return "".join(
        (
            "<!DOCTYPE html>\n",
            head,
            f"<h1>{title} {row_percent(document, rulesets):.1f} %</h1>",
            _summary(counts, lang),
            *(
                _format_ruleset(
                    ruleset, [count for count in counts if count.ruleset is ruleset], document, lang
                )
                for ruleset in rulesets_used
            ),
            _lists(document, lang),
            "</body></html>\n",
        )
    )


def _table(head: Iterable[str], rows: Iterable[str]) -> str:
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _row(*cells: str | int, kind: str = "") -> str:
    columns = (
        f'<td class="number">{cell}</td>' if isinstance(cell, int) else f"<td>{escape(cell)}</td>"
        for cell in cells
    )
    return f'<tr class="{kind}">{"".join(columns)}</tr>' if kind else f"<tr>{''.join(columns)}</tr>"


def _summary(counts: Iterable[CoverageCount], lang: str) -> str:
    head = (
        ("flow", "what", "met", "all", "%")
        if lang == "en"
        else ("流程", "项目", "遇到", "全部", "%")
    )
    return _table(
        head,
        (
            _row(
                count.ruleset.value if lang == "en" else count.ruleset.zh,
                count.kind if lang == "en" else KINDS[count.kind][0],
                len(count.covered),
                len(count.reachable),
                f"{count.percent:.1f}",
                kind="" if count.missing else "all",
            )
            for count in counts
        ),
    )


def _format_ruleset(
    ruleset: Ruleset, counts: Iterable[CoverageCount], document: Mapping[str, Any], lang: str
) -> str:
    by_kind = {count.kind: count for count in counts}
    numbers = document.get("rulesets", {}).get(ruleset, {})
    states = by_kind["states"].covered
    drawing = render_state_diagram(ruleset, by_kind["rows"].covered, states, lang)
    messages = (
        "messages, which change no status" if lang == "en" else "留言(不改变状态，不计入百分比)"
    )
    return (
        f"<h2>{escape(ruleset.value if lang == 'en' else f'{ruleset.zh} {ruleset.value}')}</h2>"
        f'{_legend(lang)}<div class="figure">{drawing}</div>'
        + _rows(by_kind["rows"], numbers, lang)
        + f"<h3>{messages}</h3>"
        + _rows(by_kind["message_rows"], numbers, lang)
        + _refusals(by_kind["refused"], numbers.get("refused", {}), lang)
    )


def _legend(lang: str) -> str:
    """Return what colours, dashes, fractions and signs of the drawing mean."""
    kinds = {
        "all": ("all of its rows were taken", "其规则行全部发生过"),
        "some": ("some were", "发生过一部分"),
        "none": ("none was", "一行也没有发生"),
    }
    samples = " · ".join(
        f'<b class="{kind}">{en if lang == "en" else zh}</b>' for kind, (en, zh) in kinds.items()
    )
    rest = (
        "1/3: one of three rows; ↻: moves that stay in the state; ✓ ✗ and a line on each arrow: "
        "taken or not, who does what [under which condition]. Messages stand apart, below."
        if lang == "en"
        else "1/3：三行中的一行；↻：不改变状态的操作；箭头上每行 ✓ ✗：是否发生，谁做什么 [条件]。"
        "留言另列于下方。"
    )
    return f'<p class="legend">{samples}</p><p>{rest}</p>'


def _rows(rows: CoverageCount, counts: Mapping[str, Mapping[str, int]], lang: str) -> str:
    head = (
        ("", "row", "who and what", "taken", "by calls", "evidence")
        if lang == "en"
        else ("", "规则行", "谁做什么", "发生", "其中调用", "依据")
    )
    taken = counts.get("rows", {})
    called = counts.get("client_rows", {})
    return _table(
        head,
        (
            _row(
                "✓" if row.name in rows.covered else "✗",
                row.name,
                describe_row(row, lang),
                taken.get(row.name, 0),
                called.get(row.name, 0),
                row.evidence_under(rows.ruleset).grade.value
                if lang == "en"
                else row.evidence_under(rows.ruleset).grade.label,
                kind="all" if row.name in rows.covered else "none",
            )
            for row in TABLE
            if row.name in rows.reachable
        ),
    )


def _refusals(refused: CoverageCount, counts: Mapping[str, int], lang: str) -> str:
    """Return a table of methods' moves against states.

    A cell is refused so often, not yet, or legal there.
    """
    title = "calls refused, by state" if lang == "en" else "被拒的调用(操作 × 状态)"
    moves = {move.name(): move.en if lang == "en" else move.zh for move in METHOD_MOVES}
    numbers: dict[str, int] = {}
    for key, number in counts.items():
        pair = key.partition(":")[0]
        numbers[pair] = numbers.get(pair, 0) + number

    def cell(pair: str) -> str:
        if pair not in refused.reachable:
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
                f"<tr><th>{escape(words)}</th>"
                f"{''.join(cell(f'{status.value}-{name}') for status in Status)}</tr>"
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
        for name, zh in CODE_LISTS.items()
        if document.get(name)
    )

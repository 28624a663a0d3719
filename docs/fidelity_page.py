"""The page that says how far each thing can be trusted: grade, sources, counts."""

from collections import Counter
from collections.abc import Iterator

from docs.source_links import link_sources
from mockserver.api.methods import METHODS
from mockserver.api.records import EXCHANGE
from mockserver.domain.evidence import SOURCES, Evidence, Grade, locate_citation
from mockserver.domain.rules import DEFAULTS, RULES
from mockserver.domain.table import TABLE
from mockserver.domain.topics import TOPICS
from mockserver.protocol.errors import CODES
from mockserver.review.lint_rules import LINT_RULES
from mockserver.world.faults.fault_kinds import FAULTS


def _list_evidence() -> Iterator[tuple[str, str, str, Evidence]]:
    """Yield kind, name, default and evidence of everything that names its evidence."""
    for row in TABLE:
        yield "行 row", row.name, "", row.evidence
    defaults = DEFAULTS.to_dict()
    for rule in RULES.values():
        yield "规则 rule", rule.name, str(defaults[rule.name]), rule.evidence
    for method in METHODS.values():
        yield "方法 method", method.name, "", method.evidence
    for topic in TOPICS.values():
        yield "消息主题 topic", topic.name, topic.rule, topic.evidence
    for row in TABLE:
        for firing in row.fires:
            yield "发送 sending", f"{row.name} {firing.topic.name}", "", firing.evidence
    for column in EXCHANGE:
        yield "字段 field", column.field.name, "", column.evidence
    for fault in FAULTS.values():
        yield "故障 fault", fault.name, "", fault.evidence
    for lint_rule in LINT_RULES.values():
        yield "客户端行为 lint rule", lint_rule.id, "", lint_rule.evidence


def render_fidelity() -> str:
    """Return the ledger: counts by kind and grade, then each thing with grade and sources."""
    rows = list(_list_evidence())
    counts = Counter((kind, evidence.grade) for kind, _, _, evidence in rows)
    kinds = list(dict.fromkeys(kind for kind, *_ in rows))
    grades = " | ".join(f"{grade.label} ({grade})" for grade in Grade)
    lines = [
        "# 可信程度 (Fidelity ledger)\n",
        (
            "官方文档、SDK 或真实应答写明的是「文档载明」；从集成商代码或同类接口推出的是「推断」；"
            "谁也不知道、由本产品决定的是「假设」。"
        ),
        (
            "Documented: a page, an SDK or a real reply says so. Inferred: from integrators' code "
            "or sibling methods. Assumed: nobody knows, this product decided.\n"
        ),
        f"| 种类 (kind) | {grades} |",
        "|---|---|---|---|",
    ]
    for kind in kinds:
        numbers = " | ".join(str(counts[kind, grade]) for grade in Grade)
        lines.append(f"| {kind} | {numbers} |")
    totals = Counter(evidence.grade for *_, evidence in rows)
    numbers = " | ".join(str(totals[grade]) for grade in Grade)
    lines.append(f"| 合计 (total) | {numbers} |")
    captured = sum(code.observed for code in CODES.values())
    lines.append(f"\n{len(CODES)} 个错误码中，{captured} 个的文字在真实应答中见过。")
    lines.append(f"The texts of {captured} of {len(CODES)} codes were seen in real replies.\n")
    lines.append("| 种类 (kind) | 名称 (name) | 默认 (default) | 依据 (grade) | 出处 (sources) |")
    lines.append("|---|---|---|---|---|")
    for kind, name, default, evidence in rows:
        places = ", ".join(
            link_sources(locate_citation(citation)) for citation in evidence.citations
        )
        escaped = default.replace("|", "\\|")
        grade = f"{evidence.grade.label} {evidence.grade}"
        lines.append(f"| {kind} | `{name}` | {escaped} | {grade} | {places} |")
    lines.append("\n## 来源与日期 (sources and dates)\n")
    lines += [f"- `{key}`: {source.title}" for key, source in SOURCES.items()]
    return "\n".join(lines) + "\n"

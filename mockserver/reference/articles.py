"""What the product knows, as text: one article for each code, status, move, method, rule and so on.

An article is made from a declaration (a row, a method, a rule, a fault, a lint rule …); nothing is
stated here.  Each says how the thing is known, and where that can be read: the last line of an
article's text names pages and anchors under docs/spec.  `explain` finds articles by id or title,
`render_reference` puts all of them into one Markdown page.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from ..api.declaration import Method
from ..api.methods import METHODS
from ..doctor.finding_texts import FINDING_TEXTS, FindingText
from ..doctor.signature_mistakes import MISTAKES, SIGN_FORM_MISTAKES
from ..domain.behaviours import BEHAVIOURS
from ..domain.durations import format_duration
from ..domain.evidence import SOURCES, Evidence, Grade, locate_citation
from ..domain.failure_codes import CAPTURED_SUB_CODES
from ..domain.moves import MOVES
from ..domain.rules import DEFAULTS, RULES
from ..domain.topics import TOPICS
from ..domain.vocabulary import Role, Status
from ..protocol.envelope import REPLY_FORM, SYSTEM_PARAMETERS, EnvelopePart
from ..protocol.errors import CODES, SUB_CODES
from ..protocol.shapes import Field
from ..review.lint_rules import LINT_RULES
from ..world.faults.fault_kinds import FAULTS
from ..world.faults.fault_sets import SETS, FaultSet
from ..world.faults.fault_types import FaultKind, FaultOption, Value
from .article import Article, cite, format_evidence_en, format_evidence_zh
from .field_articles import explain_fields, explain_parameters, format_param
from .flow_articles import explain_behaviour, explain_move, explain_role, explain_status
from .topic_articles import explain_topic

__all__ = ["build_articles", "explain", "render_reference"]


def _format_fields(fields: tuple[Field, ...], indent: str) -> Iterator[str]:
    """Yield a line for each field, the fields of an object below it, indented by two more."""
    for field in fields:
        item = f" → {field.item}[]" if field.item else ""
        requested_as = f" (fields 中写作 {field.requested_as})" if field.requested_as else ""
        yield f"{indent}{field.name}  {field.kind}{item}{requested_as}  {field.zh}".rstrip()
        yield from _format_fields(field.of, indent + "  ")


def _explain_method(method: Method) -> Article:
    session = "需要 session" if method.session else "不需要 session"
    evidence = format_evidence_zh(method.evidence)
    chinese = [
        f"{method.title}；{session}；应答 {method.wrapper}；{evidence}",
        "参数：",
        *(f"  {format_param(param)}" for param in method.params),
        "应答：",
        *_format_fields(method.reply, "  "),
    ]
    english = [
        f"{method.en}; reply {method.wrapper}; {format_evidence_en(method.evidence)}",
        "parameters:",
        *(
            f"  {param.name}  {param.kind} {'required' if param.required else 'optional'}"
            for param in method.params
        ),
    ]
    return Article(
        kind="方法 method",
        id=method.name,
        title=method.title,
        zh="\n".join(chinese),
        en="\n".join(english),
        citations=cite([method.evidence]),
    )


def _explain_rules() -> Iterator[Article]:
    defaults = DEFAULTS.to_dict()
    for rule in RULES.values():
        default = defaults[rule.name]
        yield Article(
            kind="规则 rule",
            id=rule.name,
            title=str(default),
            zh=f"{rule.zh}，默认 {default}\n{format_evidence_zh(rule.evidence)}",
            en=f"{rule.en}, default {default}\n{format_evidence_en(rule.evidence)}",
            citations=cite([rule.evidence]),
        )


def _explain_mistakes() -> Iterator[Article]:
    """Yield what the doctor says about a signature: one article for each mistake it recognizes."""
    for mistake in (*MISTAKES, *SIGN_FORM_MISTAKES):
        evidence = Evidence(Grade(mistake.grade), (mistake.source,))
        zh = f"如果{mistake.zh.replace('{}', '…')}，签名就对得上：{mistake.rule_zh}"
        en = f"your sign matches if you {mistake.en.replace('{}', '…')}: {mistake.rule_en}"
        yield Article(
            kind="诊断 finding",
            id=mistake.id,
            title="25 Invalid signature",
            zh=f"{zh}\n{format_evidence_zh(evidence)}",
            en=f"{en}\n{format_evidence_en(evidence)}",
            citations=cite([evidence]),
        )


def _explain_finding(finding: FindingText) -> Article:
    codes = [f"{code} {CODES[code].wire}" if code else "msg_code" for code in finding.codes]
    return Article(
        kind="诊断 finding",
        id=finding.id,
        title="、".join(codes) or "-",
        zh=finding.about_zh or re.sub(r"{\w+}", "…", finding.zh),
        en=finding.about_en or re.sub(r"{\w+}", "…", finding.en),
    )


def _explain_fault(fault: FaultKind) -> Article:
    calls_zh, calls_en = fault.calls.label
    chinese = [fault.zh, f"作用于：{calls_zh}"]
    english = [fault.en, f"meets: {calls_en}"]
    for option in fault.options:
        default = _format_value(option.default)
        chinese.append(
            f"选项 {option.name}，默认 {default}"
            f"{_format_among(option, '，取值 ', '、')}：{option.zh}"
        )
        english.append(
            f"option {option.name}, default {default}"
            f"{_format_among(option, ', one of ', ', ')}: {option.en}"
        )
    return Article(
        kind="故障 fault",
        id=fault.name,
        title=fault.zh.partition("：")[0],
        zh="\n".join([*chinese, format_evidence_zh(fault.evidence)]),
        en="\n".join([*english, format_evidence_en(fault.evidence)]),
        citations=cite([fault.evidence]),
    )


def _format_value(value: Value) -> str:
    if isinstance(value, timedelta):
        return format_duration(value)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) or '""'


def _format_among(option: FaultOption, before: str, between: str) -> str:
    return before + between.join(map(str, option.among)) if option.among else ""


def _explain_fault_set(fault_set: FaultSet) -> Article:
    lines = [
        " ".join(f"{name}={value}" for name, value in fault.items() if name != "times")
        for fault in fault_set.faults
    ]
    return Article(
        kind="故障集 fault set",
        id=fault_set.name,
        title=fault_set.zh.partition("：")[0],
        zh="\n".join([fault_set.zh, *lines]),
        en="\n".join([fault_set.en, *lines]),
    )


def _explain_codes() -> Iterator[Article]:
    """Yield an article for each code and each sub-code of the platform."""
    seen_zh = {True: "真实应答中见过此文字", False: "文字按可见规律推断"}
    seen_en = {True: "wire text seen", False: "wire text inferred"}
    for code in CODES.values():
        yield Article(
            kind="错误码 code",
            id=str(code.code),
            title=code.wire,
            zh=f"{code.zh}\n{seen_zh[code.observed]}",
            en=f"{code.en}\n{seen_en[code.observed]}",
            citations=("top-4.2",),
        )
    for sub_code in SUB_CODES:
        yield Article(
            kind="子错误码 sub_code",
            id=sub_code.name,
            title=f"{sub_code.code} {CODES[sub_code.code].wire}",
            zh=f"{sub_code.zh}\n{seen_zh[sub_code.observed]}",
            en=f"{sub_code.en}\n{seen_en[sub_code.observed]}",
            citations=("top-4.3",),
        )


def _explain_captured_sub_codes() -> Iterator[Article]:
    """Yield an article for each sub_code of the siblings that rule `failure_shape` answers with."""
    failures: dict[tuple[str, str], list[str]] = {}
    for failure, captured in CAPTURED_SUB_CODES.items():
        for pair in captured:
            failures.setdefault(pair, []).append(f"msg_code.{failure}")
    for (name, sub_msg), rules in failures.items():
        yield Article(
            kind="子错误码 sub_code",
            id=name,
            title=f"15 {CODES[15].wire}",
            zh=f"{sub_msg}\n规则 failure_shape 为 error15 时代替 {'、'.join(rules)}；"
            "同类接口的真实应答中见过",
            en=f"instead of {', '.join(rules)} under rule failure_shape: error15; seen in real "
            "replies of sibling methods",
            citations=("evidence-2.3",),
        )


def _explain_envelope(kind: str, part: EnvelopePart) -> Article:
    return Article(
        kind=kind, id=part.name, title=part.title, zh=part.zh, en=part.en, citations=part.citations
    )


def _explain_lint_rules() -> Iterator[Article]:
    for rule in LINT_RULES.values():
        yield Article(
            kind="客户端行为 lint rule",
            id=rule.id,
            title=f"{rule.severity.zh} {rule.title}",
            zh=f"{rule.zh}\n见 {rule.page.replace('.md#', '.zh-CN.md#')}\n"
            f"{format_evidence_zh(rule.evidence)}",
            en=f"{rule.severity.word}: {rule.en}\nsee {rule.page}\n"
            f"{format_evidence_en(rule.evidence)}",
            citations=cite([rule.evidence]),
        )


def build_articles() -> Iterator[Article]:
    """Yield everything that can be explained, kind by kind."""
    yield from _explain_codes()
    yield from _explain_captured_sub_codes()
    yield from (_explain_envelope("系统参数 system", part) for part in SYSTEM_PARAMETERS)
    yield from (_explain_envelope("应答 reply", part) for part in REPLY_FORM)
    yield from map(explain_status, Status)
    yield from (explain_move(name, move) for name, move in MOVES.items())
    yield from map(_explain_method, METHODS.values())
    yield from map(explain_topic, TOPICS.values())
    yield from explain_parameters()
    yield from explain_fields()
    yield from _explain_rules()
    yield from map(explain_behaviour, BEHAVIOURS.values())
    yield from _explain_lint_rules()
    yield from map(_explain_fault, FAULTS.values())
    yield from map(_explain_fault_set, SETS.values())
    yield from map(explain_role, Role)
    yield from _explain_mistakes()
    yield from map(_explain_finding, FINDING_TEXTS.values())


def explain(term: str) -> list[Article]:
    """Return the articles whose id or title is `term`; empty if nothing is called so.

    A term is a number, a Chinese status text, a move, a method, a topic, a parameter, a field, a
    rule, a code, a finding or a citation (`guide-7`).  What follows a colon is ignored:
    `isv.missing-parameter:fields` is explained as `isv.missing-parameter`.
    """
    name = term.strip()
    bare = name.partition(":")[0]
    articles = [
        article
        for article in build_articles()
        if name in (article.id, article.title) or bare == article.id
    ]
    if name.partition("-")[0] in SOURCES:
        articles.append(_explain_source(name))
    return articles


def _explain_source(citation: str) -> Article:
    """Return the article on a citation as scenarios and evidence write it (`guide`, `guide-7`)."""
    title = SOURCES[citation.partition("-")[0]].title
    return Article("来源 source", citation, title, zh=title, en=title, citations=(citation,))


def render_reference(lang: str) -> str:
    """Return all articles by kind, then the sources, as a Markdown page (`zh` or `en`)."""
    parts = ["# tmall-mockserver 参考 (reference)\n"]
    kind = ""
    for article in build_articles():
        if article.kind != kind:
            kind = article.kind
            parts.append(f"\n## {article.kind_name(lang)}\n")
        lines = "\n".join(f"- {line}" for line in article.body(lang).split("\n"))
        parts.append(f"### {article.id} {article.title}\n\n{lines}\n")
    parts.append("\n## sources\n" if lang == "en" else "\n## 来源\n")
    parts += [
        f"- `{key}`: {source.title} ({locate_citation(key)})" for key, source in SOURCES.items()
    ]
    return "\n".join(parts) + "\n"

"""What the product knows, as text: one entry for each code, status, move, method, switch, fault and finding; and all of it.

Every entry says how the rule is known.  Derived from the declarations; nothing is stated here.
"""

import re
from collections.abc import Iterator
from datetime import timedelta

from msgspec import Struct

from ..api.declaration import Method
from ..api.methods import METHODS
from ..doctor.finding_texts import FINDING_TEXTS
from ..doctor.signature_mistakes import MISTAKES, SIGN_FORM_MISTAKES
from ..domain.behaviours import BEHAVIOURS, Action, Behaviour, Party
from ..domain.durations import format_duration
from ..domain.evidence import SOURCES, Evidence, Grade
from ..domain.moves import MOVES, Judge
from ..domain.rules import DEFAULTS, RULES
from ..domain.state_diagram import render_diagram
from ..domain.table import TABLE, Row
from ..domain.vocabulary import Role, Ruleset, Status
from ..protocol.errors import CODES, SUB_CODES
from ..protocol.shapes import Field, Param
from ..review.lint_rules import LINT_RULES
from ..world.faults.fault_kinds import FAULTS, SETS, FaultKind, FaultOption, FaultSet, Value

__all__ = ["Article", "build_articles", "explain", "render_diagrams", "render_reference"]


_SEEN_ZH = {True: "真实应答中见过此文字", False: "文字按可见规律推断"}
_SEEN_EN = {True: "wire text seen", False: "wire text inferred"}


class Article(Struct, frozen=True):
    """One thing explained: its kind and id, in Chinese and English."""

    kind: str
    id: str
    title: str
    zh: str
    en: str

    def text(self, lang: str) -> str:
        """The article as lines, in the language asked for."""
        body = self.en if lang == "en" else self.zh
        return f"{self.kind} {self.id}  {self.title}\n" + "\n".join(
            f"  {line}" for line in body.split("\n")
        )


def _known(evidence: Evidence) -> str:
    note = f"；{evidence.note}" if evidence.note else ""
    return f"依据：{evidence.grade.label}({', '.join(evidence.sources)}{note})"


def _known_en(evidence: Evidence) -> str:
    return f"evidence: {evidence}" + (f"; {evidence.note}" if evidence.note else "")


def _row_zh(row: Row) -> str:
    source = "(新申请)" if row.source is None else f"{row.source.value} {row.source.zh}"
    when = "".join(f"，{condition.label}" for condition in row.when)
    posts = "".join(f"，{posting.zh}" for posting in row.postings)
    after = (
        f"，满 {format_duration(DEFAULTS.duration(row.deadline_rule))} 后"
        if row.deadline_rule
        else ""
    )
    rulesets = "" if len(row.rulesets) == 2 else f"，仅 {row.rulesets[0]}"
    return (
        f"{source} → {row.target.value} {row.target.zh}：{row.by.zh}{row.move.zh}{after}{when}{posts}{rulesets}"
        f" 〔{_known(row.evidence)}{f'；upgraded {_known(row.upgraded_evidence)}' if row.upgraded_evidence else ''}〕"
    )


def _row_en(row: Row) -> str:
    source = "new" if row.source is None else row.source.value
    when = f" when {', '.join(c.name for c in row.when)}" if row.when else ""
    posts = "".join(f"; {p.goods} {p.source} -> {p.target}" for p in row.postings)
    after = (
        f" after {format_duration(DEFAULTS.duration(row.deadline_rule))}"
        if row.deadline_rule
        else ""
    )
    only = "" if len(row.rulesets) == 2 else f" ({row.rulesets[0]} only)"
    return f"{source} -> {row.target.value}: {row.by} {row.move.name()}{after}{when}{posts}{only} [{_known_en(row.evidence)}{f'; upgraded {_known_en(row.upgraded_evidence)}' if row.upgraded_evidence else ''}]"


def _param(param: Param) -> str:
    need = "必填" if param.required else "可选"
    limit = f"，最多 {param.limit} 项" if param.limit else ""
    among = f"，取值 {'、'.join(param.among)}" if param.among else ""
    default = f"，默认 {param.default}" if param.default else ""
    return f"{param.name}  {param.kind} {need}{limit}{among}{default}  {param.zh}".rstrip()


def _fields(fields: tuple[Field, ...], indent: str = "") -> Iterator[str]:
    for field in fields:
        item = f" → {field.item}[]" if field.item else ""
        asked = f" (fields 中写作 {field.asked_as})" if field.asked_as else ""
        yield f"{indent}{field.name}  {field.kind}{item}{asked}  {field.zh}".rstrip()
        yield from _fields(field.of, indent + "  ")


def _method(method: Method) -> Article:
    session = "需要 session" if method.session else "不需要 session"
    parts = [
        f"{method.title}；{session}；应答 {method.wrapper}；{_known(method.evidence)}",
        "参数：",
    ]
    parts += [f"  {_param(param)}" for param in method.params]
    parts += ["应答：", *_fields(method.reply, "  ")]
    english = [f"{method.en}; reply {method.wrapper}; {_known_en(method.evidence)}", "parameters:"]
    english += [
        f"  {p.name}  {p.kind} {'required' if p.required else 'optional'}" for p in method.params
    ]
    return Article("方法 method", method.name, method.title, "\n".join(parts), "\n".join(english))


def _habits(policy: Behaviour) -> Iterator[tuple[Party, str, str, tuple[Action, ...]]]:
    """Who, where (in Chinese and English), and the choices there."""
    for status, rules in policy.buyer.items():
        yield Party.BUYER, f" {status.value} {status.zh}", f" {status.value}", rules
    yield Party.COURIER, "", "", policy.courier
    for cs, rules in policy.cs.items():
        yield Party.CS, f" {cs.zh}", f" {cs.en}", rules


def _deed(party: Party, choice: Action) -> tuple[str, str]:
    """What a choice amounts to, in Chinese and English."""
    move = choice.move
    if party is Party.COURIER:
        return ("送达", "delivers") if move else ("丢失", "loses it")
    if move is None:
        return "不作为", "nothing"
    verdict = f" {move.verdict}" if isinstance(move, Judge) else ""
    return move.zh + verdict, move.name() + verdict


def _choice(party: Party, choice: Action) -> tuple[str, str]:
    """A choice with its delay and weight, in Chinese and English."""
    (zh, en), delay = _deed(party, choice), choice.delay
    span = "–".join(dict.fromkeys((format_duration(delay.least), format_duration(delay.most))))
    if choice.move is not None:
        zh = f"时限前 {span} {zh}" if delay.ending else f"{span} 后{zh}"
        en = f"{en} {span} before the deadline" if delay.ending else f"{en} after {span}"
    return f"{zh} ×{choice.weight}", f"{en} ×{choice.weight}"


def _policy(policy: Behaviour) -> Article:
    zh, en = [policy.zh], [policy.en]
    for party, where_zh, where_en, rules in _habits(policy):
        shown = [_choice(party, choice) for choice in rules]
        zh.append(f"{party.zh}{where_zh}：{'、'.join(each for each, _ in shown)}")
        en.append(f"{party}{where_en}: {', '.join(each for _, each in shown)}")
    return Article(
        "机器人策略 policy",
        policy.name,
        policy.label,
        "\n".join([*zh, _known(policy.evidence)]),
        "\n".join([*en, _known_en(policy.evidence)]),
    )


def _findings() -> Iterator[Article]:
    """What `doctor` can say: mistakes of signing, then all else."""
    for mistake in (*MISTAKES, *SIGN_FORM_MISTAKES):
        known = Evidence(Grade(mistake.grade), (mistake.source,))
        zh, en = mistake.zh.replace("{}", "…"), mistake.en.replace("{}", "…")
        yield Article(
            "诊断 finding",
            mistake.id,
            "25 Invalid signature",
            f"如果{zh}，签名就对得上：{mistake.rule_zh}\n{_known(known)}",
            f"your sign matches if you {en}: {mistake.rule_en}\n{_known_en(known)}",
        )
    for hint in FINDING_TEXTS.values():
        title = (
            "、".join(f"{code} {CODES[code].wire}" if code else "msg_code" for code in hint.codes)
            or "-"
        )
        zh, en = (
            hint.about_zh or re.sub(r"{\w+}", "…", hint.zh),
            hint.about_en or re.sub(r"{\w+}", "…", hint.en),
        )
        yield Article("诊断 finding", hint.id, title, zh, en)


def _fault(kind: FaultKind) -> Article:
    calls_zh, calls_en = kind.calls.label
    chinese = [
        kind.zh,
        f"作用于：{calls_zh}",
        *(
            f"选项 {o.name}，默认 {_value(o.default)}{_among(o, '，取值 ', '、')}：{o.zh}"
            for o in kind.options
        ),
    ]
    english = [
        kind.en,
        f"meets: {calls_en}",
        *(
            f"option {o.name}, default {_value(o.default)}{_among(o, ', one of ', ', ')}: {o.en}"
            for o in kind.options
        ),
    ]
    title = kind.zh.partition("：")[0]
    return Article(
        "故障 fault",
        kind.name,
        title,
        "\n".join([*chinese, _known(kind.evidence)]),
        "\n".join([*english, _known_en(kind.evidence)]),
    )


def _value(value: Value) -> str:
    return (
        format_duration(value)
        if isinstance(value, timedelta)
        else str(value).lower()
        if isinstance(value, bool)
        else str(value) or '""'
    )


def _among(option: FaultOption, before: str, between: str) -> str:
    return before + between.join(map(str, option.among)) if option.among else ""


def _fault_set(each: FaultSet) -> Article:
    lines = [
        " ".join(f"{name}={value}" for name, value in fault.items() if name != "times")
        for fault in each.faults
    ]
    return Article(
        "故障集 fault set",
        each.name,
        each.zh.partition("：")[0],
        "\n".join([each.zh, *lines]),
        "\n".join([each.en, *lines]),
    )


def build_articles() -> Iterator[Article]:
    """Everything that can be explained."""
    for code in CODES.values():
        yield Article(
            "错误码 code",
            str(code.code),
            code.wire,
            f"{code.zh}\n{_SEEN_ZH[code.seen]}",
            f"{code.en}\n{_SEEN_EN[code.seen]}",
        )
    for sub in SUB_CODES:
        yield Article(
            "子错误码 sub_code",
            sub.name,
            f"{sub.code} {CODES[sub.code].wire}",
            f"{sub.zh}\n{_SEEN_ZH[sub.seen]}",
            f"{sub.en}\n{_SEEN_EN[sub.seen]}",
        )
    for status in Status:
        rows = [row for row in TABLE if row.source is status]
        ends_zh, ends_en = ("流程到此结束", "the flow ends here") if not rows else ("", "")
        yield Article(
            "状态 status",
            str(status.value),
            status.zh,
            "\n".join([*map(_row_zh, rows), ends_zh]).strip(),
            "\n".join([status.en, *map(_row_en, rows), ends_en]).strip(),
        )
    for name, move in MOVES.items():
        rows = [row for row in TABLE if row.move is move]
        fields = ", ".join(move.__struct_encode_fields__) or "-"
        yield Article(
            "操作 move",
            name,
            move.zh,
            "\n".join([f"字段：{fields}", *map(_row_zh, rows)]),
            "\n".join([f"{move.en}; fields: {fields}", *map(_row_en, rows)]),
        )
    for method in METHODS.values():
        yield _method(method)
    shown = DEFAULTS.to_dict()
    for switch in RULES.values():
        yield Article(
            "规则 rule",
            switch.name,
            str(shown[switch.name]),
            f"{switch.zh}，默认 {shown[switch.name]}\n{_known(switch.evidence)}",
            f"{switch.en}, default {shown[switch.name]}\n{_known_en(switch.evidence)}",
        )
    for policy in BEHAVIOURS.values():
        yield _policy(policy)
    for conduct in LINT_RULES.values():
        yield Article(
            "客户端行为 conduct",
            conduct.id,
            f"{conduct.severity.zh} {conduct.title}",
            f"{conduct.zh}\n{_known(conduct.evidence)}",
            f"{conduct.severity.word}: {conduct.en}\n{_known_en(conduct.evidence)}",
        )
    yield from map(_fault, FAULTS.values())
    yield from map(_fault_set, SETS.values())
    for role in Role:
        yield Article(
            "角色 role", str(role.value), role.zh, f"operator_roles 的 {role.value}", role.en
        )
    yield from _findings()


def explain(wanted: str) -> list[Article]:
    """The articles about an id: a number, a Chinese status text, a move, a method, a rule, a business code, a finding of the report."""
    key = wanted.strip()
    bare = key.partition(":")[
        0
    ]  # isv.missing-parameter:fields is explained as isv.missing-parameter
    return [
        article
        for article in build_articles()
        if key in (article.id, article.title) or bare == article.id
    ]


def render_reference(lang: str) -> str:
    """All articles by kind, then the sources, as Markdown."""
    parts = ["# tmall-mockserver 参考 (reference)\n"]
    kind = ""
    for article in build_articles():
        if article.kind != kind:
            kind = article.kind
            parts.append(f"\n## {kind}\n")
        body = article.en if lang == "en" else article.zh
        parts.append(
            f"### {article.id} {article.title}\n\n"
            + "\n".join(f"- {line}" for line in body.split("\n"))
            + "\n"
        )
    parts.append("\n## 来源 sources\n")
    parts += [f"- `{key}`: {title}" for key, title in SOURCES.items()]
    return "\n".join(parts) + "\n"


def render_diagrams() -> str:
    """Both rulesets as Mermaid blocks."""
    return "\n".join(f"%% {ruleset} {ruleset.zh}\n{render_diagram(ruleset)}" for ruleset in Ruleset)

"""Articles on the flow of an exchange: statuses, moves, the behaviours of robots, roles."""

from collections.abc import Iterable, Iterator

from ..domain.behaviours import Action, Behaviour, Party
from ..domain.durations import format_duration
from ..domain.moves import Judge, Move
from ..domain.rules import DEFAULTS
from ..domain.table import TABLE, Row
from ..domain.vocabulary import Role, Ruleset, Status
from .article import Article, cite, format_evidence_en, format_evidence_zh

__all__ = ["explain_behaviour", "explain_move", "explain_role", "explain_status"]


def _cite_rows(rows: Iterable[Row]) -> tuple[str, ...]:
    return cite(evidence for row in rows for evidence in (row.evidence, row.upgraded_evidence))


def _format_row_zh(row: Row) -> str:
    source = "(新申请)" if row.source is None else f"{row.source.value} {row.source.zh}"
    when = "".join(f"，{condition.label}" for condition in row.when)
    postings = "".join(f"，{posting.zh}" for posting in row.postings)
    after = f"，满 {_default_duration(row)} 后" if row.deadline_rule else ""
    rulesets = "" if len(row.rulesets) == len(Ruleset) else f"，仅 {row.rulesets[0]}"
    evidence = format_evidence_zh(row.evidence)
    if row.upgraded_evidence:
        evidence += f"；upgraded {format_evidence_zh(row.upgraded_evidence)}"
    return (
        f"{source} → {row.target.value} {row.target.zh}：{row.by.zh}{row.move.zh}"
        f"{after}{when}{postings}{rulesets} 〔{evidence}〕"
    )


def _format_row_en(row: Row) -> str:
    source = "new" if row.source is None else row.source.value
    names = ", ".join(condition.name for condition in row.when)
    when = f" when {names}" if names else ""
    postings = "".join(f"; {p.goods} {p.source} -> {p.target}" for p in row.postings)
    after = f" after {_default_duration(row)}" if row.deadline_rule else ""
    only = "" if len(row.rulesets) == len(Ruleset) else f" ({row.rulesets[0]} only)"
    evidence = format_evidence_en(row.evidence)
    if row.upgraded_evidence:
        evidence += f"; upgraded {format_evidence_en(row.upgraded_evidence)}"
    return (
        f"{source} -> {row.target.value}: {row.by} {row.move.name()}"
        f"{after}{when}{postings}{only} [{evidence}]"
    )


def _default_duration(row: Row) -> str:
    return format_duration(DEFAULTS.duration(row.deadline_rule))


def explain_status(status: Status) -> Article:
    rows = [row for row in TABLE if row.source is status]
    return Article(
        kind="状态 status",
        id=str(status.value),
        title=status.zh,
        zh="\n".join(map(_format_row_zh, rows)) if rows else "流程到此结束",
        en="\n".join([status.en, *(map(_format_row_en, rows) if rows else ["the flow ends here"])]),
        citations=("api-5", *_cite_rows(rows)),
    )


def explain_move(name: str, move: type[Move]) -> Article:
    rows = [row for row in TABLE if row.move is move]
    fields = ", ".join(move.__struct_encode_fields__) or "-"
    return Article(
        kind="操作 move",
        id=name,
        title=move.zh,
        zh="\n".join([f"字段：{fields}", *map(_format_row_zh, rows)]),
        en="\n".join([f"{move.en}; fields: {fields}", *map(_format_row_en, rows)]),
        citations=_cite_rows(rows),
    )


def _list_actions(behaviour: Behaviour) -> Iterator[tuple[Party, str, str, tuple[Action, ...]]]:
    """Yield each party, where it acts (in Chinese and English), and its actions there."""
    for status, actions in behaviour.buyer.items():
        yield Party.BUYER, f" {status.value} {status.zh}", f" {status.value}", actions
    yield Party.COURIER, "", "", behaviour.courier
    for cs_status, actions in behaviour.cs.items():
        yield Party.CS, f" {cs_status.zh}", f" {cs_status.en}", actions


def _name_action(party: Party, action: Action) -> tuple[str, str]:
    """Return what an action does, in Chinese and English."""
    move = action.move
    if party is Party.COURIER:
        return ("送达", "delivers") if move else ("丢失", "loses it")
    if move is None:
        return "不作为", "nothing"
    verdict = f" {move.verdict}" if isinstance(move, Judge) else ""
    return move.zh + verdict, move.name() + verdict


def _format_action(party: Party, action: Action) -> tuple[str, str]:
    """Return an action with its delay and weight, in Chinese and English."""
    zh, en = _name_action(party, action)
    delay = action.delay
    span = "–".join(dict.fromkeys((format_duration(delay.least), format_duration(delay.most))))
    if action.move is not None and delay.ending:
        zh, en = f"时限前 {span} {zh}", f"{en} {span} before the deadline"
    elif action.move is not None:
        zh, en = f"{span} 后{zh}", f"{en} after {span}"
    return f"{zh} ×{action.weight}", f"{en} ×{action.weight}"


def explain_behaviour(behaviour: Behaviour) -> Article:
    chinese = [behaviour.zh]
    english = [behaviour.en]
    for party, where_zh, where_en, actions in _list_actions(behaviour):
        texts = [_format_action(party, action) for action in actions]
        chinese.append(f"{party.zh}{where_zh}：{'、'.join(zh for zh, _ in texts)}")
        english.append(f"{party}{where_en}: {', '.join(en for _, en in texts)}")
    return Article(
        kind="机器人策略 policy",
        id=behaviour.name,
        title=behaviour.label,
        zh="\n".join([*chinese, format_evidence_zh(behaviour.evidence)]),
        en="\n".join([*english, format_evidence_en(behaviour.evidence)]),
        citations=cite([behaviour.evidence]),
    )


def explain_role(role: Role) -> Article:
    return Article(
        kind="角色 role",
        id=str(role.value),
        title=role.zh,
        zh=f"operator_roles 的 {role.value}",
        en=role.en,
        citations=("guide-3",),
    )

"""Articles on the topics of the message channel: when each is sent, and what stands in it."""

from ..domain.evidence import Evidence
from ..domain.table import TABLE, Row
from ..domain.topics import MEMBERS, Topic
from .article import Article, cite, format_evidence_en, format_evidence_zh

__all__ = ["explain_topic"]


def explain_topic(topic: Topic) -> Article:
    """Return the article on a topic: its rule, the rows that send it, the members of its
    `content`."""
    firings = [
        (row, firing.evidence)
        for row in TABLE
        for firing in row.fires
        if firing.topic.name == topic.name
    ]
    only_zh = f"只在规则 {topic.rule} 打开时发送\n" if topic.rule else ""
    only_en = f"sent under the rule {topic.rule} only\n" if topic.rule else ""
    return Article(
        kind="消息主题 topic",
        id=topic.name,
        title=topic.zh,
        zh="\n".join(
            [
                f"{only_zh}何时发送：",
                *(_format_firing_zh(*firing) for firing in firings),
                "content(JSON 文字)：",
                *(f"  {member}  {MEMBERS[member][0]}" for member in topic.members),
                format_evidence_zh(topic.evidence),
            ]
        ),
        en="\n".join(
            [
                topic.en,
                f"{only_en}sent:",
                *(_format_firing_en(*firing) for firing in firings),
                "content (JSON text):",
                *(f"  {member}  {MEMBERS[member][1]}" for member in topic.members),
                format_evidence_en(topic.evidence),
            ]
        ),
        citations=cite([topic.evidence, *(evidence for _, evidence in firings)]),
    )


def _format_firing_zh(row: Row, evidence: Evidence) -> str:
    source = "(新申请)" if row.source is None else f"{row.source.value} {row.source.zh}"
    return (
        f"  {row.by.zh}{row.move.zh}：{source} → {row.target.value} {row.target.zh}"
        f" 〔{format_evidence_zh(evidence)}〕"
    )


def _format_firing_en(row: Row, evidence: Evidence) -> str:
    source = "new" if row.source is None else row.source.value
    return (
        f"  {row.by} {row.move.name()}: {source} -> {row.target.value}"
        f" [{format_evidence_en(evidence)}]"
    )

"""What reading a scenario collects on its way: mistakes, names so far, the rules in force."""

from collections.abc import Iterable

from ..domain.rules import DEFAULTS, RuleValues
from ..domain.vocabulary import Status
from ..world.document import BadDocument, unknown_name
from .references import find_references
from .yaml_text import FileMistake, Node

__all__ = ["ReadContext"]


class ReadContext:
    """The state of reading one scenario, step by step.

    `exchange_names`, `value_names` and `snapshot_names` are what earlier steps have named;
    `status_texts` all texts that a status has had so far, as a snapshot may bring earlier ones
    back.
    """

    def __init__(self) -> None:
        self.mistakes: list[FileMistake] = []
        self.rules: RuleValues = DEFAULTS
        self.status_texts: set[str] = {status.zh for status in Status}
        self.exchange_names: set[str] = set()
        self.value_names: set[str] = set()
        self.snapshot_names: set[str] = set()

    def set_rules(self, rules: RuleValues) -> None:
        """Take the rules that hold from here on."""
        self.rules = rules
        self.status_texts |= {rules.text(f"text.{status.value}") for status in Status}

    def report(self, node: Node, zh: str, en: str, key: str = "") -> None:
        """Add a mistake at a node, or at one of its keys."""
        self.mistakes.append(node.mistake(zh, en, key))

    def report_unknown_key(
        self, node: Node, key: str, names: Iterable[str], what: str = "键"
    ) -> None:
        """Add a mistake for a key that means nothing, with what was probably meant."""
        self.report_error(node, unknown_name(key, key, sorted(names), what), key)

    def report_error(self, node: Node, error: BadDocument, key: str = "") -> None:
        """Add what a lower floor says of a value, at its place in the file."""
        self.report(node, error.zh, error.en, key)

    def read_text(self, node: Node, key: str, default: str = "") -> str:
        """Return a member that is a text, a whole number as its text.

        `default` if it is missing or wrong.
        """
        member = node.value.get(key)
        if member is None:
            return default
        value = member.value
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value)
        self.report(member, f"{key} 应为文字", f"{key} is a text")
        return default

    def read_flag(self, node: Node, key: str) -> bool:
        """Return a member that is true or false; False if it is missing or wrong."""
        member = node.value.get(key)
        if member is not None and not isinstance(member.value, bool):
            self.report(member, f"{key} 应为 true 或 false", f"{key} is true or false")
        return member is not None and member.value is True

    def read_mapping(self, node: Node, key: str) -> Node | None:
        """Return a member that is a mapping with members; None if it is missing or wrong."""
        member: Node | None = node.value.get(key)
        if member is None:
            return None
        if not isinstance(member.value, dict) or not member.value:
            self.report(member, f"{key} 应为非空映射", f"{key} is a mapping that is not empty")
            return None
        return member

    def check_references(self, node: Node) -> None:
        """Add a mistake for each `$name` that no earlier step has given to anything."""
        names = self.exchange_names | self.value_names
        for name, place in find_references(node):
            head = name.partition(".")[0]
            if head in names:
                continue
            if head == "it":
                self.report(
                    place,
                    "此前没有换货单，$it 无所指",
                    "there is no exchange yet that $it could mean",
                )
            else:
                self.report_error(place, unknown_name(head, head, sorted(names) or ["it"], "名称"))

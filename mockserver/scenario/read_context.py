"""What reading a story collects: its mistakes, the names known so far, the rules it sets."""

from collections.abc import Iterable

from ..domain.rules import DEFAULTS, RuleValues
from ..domain.vocabulary import Status
from ..world.document import BadDocument, unknown_name
from .references import find_references
from .yaml_text import FileMistake, Node

__all__ = ["ReadContext"]


class ReadContext:
    """One story on its way from text to steps."""

    def __init__(self) -> None:
        self.mistakes: list[FileMistake] = []
        self.rules: RuleValues = DEFAULTS
        self.texts: set[str] = {
            each.zh for each in Status
        }  # of statuses; a snapshot may bring earlier ones back
        self.exchanges: set[str] = set()
        self.values: set[str] = set()
        self.snapshots: set[str] = set()
        self.calling = False  # a call may name values that only the reply of another gave

    def rule(self, rules: RuleValues) -> None:
        """From here on the sandbox follows these choices."""
        self.rules = rules
        self.texts |= {rules.text(f"text.{each.value}") for each in Status}

    def wrong(self, node: Node, zh: str, en: str, key: str = "") -> None:
        """A mistake at a node or one of its keys."""
        self.mistakes.append(node.mistake(zh, en, key))

    def unknown(self, node: Node, key: str, known: Iterable[str], what: str = "键") -> None:
        """A key that means nothing here, with what was probably meant."""
        refusal = unknown_name(key, key, sorted(known), what)
        self.wrong(node, refusal.zh, refusal.en, key)

    def refused(self, node: Node, refusal: BadDocument, key: str = "") -> None:
        """What another floor refuses, at its place here."""
        self.wrong(node, refusal.zh, refusal.en, key)

    def text(self, node: Node, key: str, default: str = "") -> str:
        """A member that is a text; numbers are taken as written."""
        found = node.value.get(key)
        if found is None:
            return default
        if (
            isinstance(found.value, str | int)
            and not isinstance(found.value, bool)
            and str(found.value).strip()
        ):
            return str(found.value)
        self.wrong(found, f"{key} 应为文字", f"{key} is a text")
        return default

    def flag(self, node: Node, key: str) -> bool:
        """A member that is true or false."""
        found = node.value.get(key)
        if found is not None and not isinstance(found.value, bool):
            self.wrong(found, f"{key} 应为 true 或 false", f"{key} is true or false")
        return found is not None and found.value is True

    def members(self, node: Node, key: str) -> Node | None:
        """A member that is a mapping, empty ones left out."""
        found: Node | None = node.value.get(key)
        if found is None:
            return None
        if not isinstance(found.value, dict) or not found.value:
            self.wrong(found, f"{key} 应为非空映射", f"{key} is a mapping that is not empty")
            return None
        return found

    def check_references(self, node: Node) -> None:
        """Every `$name` is an exchange, or a value that a call kept, of an earlier step."""
        known = self.exchanges | self.values
        for name, place in find_references(node):
            head = name.partition(".")[0]
            if head in known:
                continue
            if head == "it":
                self.wrong(
                    place,
                    "此前没有换货单，$it 无所指",
                    "there is no exchange yet that $it could mean",
                )
                continue
            refusal = unknown_name(head, head, sorted(known) or ["it"], "名称")
            self.wrong(place, refusal.zh, refusal.en)

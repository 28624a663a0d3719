"""What reading a scenario collects on its way: mistakes, names so far, the rules in force."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..domain.rules import DEFAULTS, RuleValues
from ..domain.vocabulary import Role, Status
from ..world.document import BadDocument, unknown_name
from .given_check import make_world
from .references import find_references
from .yaml_text import MAX_MISTAKES, FileMistake, InvalidFile, Node

__all__ = ["ReadContext"]


class ReadContext:
    """The state of reading one scenario, step by step.

    `goods_names` (with SKU ids), `session_labels` and `shops` (nick, and whether it has a
    sub-account) are those of the sandbox, None where they are not known.

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
        self.needs_fields = True  # as far as no rule has ever said otherwise
        self.goods_names: set[str] | None = None
        self.session_labels: set[str] | None = None
        self.shops: Mapping[str, bool] | None = None

    def enter_world(self, document: Mapping[str, Any]) -> None:
        """Take the names of the sandbox that the scenario begins in; `document` can be made."""
        view = make_world(document).view
        self.set_rules(view.rules)
        self.goods_names = {name for goods in view.goods() for name in (goods.name, goods.sku_id)}
        sessions = view.sessions()
        self.session_labels = {
            name for session in sessions for name in (session.label, session.nick)
        }
        subs = {session.shop for session in sessions if session.role is Role.SELLER_SUB}
        self.shops = {shop.nick: shop.nick in subs for shop in view.shops()}

    def add_goods(self, node: Node | None) -> None:
        """Take the name of a SKU that an application makes, where the sandbox has none."""
        if node is None or self.goods_names is None:
            return
        if isinstance(node.value, str) and "$" in node.value:
            self.goods_names = None  # any name may be one from here on
        else:
            self.goods_names.add(str(node.value))

    def set_rules(self, rules: RuleValues) -> None:
        """Take the rules that hold from here on."""
        self.rules = rules
        self.needs_fields = self.needs_fields and rules["fields_required"] is True
        self.status_texts |= {rules.text(f"text.{status.value}") for status in Status}

    def report(self, node: Node, zh: str, en: str, key: str = "") -> None:
        """Add a mistake at a node, or at one of its keys."""
        self.add((node.mistake(zh, en, key),))

    def add(self, mistakes: Iterable[FileMistake]) -> None:
        """Add mistakes; more than are ever listed end the reading.

        Raises:
            InvalidFile: there are so many already.
        """
        self.mistakes += mistakes
        if len(self.mistakes) >= MAX_MISTAKES:
            raise InvalidFile(self.mistakes)

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

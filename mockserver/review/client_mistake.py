"""What one common mistake of clients is: sentences, costs, and by what a check knows it."""

from msgspec import Struct

from .lint_rules import Severity

__all__ = ["ClientMistake"]


class ClientMistake(Struct, frozen=True, kw_only=True):
    """One of the common mistakes of ISV clients, in Chinese and English.

    `zh`, `en` say what happens; `cost_…` what it costs in production; `change_…` what to do
    instead; `wrong` and `right` are notes in the form of code.  A mistake shows by `findings` (lint
    rules), `checks` (of the state machine), `codes` (of refused calls) and `scenarios` (shipped
    ones that fail).  An error keeps a client from going live, a warning or a hint does not.
    """

    id: str
    severity: Severity
    title_zh: str
    title_en: str
    zh: str
    en: str
    cost_zh: str
    cost_en: str
    change_zh: str
    change_en: str
    wrong: str
    right: str
    findings: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    codes: tuple[int, ...] = ()
    scenarios: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """Return the page about the mistake; the Chinese one has `.zh-CN` before `.md`."""
        return f"docs/mistakes/{self.id}.md"

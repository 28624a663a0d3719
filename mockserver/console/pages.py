"""All pages of the console."""

from . import (
    clock,
    coverage,
    exchange_list,
    exchange_page,
    faults,
    journal,
    knowledge,
    messages,
    sandboxes,
    scenarios,
    share,
)
from .page import Page

__all__ = ["PAGES"]

PAGES: tuple[Page, ...] = (
    *sandboxes.PAGES,
    *exchange_list.PAGES,
    *exchange_page.PAGES,
    *clock.PAGES,
    *journal.PAGES,
    *messages.PAGES,
    *faults.PAGES,
    *scenarios.PAGES,
    *coverage.PAGES,
    *knowledge.PAGES,
    *share.PAGES,
)

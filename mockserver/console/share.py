"""One file for a bug report: the sandbox's history as a scenario, its calls, the client report.

Scenario and journal are masked where they are made; nothing else goes into the file.
"""

import io
import zipfile

import msgspec

from ..protocol.shapes import format_time
from .page import Page
from .visit import Answer, Download, Visit

__all__ = ["PAGES"]

_README = (
    "一次问题的全部材料：scenario.yaml 可用 tmall-mockserver run 重放，journal.har 是全部请求，\n"
    "report.json 是对客户端的检查。密钥、会话、个人信息已遮盖。\n"
    "All of one problem: scenario.yaml replays with tmall-mockserver run, journal.har has the\n"
    "calls, report.json what they show of the client. Secrets, sessions, personal data are\n"
    "masked.\n"
)


def _scenario(visit: Visit) -> Answer:
    text = visit.ask("GET", "scenario")["scenario"]
    return Download("sandbox.scenario.yaml", "text/yaml; charset=utf-8", text.encode())


def _har(visit: Visit) -> Answer:
    har = visit.ask("GET", "requests.har")
    return Download("journal.har", "application/json", msgspec.json.encode(har))


def _bundle(visit: Visit) -> Answer:
    now = visit.context.directory.real()
    stamp = (now.year, now.month, now.day, now.hour, now.minute, now.second)
    contents = {
        "README.txt": _README.encode(),
        "sandbox.scenario.yaml": visit.ask("GET", "scenario")["scenario"].encode(),
        "journal.har": msgspec.json.encode(visit.ask("GET", "requests.har")),
        "report.json": msgspec.json.encode(visit.ask("GET", "report")),
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in contents.items():
            bundle.writestr(zipfile.ZipInfo(name, stamp), content, zipfile.ZIP_DEFLATED)
    day = format_time(now)[:10]
    return Download(f"exchange-bug-report-{day}.zip", "application/zip", buffer.getvalue())


PAGES: tuple[Page, ...] = (
    Page("GET", "s/<id>/scenario.yaml", _scenario),
    Page("GET", "s/<id>/journal.har", _har),
    Page("GET", "s/<id>/bug-report.zip", _bundle),
)

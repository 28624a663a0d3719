"""The text and the headers of a call's reply."""

import gzip
from urllib.parse import quote

from ..protocol.json_form import write_json
from ..protocol.messages import Reply
from ..protocol.shapes import Tree
from ..protocol.xml_form import write_xml
from .call import Call

__all__ = ["make_reply", "write_text"]


def write_text(call: Call, root: str, tree: Tree) -> str:
    """Return the reply in the form that the call asks for, `request_id` last."""
    members = {**tree, "request_id": call.request_id}
    if call.as_json:
        return write_json(root, members, simplify=call.simplify)
    return write_xml(root, members)


def make_reply(call: Call, text: str) -> Reply:
    """Return the reply with the platform's headers, compressed if the caller offered gzip."""
    body = text.encode()
    headers = [
        (
            "Content-Type",
            "text/javascript;charset=UTF-8" if call.as_json else "text/xml;charset=UTF-8",
        ),
        ("top-bodylength", str(len(text))),
        ("Application-Host", "127.0.0.1"),
        ("Location-Host", "tmall-mockserver"),
        ("X-Sandbox-Request-Id", call.request_id),
        ("X-Sandbox-Id", quote(call.world.id) if call.world else "none"),
    ]
    rule = call.rule
    if call.fault is not None:
        rule = f"{rule} fault {call.fault.fault.id} {call.fault.fault.kind}".lstrip()
    if rule:
        headers.append(("X-Sandbox-Rule", rule))
    if call.inbound.gzip:
        body = gzip.compress(body, 1, mtime=0)
        headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    return Reply(body, tuple(headers))

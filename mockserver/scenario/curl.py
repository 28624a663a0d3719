"""A signed call as a curl line to paste; the session comes from the variable TOP_SESSION, so none is shown."""

import shlex
from collections.abc import Iterable, Mapping

__all__ = ["curl_line"]


def curl_line(url: str, texts: Mapping[str, str], files: Iterable[str] = ()) -> str:
    """The line that sends the same parameters; files are named, not shown.

    The signature is over the real session and holds for as long as the timestamp does.
    """
    kept = list(files)
    flag = "--form-string" if kept else "--data-urlencode"
    parts = ["curl -s", shlex.quote(url)]
    for name, text in texts.items():
        given = f'"{name}=$TOP_SESSION"' if name == "session" else shlex.quote(f"{name}={text}")
        parts.append(f"{flag} {given}")
    parts += [f"-F {shlex.quote(f'{name}=@{name}.png')}" for name in kept]
    return " ".join(parts)

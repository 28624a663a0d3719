"""What a declared method is: its parameters, its reply, and the move, query or write behind it.

The model.  A method of TOP is declared once, as a `Method` value, and everything that knows
methods is derived from it: the gateway's binding of parameters (types, limits, defaults, error 40
and 41), which members `fields` can choose, the reply in JSON, XML and simplified JSON, masking of
personal data, misspelt names, Hypothesis strategies of right and wrong calls, the signed client
of tests, `explain` and the reference.  There is no handler to write for a method with a `move`:
its parameters are the move's fields, the table decides what follows, and the reply is a record of
the exchange.  A method that reads names a `query`, a function of `gateway/queries.py`; one that
changes something other than an exchange names a `write`, a function of `gateway/writes.py`.

Why declarations: the platform's own pages are tables of parameters and reply fields, with
misspellings that clients depend on.  A declaration can be compared with
docs/spec/exchange-api.yaml field by field, and a test does so; code that reads
`params["dispute_id"]` could not.

How a reply is described.  `reply` is the tree below the root element (`wrapper`): every `Field`
with its type, list element names and members.  `record` is the list of fields that `fields`
chooses from; it may stand deeper in the tree.  `failure` is the member that carries the code of a
business failure, since the platform has three forms of it: `msg_code` beside `success`,
`error_code` without `success`, or none.

What would break: a parameter that is read without being declared (binding would drop it, a lint
rule would call it unknown, no strategy would send it); a name spelt as it should be instead of as
TOP spells it (clients of the real platform would miss it).
"""

from collections.abc import Collection

from msgspec import Struct

from ..domain.evidence import Evidence
from ..domain.moves import Move
from ..protocol.shapes import Field, Param, ValueKind

__all__ = [
    "BOOLEAN",
    "BYTES",
    "DATE",
    "NUMBER",
    "OBJECT",
    "PRICE",
    "STRING",
    "STRINGS",
    "Method",
    "declare_fields",
    "make_fields_param",
    "response_wrapper",
    "split_field_names",
]

# the types of the API pages, as the declarations write them
NUMBER = ValueKind.NUMBER
STRING = ValueKind.STRING
STRINGS = ValueKind.STRINGS
BOOLEAN = ValueKind.BOOLEAN
BYTES = ValueKind.BYTES
DATE = ValueKind.DATE
PRICE = ValueKind.PRICE
OBJECT = ValueKind.OBJECT


def response_wrapper(name: str) -> str:
    """Return the root of a method's reply: `tmall_exchange_get_response` for `tmall.exchange.get`.

    The prefix `taobao.` is dropped, every other one stays.
    """
    return name.removeprefix("taobao.").replace(".", "_") + "_response"


def make_fields_param(limit: int) -> Param:
    """Return the parameter `fields`: the members of the record to return, at most `limit` names."""
    return Param(name="fields", kind=ValueKind.STRINGS, required=True, limit=limit, zh="返回字段")


def declare_fields(personal: Collection[str], /, **kinds: ValueKind) -> tuple[Field, ...]:
    """Return a field for each keyword, in order; those that are `personal` are masked in journals.

    declare_fields(("buyer_nick",), tid=NUMBER, buyer_nick=STRING)
    """
    return tuple(
        [Field(name=name, kind=kind, personal=name in personal) for name, kind in kinds.items()]
    )


def split_field_names(value: object) -> tuple[str, ...]:
    """Return the names in a bound `fields`: a tuple already, or the text of a plain parameter."""
    if not isinstance(value, str):
        return value  # type: ignore[return-value]  # bound as names
    return tuple([name for part in value.split(",") if (name := part.strip())])


class Method(Struct, frozen=True, kw_only=True):
    """One TOP method.

    - `name`, `title`, `doc_id`: as on its API page; `en` is the title in English.
    - `session`: whether a call needs one.
    - `move`, `query`, `write`: exactly one of them: the move that the method makes, the name of
      what it asks, or the name of what it changes where no exchange is moved.
    - `replays`: whether a recording of the sandbox repeats the write.
    - `record`: the members that the parameter `fields` chooses from.
    - `failure`: the member with the code of a business failure: `msg_code` (beside `success`),
      `error_code`, or empty if the method has none.
    """

    name: str
    title: str
    en: str
    evidence: Evidence
    params: tuple[Param, ...]
    reply: tuple[Field, ...]
    record: tuple[Field, ...] = ()
    doc_id: int = 0
    session: bool = True
    move: type[Move] | None = None
    query: str = ""
    write: str = ""
    replays: bool = False
    failure: str = ""

    @property
    def wrapper(self) -> str:
        """The root of the reply."""
        return response_wrapper(self.name)

    @property
    def all_fields(self) -> str:
        """All names that `fields` can ask for, as one value of the parameter."""
        return ",".join(field.requested_as or field.name for field in self.record)

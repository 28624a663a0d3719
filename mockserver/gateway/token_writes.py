"""What the methods that give sessions do: redeem a code or a refresh token.

Their refusals are error 15 with the description that `/token` gives; the sub_codes are assumed.
"""

from collections.abc import Callable, Mapping

from ..protocol.errors import TopError
from ..protocol.shapes import Tree
from ..world.authorization import AuthorizationRefused
from .write_context import WriteContext

__all__ = ["TOKEN_WRITES"]


def _refuse(name: str, refused: AuthorizationRefused) -> TopError:
    return TopError(
        15,
        sub_code=f"isv.invalid-parameter:{name}",
        sub_msg=refused.description,
        zh=refused.zh,
        en=refused.en,
    )


def _create(write: WriteContext) -> Tree:
    """Redeem a code.  Raises TopError: 15, it is unknown, used, expired or another app's."""
    try:
        return {"token_result": write.work.exchange_code(write.app, str(write.arguments["code"]))}
    except AuthorizationRefused as refused:
        raise _refuse("code", refused) from None


def _refresh(write: WriteContext) -> Tree:
    """Redeem a refresh token.  Raises TopError: 15, it is unknown, used, or none can refresh."""
    try:
        text = str(write.arguments["refresh_token"])
        return {"token_result": write.work.exchange_refresh_token(write.app, text)}
    except AuthorizationRefused as refused:
        raise _refuse("refresh_token", refused) from None


TOKEN_WRITES: Mapping[str, Callable[[WriteContext], Tree]] = {
    "create_token": _create,
    "refresh_token": _refresh,
}

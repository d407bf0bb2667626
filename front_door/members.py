"""Which member a request's own cookie names. A session id of Streamlit proves nothing: addresses and logs show it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from loguru import logger
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

from backend.domain.team import Member
from backend.errors import BackendError
from backend.services.context import Shop
from backend.services.team import sign_in
from backend.services.team.sessions import COOKIE_NAME, SignInPolicy, member_of, session_of
from backend.services.team.sign_in_attempts import Refused


class Members:
    """Reads the store, so that an ended session has no member. `oidc`: the provider's cookie counts, not our own."""

    def __init__(self, shop: Callable[[], Shop], policy: Callable[[], SignInPolicy], *, oidc: bool = False) -> None:
        self._shop, self._policy, self._oidc = shop, policy, oidc

    async def username(self, connection: HTTPConnection) -> str:
        """The username of the member whose cookie it is; "" for none, also when the store does not answer."""
        return await run_in_threadpool(self._username, connection.cookies)

    @property
    def seconds(self) -> int:
        """How long a sign-in lasts."""
        return int(self._policy().session_length.total_seconds())

    async def owns(self, token: str) -> bool:
        """Whether this is the value of a cookie that signs a member in now."""
        return bool(await run_in_threadpool(self._username, {COOKIE_NAME: token}))

    def _username(self, cookies: Mapping[str, str]) -> str:
        try:
            member = self._of_claims(cookies) if self._oidc else self._of_token(cookies.get(COOKIE_NAME, ""))
        except BackendError as error:
            logger.warning("A connection counts as signed out: {}", type(error).__name__)
            return ""
        return member.username if isinstance(member, Member) else ""

    def _of_token(self, token: str) -> Member | None:
        session = session_of(self._policy(), token) if token else None
        return None if session is None else member_of(self._shop(), self._policy(), session)

    def _of_claims(self, cookies: Mapping[str, str]) -> Member | Refused | None:
        signed = _get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME)
        if not signed:
            return None
        try:
            claims: dict[str, Any] = json.loads(signed)
        except ValueError:
            return None
        shop = self._shop()
        return sign_in.member_of_claims(shop, self._policy(), claims, shop.clock())

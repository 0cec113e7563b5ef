"""Authentication for `httpx`: `httpx.Client(auth=EcoauthAuth(account))`, or `httpx.AsyncClient` with an account of `ecoauth.aio`."""

from __future__ import annotations

from typing import AsyncGenerator, Generator, Union

import httpx

from . import _sync, aio
from ._errors import RetryError
from ._refused import check_origin, was_refused, worth_reading

__all__ = ["EcoauthAuth"]


class EcoauthAuth(httpx.Auth):
    """Puts an access token of the account into requests to its server, refreshing in time. A token that the API refuses is refreshed
    and the request repeated once."""

    requires_request_body = True  # so that it can be sent again

    def __init__(self, account: Union[_sync.Account, aio.Account]) -> None:
        self.account = account

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if not isinstance(self.account, _sync.Account):
            raise TypeError("httpx.Client needs an account of ecoauth.Client")
        request.read()
        check_origin(str(request.url), self.account.status().origin)
        token = self.account.token()
        request.headers["Authorization"] = token.authorization_header
        response = yield request
        if was_refused(response.status_code, response.read() if worth_reading(response.status_code) else b""):
            self.account.report_rejected(token.generation)
            try:
                newer = self.account.token()
            except RetryError:  # it was refreshed a moment ago, or cannot be now: the caller sees the refusal
                return
            request.headers["Authorization"] = newer.authorization_header
            yield request

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        if not isinstance(self.account, aio.Account):
            raise TypeError("httpx.AsyncClient needs an account of ecoauth.aio.Client")
        await request.aread()
        check_origin(str(request.url), self.account.status().origin)
        token = await self.account.token()
        request.headers["Authorization"] = token.authorization_header
        response = yield request
        if was_refused(response.status_code, await response.aread() if worth_reading(response.status_code) else b""):
            self.account.report_rejected(token.generation)
            try:
                newer = await self.account.token()
            except RetryError:
                return
            request.headers["Authorization"] = newer.authorization_header
            yield request

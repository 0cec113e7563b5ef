"""Authentication for `requests`: `requests.get(url, auth=EcoauthAuth(account))`."""

from __future__ import annotations

from typing import Any

import requests
from requests.auth import AuthBase

from ._errors import RetryError
from ._refused import check_origin, was_refused, worth_reading
from ._sync import Account

__all__ = ["EcoauthAuth"]


class EcoauthAuth(AuthBase):
    """Puts an access token of the account into requests to its server, refreshing in time. A token that the API refuses is refreshed
    and the request repeated once, when its body can be sent again."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        check_origin(request.url or "", self.account.status().origin)
        token = self.account.token()
        request.headers["Authorization"] = token.authorization_header

        def repeat(response: requests.Response, **arguments: Any) -> requests.Response:
            body = response.content if worth_reading(response.status_code) else b""
            if not was_refused(response.status_code, body) or not isinstance(response.request.body, (str, bytes, type(None))):
                return response
            self.account.report_rejected(token.generation)
            try:
                newer = self.account.token()
            except RetryError:  # it was refreshed a moment ago, or cannot be now: the caller sees the refusal
                return response
            again = response.request.copy()
            again.hooks["response"].remove(repeat)
            again.headers["Authorization"] = newer.authorization_header
            _ = response.content  # all of it, so that the connection can be used again
            response.close()
            repeated: requests.Response = response.connection.send(again, **arguments)
            repeated.history.append(response)
            repeated.request = again
            return repeated

        request.hooks.setdefault("response", []).append(repeat)
        return request

"""The authentication classes of `requests` and `httpx`: a refused token is refreshed and the request repeated once."""

from __future__ import annotations

import asyncio
from typing import Any, List

import httpx
import pytest
import requests
from conftest import StartSandbox
from hosts import SUMMARY, options

import ecoauth
from ecoauth import aio, httpx_auth, requests_auth


def api_calls(sandbox: Any) -> List[Any]:
    return [each for each in sandbox.log() if each["path"].startswith("/1/")]


def test_requests(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox("--auto-approve", "0")
    with ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox)) as client, requests.Session() as session:
        account = client.account()
        account.authorize_pin(30)
        session.auth = requests_auth.EcoauthAuth(account)
        assert session.get(sandbox.url + SUMMARY).json()["status"]["code"] == 0
        sandbox.control("expire", what="access")
        answer = session.get(sandbox.url + SUMMARY)
        assert answer.json()["status"]["code"] == 0 and account.generation == 2
        assert len(api_calls(sandbox)) == 3 and len(answer.history) == 1
        # Refused again at once: no more than one repetition, and the refusal is handed on.
        sandbox.control("fault", name="http_status", status=401, count=2, at="api")
        assert session.get(sandbox.url + SUMMARY).status_code == 401
        assert len(api_calls(sandbox)) <= 5
        with pytest.raises(ValueError, match="tokens are for"):
            session.get("http://127.0.0.1:9/")


def test_httpx(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox("--auto-approve", "0")
    with ecoauth.Client(ecoauth.MemoryStore(), **options(sandbox)) as client:
        account = client.account()
        account.authorize_pin(30)
        with httpx.Client(auth=httpx_auth.EcoauthAuth(account), base_url=sandbox.url) as http:
            assert http.get(SUMMARY).json()["status"]["code"] == 0
            sandbox.control("expire", what="access")
            assert http.get(SUMMARY).json()["status"]["code"] == 0
            assert account.generation == 2 and len(api_calls(sandbox)) == 3
            with pytest.raises(ValueError, match="tokens are for"):
                http.get("http://localhost:9/")


def test_httpx_with_asyncio(start_sandbox: StartSandbox) -> None:
    sandbox = start_sandbox("--auto-approve", "0")

    async def body() -> None:
        async with aio.Client(ecoauth.MemoryStore(), **options(sandbox)) as client:
            account = client.account()
            await account.authorize_pin()
            async with httpx.AsyncClient(auth=httpx_auth.EcoauthAuth(account), base_url=sandbox.url) as http:
                assert (await http.get(SUMMARY)).json()["status"]["code"] == 0
                sandbox.control("expire", what="access")
                assert (await http.get(SUMMARY)).json()["status"]["code"] == 0
            assert account.generation == 2

    asyncio.run(body())

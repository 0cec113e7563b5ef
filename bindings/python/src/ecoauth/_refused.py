"""What the two HTTP libraries' authentication classes share."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

_REFUSED_STATUS = 14


def was_refused(http_status: int, body: bytes) -> bool:
    """Whether the API refused the access token: HTTP 401, or its own status 14 in an answer that is no success."""
    if http_status == 401:
        return True
    try:
        return http_status >= 400 and json.loads(body)["status"]["code"] == _REFUSED_STATUS
    except (ValueError, TypeError, KeyError):
        return False


def worth_reading(http_status: int) -> bool:
    """Whether the body has to be read to know it."""
    return http_status >= 400 and http_status != 401


def check_origin(url: str, origin: str) -> None:
    """A token goes to the server that gave it and nowhere else."""
    asked, own = urlsplit(url), urlsplit(origin)
    ports = {"https": 443, "http": 80}
    if (asked.scheme, asked.hostname, asked.port or ports.get(asked.scheme)) != \
            (own.scheme, own.hostname, own.port or ports.get(own.scheme)):
        raise ValueError(f"{asked.scheme}://{asked.netloc.rpartition('@')[2]} is not {origin}, which this account's tokens are for")

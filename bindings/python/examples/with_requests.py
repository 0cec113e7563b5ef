"""A stored grant (examples/login.py makes one) in a session of `requests`."""

import os

import requests

import ecoauth
from ecoauth.requests_auth import EcoauthAuth


def main() -> None:
    server = os.environ.get("ECOAUTH_SERVER", "https://api.ecobee.com")
    with ecoauth.Client(ecoauth.FileStore("tokens"), base_url=server, client_id=os.environ["ECOAUTH_CLIENT_ID"]) as client:
        session = requests.Session()
        session.auth = EcoauthAuth(client.account())
        print(session.get(server + "/1/thermostatSummary", params={"json": "{}"}, timeout=30).json())


if __name__ == "__main__":
    main()

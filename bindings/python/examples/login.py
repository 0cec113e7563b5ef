"""Authorizes once, then makes a request: run it twice and the second run asks for nothing."""

import os

import ecoauth


def main() -> None:
    client_id, server = os.environ["ECOAUTH_CLIENT_ID"], os.environ.get("ECOAUTH_SERVER")

    def show(pin: ecoauth.Pin) -> None:
        print(f"Enter {pin.pin} at {pin.verification_url}", flush=True)

    with ecoauth.Client(ecoauth.FileStore("tokens"), client_id=client_id, base_url=server, on_pin=show) as client:
        account = client.account()
        if account.wait_for_change(0).state != ecoauth.GrantState.ACTIVE:
            account.authorize_pin()
        print(account.request("GET", "/1/thermostatSummary?json=%7B%7D").json())


if __name__ == "__main__":
    try:
        main()
    except ecoauth.EcoauthError as error:
        raise SystemExit(f"{error}\n{error.advice}") from None

"""The same with asyncio: a countdown goes on while the PIN waits, and Ctrl-C ends it all."""

import asyncio
import os

import ecoauth
from ecoauth import aio


async def main() -> None:
    def on_event(event: ecoauth.Event) -> None:
        if event.pin is not None:
            print(f"Enter {event.pin.pin} at {event.pin.verification_url}", flush=True)
        if event.kind == ecoauth.EventKind.PROGRESS:
            print(f"{event.remaining:.0f} s left", flush=True)

    async with aio.Client(ecoauth.FileStore("tokens"), client_id=os.environ["ECOAUTH_CLIENT_ID"],
                          base_url=os.environ.get("ECOAUTH_SERVER"), on_event=on_event) as client:
        account = client.account()
        await account.authorize_pin()
        token = await account.token()
        print(f"authorized for {token.scope}, {token.valid_for:.0f} s")


if __name__ == "__main__":
    asyncio.run(main())

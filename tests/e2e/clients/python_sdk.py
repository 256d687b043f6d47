"""The Python SDK from the first request to a renewed token.

`python_sdk.py` reads one JSON object from its input: `url` of the MCP server, `node` and `person` (the program that
stands for the browser), `client` if the app was registered by hand or `document` if it has one, and `delete` with `folder`
if its registration is deleted in the end: the command to which its id is added.
"""

import asyncio
import json
import logging
import subprocess
import sys
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import ClientSession
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientInformationFull, OAuthClientMetadata

CALLBACK = "http://127.0.0.1:6002/callback"


class Store:
    """What the app keeps."""

    tokens = None
    client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


class Stuck(Exception):
    """The person did not get through; it says where."""


class Browser:
    """Somebody opens the URL and brings back what the app would have got."""

    def __init__(self, node: str, person: str):
        self.command = [node, person]
        self.opened = 0

    async def go(self, url: str) -> None:
        self.opened += 1
        pipe = asyncio.subprocess.PIPE
        run = await asyncio.create_subprocess_exec(*self.command, url, stdout=pipe, stderr=pipe)
        out, said = await run.communicate()
        if run.returncode != 0:
            raise Stuck(said.decode())
        self.query = {name: values[0] for name, values in parse_qs(urlsplit(out.decode().strip()).query).items()}

    async def answer(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(**{key: self.query.get(key) for key in ("code", "state", "iss")})


async def read(url: str, auth: OAuthClientProvider) -> str:
    async with httpx2.AsyncClient(auth=auth) as http:
        async with streamable_http_client(url, http_client=http) as (receive, send, *_):
            async with ClientSession(receive, send) as session:
                await session.initialize()
                return (await session.call_tool("read", {})).content[0].text


def check(holds: object, fact: str) -> None:
    if not holds:
        raise SystemExit(f"not so: {fact}")
    print(f"ok: {fact}")


async def main() -> None:
    told = json.load(sys.stdin)
    store, browser = Store(), Browser(told["node"], told["person"])
    if "client" in told:
        store.client = OAuthClientInformationFull(
            client_id=told["client"], redirect_uris=[CALLBACK], token_endpoint_auth_method="none"
        )

    def provider() -> OAuthClientProvider:
        return OAuthClientProvider(
            server_url=told["url"],
            client_metadata=OAuthClientMetadata(
                client_name="Python reader",
                redirect_uris=[CALLBACK],
                grant_types=["authorization_code", "refresh_token"],
                response_types=["code"],
                token_endpoint_auth_method="none",
            ),
            storage=store,
            redirect_handler=browser.go,
            callback_handler=browser.answer,
            client_metadata_url=told.get("document"),
        )

    auth = provider()
    about = told["about"]
    first = await read(told["url"], auth)
    check(first.startswith("notes of "), f"{about}: a tool answers after sign-in")
    check(store.tokens.refresh_token, f"{about}: there is a refresh token")
    if "document" in told:
        check(store.client.client_id == told["document"], f"{about}: the document is the client")

    # The SDK trusts its own clock: a token that has ended is renewed before it is shown. (Only the provider that signed
    # in can: one made anew knows nothing of the server's metadata and asks the MCP server for /token.)
    before = store.tokens
    auth.context.token_expiry_time = 1
    check((await read(told["url"], auth)) == first, f"{about}: a tool answers after a refresh")
    check(store.tokens.refresh_token != before.refresh_token, f"{about}: the refresh token was rotated")
    check(browser.opened == 1, f"{about}: nobody was asked again")
    if "delete" not in told:
        return

    # The registration is gone, as after a restore from an old backup. The SDK forgets the tokens and not the client.
    dead = store.client.client_id
    subprocess.run([*told["delete"], dead], cwd=told["folder"], check=True, stdout=subprocess.DEVNULL)
    auth.context.token_expiry_time = 1
    logging.disable()
    page = ""
    try:
        await read(told["url"], auth)
    except BaseException as error:
        page = stuck(error)
    advice = "Remove the connection in the app and add it again"
    check(browser.opened == 2, f"{about}, deleted: it asks the person to sign in")
    check(advice in page, f"{about}, deleted: who is shown what to do{'' if advice in page else f' ({page})'}")
    check(store.client.client_id == dead, f"{about}, deleted: the SDK keeps the dead registration")
    store.client = store.tokens = None
    check((await read(told["url"], provider())) == first, f"{about}, deleted: without what it stored it registers anew")
    check(store.client.client_id and browser.opened == 3, f"{about}, deleted: and signs in")


def stuck(error: BaseException) -> str:
    """The reason among the reasons, in one line."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    text = str(error) if isinstance(error, Stuck) else repr(error)
    return next((line for line in text.splitlines() if line.startswith("Error:")), text)


asyncio.run(main())

"""FastMCP's own client: `fastmcp_client.py URL [CLIENT_ID]` signs in with a browser and calls a tool."""

import asyncio
import sys

from fastmcp import Client
from fastmcp.client.auth import OAuth


async def main() -> None:
    url, *rest = sys.argv[1:]
    async with Client(url, auth=OAuth(client_id=rest[0] if rest else None)) as client:
        print((await client.call_tool("read", {})).content[0].text)


asyncio.run(main())

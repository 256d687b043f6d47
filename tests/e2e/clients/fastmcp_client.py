"""FastMCP's own client: `fastmcp_client.py URL` signs in with a browser and calls a tool."""

import asyncio
import sys

from fastmcp import Client


async def main() -> None:
    async with Client(sys.argv[1], auth="oauth") as client:
        print((await client.call_tool("read", {})).content[0].text)


asyncio.run(main())

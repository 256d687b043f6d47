"""A protected MCP server with FastMCP: `fastmcp_server.py ISSUER [PORT]`; it prints its URL."""

import socket
import sys

# documented: begin
import httpx2
from fastmcp import FastMCP
from fastmcp.server.auth import RemoteAuthProvider
from fastmcp.server.auth.providers.jwt import JWTVerifier
from fastmcp.server.dependencies import get_access_token


def protected(issuer: str, base: str) -> FastMCP:
    """A server at `base`/mcp for tokens of `issuer`."""
    found = httpx2.get(f"{issuer}/.well-known/openid-configuration").raise_for_status().json()
    verifier = JWTVerifier(
        jwks_uri=found["jwks_uri"],
        issuer=issuer,
        audience=f"{base}/mcp",
        required_scopes=["notes:read"],
    )
    # The issuer as plain text: AnyHttpUrl("https://host") would publish "https://host/", which is another issuer.
    auth = RemoteAuthProvider(token_verifier=verifier, authorization_servers=[issuer], base_url=base)
    return FastMCP("Notes", auth=auth)


# documented: end


def main() -> None:
    issuer, *rest = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", int(rest[0]) if rest else 0))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    mcp = protected(issuer, base)

    @mcp.tool
    def read() -> str:
        """Reads your notes."""
        return f"notes of {get_access_token().claims['sub']}"

    import uvicorn

    app = mcp.http_app(path="/mcp", stateless_http=True, json_response=True)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    print(f"{base}/mcp", flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()

// The Python SDK with a FastMCP server, from the first request to a renewed token.
import { onStand } from "../stand.mjs";
import { check, python, pythonServer, pythonVersion } from "../support.mjs";

for (const path of ["", "/auth"]) {
  await onStand({ path, notes: false }, async (stand) => {
    const where = `mcp ${pythonVersion("mcp")} at FastMCP ${pythonVersion("fastmcp")}, issuer ${path ? `with the path ${path}` : "without a path"}`;
    const server = await pythonServer("servers/fastmcp_server.py", stand.issuer);
    try {
      stand.resource(server.url);
      const run = async (how, more = {}) => {
        stand.front.forget();
        await python("clients/python_sdk.py", stand.ada, { url: server.url, about: `${where}, ${how}`, ...more });
        if (process.env.SHOW) console.log(stand.front.lines().join("\n"));
        const tokens = stand.front.at(/\/token$/).map((one) => `${one.status} ${new URLSearchParams(one.body).get("grant_type")}`);
        check(tokens.join() === "200 authorization_code,200 refresh_token", `${where}, ${how}: one exchange, one refresh, no more`);
      };
      const { client_id } = stand.cli(["client", "create", "Reader", "--public", "--redirect-uri", "http://127.0.0.1/callback"]);
      await run("a client made by hand", { client: client_id });
    } finally {
      await server.close();
    }
  });
}

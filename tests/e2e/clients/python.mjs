// The Python SDK with a FastMCP server, from the first request to a renewed token.
import { documents } from "../documents.mjs";
import { onStand } from "../stand.mjs";
import { check, python, pythonServer, pythonVersion } from "../support.mjs";

const published = await documents({ "/python-reader": (response, url) => {
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ client_id: url, client_name: "Python reader", redirect_uris: ["http://127.0.0.1/callback"],
    grant_types: ["authorization_code", "refresh_token"], token_endpoint_auth_method: "none" }));
} });

async function journeys(path) {
  await onStand({ path, notes: false, clients: published.config }, async (stand) => {
    const where = `mcp ${pythonVersion("mcp")} at FastMCP ${pythonVersion("fastmcp")}, issuer ${path ? `with the path ${path}` : "without a path"}`;
    const server = await pythonServer("servers/fastmcp_server.py", stand.issuer);
    try {
      stand.resource(server.url);
      const run = async (how, more = {}) => {
        stand.front.forget();
        await python("clients/python_sdk.py", stand.ada, { url: server.url, about: `${where}, ${how}`, ...more });
        if (process.env.SHOW) console.log(stand.front.lines().join("\n"));
        const steps = stand.front.at(/\/(token|register)$/).map(({ status, path, body }) =>
          `${status} ${path.endsWith("/register") ? "register" : new URLSearchParams(body).get("grant_type")}`);
        const registers = more.client || more.document ? [] : ["201 register"];
        const once = [...registers, "200 authorization_code", "200 refresh_token"];
        const all = more.delete ? [...once, "401 refresh_token", "201 register", "200 authorization_code"] : once;
        check(steps.join() === all.join(), `${where}, ${how}: ${steps.join(", ")}, and no more`);
      };
      const { client_id } = stand.cli(["client", "create", "Reader", "--public", "--redirect-uri", "http://127.0.0.1/callback"]);
      await run("a client made by hand", { client: client_id });
      await run("by a document", { document: published.url("/python-reader") });
      await run("registered by itself", { delete: stand.installation.command(["--yes", "client", "delete"]), folder: stand.installation.folder });
    } finally {
      await server.close();
    }
  });
}

try {
  // Both are waited for, also when one fails: each takes its servers down.
  const ended = await Promise.allSettled(["", "/auth"].map(journeys));
  for (const { status, reason } of ended) if (status === "rejected") throw reason;
} finally {
  published.close();
}

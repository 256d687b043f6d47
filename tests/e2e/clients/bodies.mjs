// What programs send to /register.
import { agentVersion } from "../programs.mjs";
import { pythonVersion, version } from "../support.mjs";

const both = { grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], token_endpoint_auth_method: "none" };
const more = { scope: "notes:read offline_access" };
const inspector = { client_name: "MCP Inspector", client_uri: "https://github.com/modelcontextprotocol/inspector", ...both, ...more,
  application_type: "native" };

/** As each is seen to send it: `agents.mjs` and `inspector.mjs` run the programs and compare. */
export const seen = {
  [`Claude Code ${agentVersion("claude-code")}`]: { client_name: "Claude Code (notes)", redirect_uris: ["http://localhost:3118/callback"], ...both, ...more,
    application_type: "native" },
  [`Codex ${agentVersion("codex")}`]: { client_name: "Codex", redirect_uris: ["http://127.0.0.1:36373/callback"], ...both, ...more, application_type: "native" },
  [`OpenCode ${agentVersion("opencode")}`]: { redirect_uris: ["http://127.0.0.1:19876/mcp/oauth/callback"], client_name: "OpenCode", client_uri: "https://opencode.ai",
    ...both, ...more },
  [`MCP Inspector ${version("@modelcontextprotocol/inspector")} (command line)`]: { redirect_uris: ["http://127.0.0.1:6276/oauth/callback"], ...inspector },
  [`MCP Inspector ${version("@modelcontextprotocol/inspector")} (web)`]: { redirect_uris: ["http://127.0.0.1:6274/oauth/callback"], ...inspector },
  [`mcp-remote ${version("mcp-remote")}`]: { redirect_uris: ["http://localhost:4156/oauth/callback"], ...both, client_name: "MCP CLI Client",
    client_uri: "https://github.com/modelcontextprotocol/mcp-cli", software_id: "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
    software_version: version("mcp-remote"), ...more, application_type: "native" },
  [`FastMCP client ${pythonVersion("fastmcp")}`]: { redirect_uris: ["http://localhost:58221/callback"], client_name: "FastMCP Client", ...both, ...more,
    application_type: "native" },
};

/** From issues and documentation: these run where no test can, or are older than what can be had. */
export const told = {
  "VS Code": { client_name: "Visual Studio Code", client_uri: "https://code.visualstudio.com", ...both,
    grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
    redirect_uris: ["https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/"] },
  Cursor: { client_name: "Cursor", redirect_uris: ["cursor://anysphere.cursor-mcp/oauth/callback"], ...both, application_type: "web" },
  "Cursor of early 2026": { client_name: "Cursor", redirect_uris: ["http://localhost:8787/callback"], ...both },
  "Cursor of late 2026": { client_name: "Cursor", redirect_uris: ["cursor://anysphere.cursor-mcp/oauth/callback",
    "https://www.cursor.com/agents/mcp/oauth/callback", "http://localhost:8787/callback"], ...both },
  "Claude (web)": { client_name: "Claude", redirect_uris: ["https://claude.ai/api/mcp/auth_callback", "https://claude.com/api/mcp/auth_callback"], ...both,
    token_endpoint_auth_method: "client_secret_post", scope: "notes:read" },
  ChatGPT: { client_name: "ChatGPT", redirect_uris: ["https://chatgpt.com/connector_platform_oauth_redirect"], ...both },
  "MCP Inspector 1.x (web)": { client_name: "MCP Inspector", client_uri: "https://github.com/modelcontextprotocol/inspector",
    redirect_uris: ["http://localhost:6274/oauth/callback", "http://localhost:6274/oauth/callback/debug"], ...both },
};

/** A body, so that two that differ in the order of members or in the port of this computer are the same text. */
export function comparable(body) {
  const { redirect_uris, ...rest } = body;
  const bare = redirect_uris.map((uri) => uri.replace(/^(http:\/\/(?:localhost|127\.0\.0\.1)):\d+/, "$1"));
  return JSON.stringify(Object.entries({ ...rest, redirect_uris: bare }).toSorted());
}

/** Whether a program sent what {@link seen} says of it: an empty text, or the difference. */
export function differs(name, exchanges) {
  const sent = exchanges.filter(({ method }) => method === "POST").map(({ body }) => comparable(JSON.parse(body)));
  const kept = comparable(seen[name]);
  return sent.length > 0 && sent.every((one) => one === kept) ? "" : `it sent ${sent.join(" and ") || "nothing"}, and not ${kept}`;
}

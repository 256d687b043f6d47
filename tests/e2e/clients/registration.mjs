// What programs send to /register, word for word as each was seen to, and what becomes of a registration.
import { App } from "../app.mjs";
import { onStand } from "../stand.mjs";
import { check } from "../support.mjs";

const both = { grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], token_endpoint_auth_method: "none" };
const bodies = {
  "Claude Code 2.1.330": { client_name: "Claude Code (notes)", redirect_uris: ["http://localhost:3118/callback"], ...both, scope: "notes:read" },
  "Codex 0.169.0": { client_name: "Codex", redirect_uris: ["http://127.0.0.1:36373/callback"], ...both, scope: "notes:read offline_access",
    application_type: "native" },
  "OpenCode 1.18.33": { redirect_uris: ["http://127.0.0.1:19876/mcp/oauth/callback"], client_name: "OpenCode", client_uri: "https://opencode.ai",
    ...both, scope: "notes:read offline_access" },
  "mcp-remote 0.15.1": { redirect_uris: ["http://localhost:4156/oauth/callback"], ...both, client_name: "MCP CLI Client",
    client_uri: "https://github.com/modelcontextprotocol/mcp-cli", software_id: "2e6dc280-f3c3-4e01-99a7-8181dbd1d23d",
    software_version: "0.15.1", scope: "notes:read offline_access", application_type: "native" },
  // From issues and documentation: these run where no test can.
  "VS Code": { client_name: "Visual Studio Code", client_uri: "https://code.visualstudio.com", ...both,
    grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
    redirect_uris: ["https://insiders.vscode.dev/redirect", "https://vscode.dev/redirect", "http://127.0.0.1/", "http://127.0.0.1:33418/"] },
  Cursor: { client_name: "Cursor", redirect_uris: ["cursor://anysphere.cursor-mcp/oauth/callback"], ...both, application_type: "web" },
  "Claude (web)": { client_name: "Claude", redirect_uris: ["https://claude.ai/api/mcp/auth_callback"], ...both,
    token_endpoint_auth_method: "client_secret_post", scope: "notes:read" },
  ChatGPT: { client_name: "ChatGPT", redirect_uris: ["https://chatgpt.com/connector_platform_oauth_redirect"], ...both },
  "Inspector (web)": { client_name: "MCP Inspector", client_uri: "https://github.com/modelcontextprotocol/inspector",
    redirect_uris: ["http://localhost:6274/oauth/callback", "http://localhost:6274/oauth/callback/debug"], ...both },
  "an app that sends more": { client_name: "More", redirect_uris: ["https://app.example/callback"], resource: "https://notes.example/mcp",
    unheard_of: { deep: [1, null] }, logo_uri: "" },
  "an app of 2025 that names one grant": { client_name: "Old", redirect_uris: ["https://old.example/callback"], grant_types: ["authorization_code"] },
};

/** Where a browser is sent that opens the app's request: its own address, or nowhere. */
async function leads(stand, app, more) {
  return stand.ada.open(app.ask({ resource: stand.notes.url, ...more }));
}

await onStand({ host: "localhost" }, async (stand) => {
  const post = async (body) => {
    const response = await fetch(`${stand.issuer}/register`, { method: "POST", headers: { "content-type": "application/json" },
      body: typeof body === "string" ? body : JSON.stringify(body) });
    return { status: response.status, headers: response.headers, json: await response.json() };
  };
  for (const [name, body] of Object.entries(bodies)) {
    const { status, json, headers } = await post(body);
    check(status === 201 && json.client_id && typeof json.client_id_issued_at === "number", `${name}: registers`);
    check(String(json.redirect_uris.toSorted()) === String(body.redirect_uris.toSorted()) && json.client_name === body.client_name,
      `${name}: gets back what it registered`);
    check(headers.get("cache-control") === "no-store" && Array.isArray(json.grant_types) && json.token_endpoint_auth_method, `${name}: in full`);
    const secret = json.token_endpoint_auth_method !== "none";
    check(secret ? json.client_secret && json.client_secret_expires_at === 0 : !("client_secret" in json), `${name}: ${secret ? "with a secret that stays good" : "without a secret"}`);
    for (const redirect of body.redirect_uris) {
      const app = new App(stand.issuer, json.client_id, redirect);
      const back = await leads(stand, app, { scope: "notes:read offline_access" });
      check(back.href.startsWith(redirect) && back.searchParams.get("code"), `${name}: the answer goes to ${redirect}`);
      const got = await app.exchange(back, secret ? { client_secret: json.client_secret } : {});
      const wants = body.grant_types?.includes("refresh_token");
      check(got.status === 200 && (!wants || got.json.refresh_token), `${name}: and is good for ${wants ? "tokens that can be renewed" : "a token"}`);
    }
  }
  const cli = await post(bodies["Codex 0.169.0"]);
  const moved = new App(stand.issuer, cli.json.client_id, "http://127.0.0.1:41999/callback");
  check((await leads(stand, moved)).port === "41999", "a program on this computer may listen on another port than it registered");

  const { registered } = await App.register(stand.issuer, { client_name: "Again and again" });
  const ids = new Set();
  for (let at = 0; at < 20; at += 1) {
    const answers = await Promise.all(Array.from({ length: 50 }, () => App.register(stand.issuer, { client_name: "Again and again" })));
    for (const { client } of answers) ids.add(client);
  }
  check(ids.size === 1 && ids.has(registered.client_id), "1000 registrations of the same app are one client");
  const listed = stand.cli(["client", "list"]);
  check((listed.clients ?? listed).filter(({ name }) => name === "Again and again").length === 1, "which the operator sees once");

  for (const [what, body, error] of [
    ["a redirect URI in the clear", { redirect_uris: ["http://app.example/callback"] }, "invalid_redirect_uri"],
    ["a redirect URI that is a script", { redirect_uris: ["javascript:alert(1)"] }, "invalid_redirect_uri"],
    ["one bad redirect URI among good ones", { redirect_uris: ["https://app.example/a", "https://app.example/b#c"] }, "invalid_redirect_uri"],
    ["no redirect URI", { client_name: "None" }, "invalid_redirect_uri"],
    ["no JSON", "client_name=x", "invalid_client_metadata"],
    ["a list", "[]", "invalid_client_metadata"],
  ]) {
    const { status, json } = await post(body);
    check(status === 400 && json.error === error, `${what}: ${status} ${json.error}`);
  }
});

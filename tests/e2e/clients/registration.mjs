// What programs send to /register, word for word as each was seen to or is told to, and what becomes of a registration.
import { App } from "../app.mjs";
import { agentVersion } from "../programs.mjs";
import { onStand } from "../stand.mjs";
import { check } from "../support.mjs";
import { seen, told } from "./bodies.mjs";

const others = {
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
  for (const [name, body] of Object.entries({ ...seen, ...told, ...others })) {
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
  check(Object.keys(seen).length === 7 && Object.keys(told).length === 7, "seven programs as they are seen, seven as they are told to be");
  const cli = await post(seen[`Codex ${agentVersion("codex")}`]);
  const moved = new App(stand.issuer, cli.json.client_id, "http://127.0.0.1:41999/callback");
  check((await leads(stand, moved)).port === "41999", "a program on this computer may listen on another port than it registered");

  // The templates answer at the same addresses, and need no secret.
  for (const { template, redirect_uris } of stand.cli(["client", "template", "list"])) {
    const { client_id, client_secret } = stand.cli(["client", "create", "--template", template]);
    for (const redirect of redirect_uris) {
      const app = new App(stand.issuer, client_id, redirect);
      const back = await leads(stand, app, { scope: "notes:read offline_access" });
      const got = await app.exchange(back);
      check(back.href.startsWith(redirect) && got.status === 200 && got.json.refresh_token && !client_secret, `template ${template}: the answer goes to ${redirect}`);
    }
  }
  const uris = (template) => stand.cli(["client", "template", "list"]).find((one) => one.template === template).redirect_uris;
  for (const [template, names] of Object.entries({ claude: ["Claude (web)"], "claude-code": [`Claude Code ${agentVersion("claude-code")}`], chatgpt: ["ChatGPT"],
    vscode: ["VS Code"], cursor: ["Cursor", "Cursor of early 2026", "Cursor of late 2026"],
    inspector: [...Object.keys(seen), ...Object.keys(told)].filter((name) => name.includes("Inspector")) })) {
    const bare = (uri) => uri.replace(/^(http:\/\/(?:localhost|127\.0\.0\.1)):\d+/, "$1");
    const known = uris(template).map(bare);
    const lacks = names.flatMap((name) => ({ ...seen, ...told })[name].redirect_uris).filter((uri) => !known.includes(bare(uri)));
    check(lacks.length === 0, `template ${template}: has every address of ${names.join(", ")} ${lacks}`);
  }

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

// The configuration of nginx that `docs/clients/servers.md` shows, run by nginx itself: in front of an MCP server that
// checks tokens and says nothing of where they come from.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onStand } from "../stand.mjs";
import { freePort } from "../programs.mjs";
import { serve } from "../servers/sdk.mjs";
import { check } from "../support.mjs";
import { Store, acting, kits, said } from "./kits.mjs";

const shown = readFileSync(new URL("../servers/nginx.conf", import.meta.url), "utf8");

/** Runs nginx in a folder of its own; `names` are put in the place of the names that the documentation has. */
async function nginx(port, names) {
  const folder = mkdtempSync(join(tmpdir(), "mcpcodex-nginx-"));
  const text = Object.entries(names).reduce((all, [name, real]) => {
    if (!all.includes(name)) throw new Error(`${name} is not in nginx.conf`);
    return all.replaceAll(name, real);
  }, shown);
  writeFileSync(join(folder, "nginx.conf"), text);
  // It ends by itself when nobody is left to end it.
  const running = spawn("timeout", ["300", "nginx", "-p", folder, "-e", "stderr", "-c", join(folder, "nginx.conf")], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` },
  });
  let log = "";
  running.stderr.on("data", (chunk) => (log += chunk));
  const ended = new Promise((resolve) => running.once("exit", resolve));
  const listens = () => new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket.destroy()));
    socket.once("error", () => resolve(undefined));
  });
  while (!(await listens())) {
    if (running.exitCode !== null) throw new Error(`nginx ended with ${running.exitCode}: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    async close() {
      running.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** Takes from a server what it knows of RFC 9728: the document, and the address of it in its challenges. */
function forgetful(app) {
  app.use((request, response, next) => {
    if (request.path.startsWith("/.well-known/")) return response.status(404).end();
    const set = response.set.bind(response);
    response.set = (name, value) => set(name, name === "WWW-Authenticate" ? value.replace(/, resource_metadata="[^"]*"/, "") : value);
    next();
  });
}

await onStand({ notes: false }, async (stand) => {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  let resource;
  const server = await serve({ issuer: stand.issuer, origin, before: forgetful, register: (url) => void (resource = stand.resource(url)) });
  const proxy = await nginx(port, {
    "https://auth.example.com/.well-known/oauth-protected-resource/https/mcp.example.com/mcp": resource.metadata_url,
    "auth.example.com": new URL(stand.issuer).host,
    "127.0.0.1:8080": `127.0.0.1:${port}`,
    "127.0.0.1:5000": `127.0.0.1:${server.port}`,
  });
  const ask = async (url, options = {}) => {
    const { method = "POST", token } = options;
    const response = await fetch(url, { method, headers: { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) },
      ...(method === "POST" ? { body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: options.tool ?? "read", arguments: {} } }) } : {}) });
    await response.text();
    return { status: response.status, challenge: response.headers.get("www-authenticate") };
  };
  try {
    const bare = await ask(`http://127.0.0.1:${server.port}/mcp`);
    check(bare.status === 401 && !bare.challenge.includes("resource_metadata"), `the server itself says nothing of where to sign in: ${bare.challenge}`);
    for (const method of ["POST", "GET", "DELETE"]) {
      const { status, challenge } = await ask(server.url, { method });
      check(status === 401 && challenge === resource.challenge, `${method} without a token: 401, with the challenge that \`resource add\` printed`);
      const bad = await ask(server.url, { method, token: "nonsense" });
      check(bad.status === 401 && bad.challenge === resource.challenge.replace("Bearer ", 'Bearer error="invalid_token", '),
        `${method} with a bad token: 401, which says so`);
    }
    const app = await stand.app();
    const tokens = await app.signIn(stand.ada, { resource: server.url, scope: "notes:read" });
    const lacks = await ask(server.url, { token: tokens.access_token, tool: "write" });
    check(lacks.status === 403 && /error="insufficient_scope"/.test(lacks.challenge) && /scope="notes:read notes:write"/.test(lacks.challenge),
      `a scope too few: 403, and what the server itself says: ${lacks.challenge}`);
    const document = await (await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`)).json();
    check(document.resource === server.url && document.authorization_servers[0] === stand.issuer, "the document is on the server's own host, too");

    for (const kit of kits) {
      const store = new Store();
      const first = await acting(kit, server.url, stand.ada, store, (client) => said(client, "read"));
      check(first.result.startsWith("notes of "), `${kit.name}: signs in and calls a tool through nginx`);
      store.spoil();
      check((await said(first.client, "read")) === first.result, `${kit.name}: renews its token`);
      await first.client.close();
      // It has asked for both, since the challenge names both.
      const again = await acting(kit, server.url, stand.ada, store, (client) => said(client, "write"));
      check(again.result.startsWith("written for "), `${kit.name}: and uses the other scope that the challenge named`);
      await again.client.close();

      // One that was given less comes back for more, led by the server's own answer.
      const less = new Store({ information: { client_id: stand.cli(["client", "create", "Less", "--public", "--redirect-uri", "http://127.0.0.1/callback"]).client_id,
        issuer: stand.issuer } });
      less.kept = undefined;
      stand.cli(["client", "edit", less.information.client_id, "--scope", "notes:read offline_access"]);
      const small = await acting(kit, server.url, stand.ada, less, (client) => said(client, "read"));
      await small.client.close();
      stand.cli(["client", "edit", less.information.client_id, "--scope", "notes:read notes:write offline_access"]);
      if (kit.renewsInstead) delete less.kept.refresh_token;
      const more = await acting(kit, server.url, stand.ada, less, (client) => said(client, "write"));
      check(more.result.startsWith("written for "), `${kit.name}: comes back for a scope that it lacks`);
      await more.client.close();
    }
  } finally {
    await proxy.close();
    server.close();
  }
});

// The configurations of nginx and Caddy that `docs/forward-auth.md` shows, run by both themselves, in front of an MCP server
// and a page that know nothing of sign-in.
import { request as rawRequest } from "node:http";
import { browse, check } from "../support.mjs";
import { freePort } from "../programs.mjs";
import { proxies } from "../proxies.mjs";
import { plain } from "../servers/plain.mjs";
import { onStand, password } from "../stand.mjs";
import { Store, acting, kits, said } from "./kits.mjs";

const names = ["subject", "user", "email", "roles", "scopes", "client"].map((name) => `x-auth-${name}`);
/** What a client makes up, in every spelling that some app takes for the header. */
const forged = Object.fromEntries([...names, ...names.map((name) => name.replaceAll("-", "_")), "X-Auth_User", "x-auth-admin"]
  .map((name) => [name, "forged"]));

/** A request whose path goes out as it is written. */
function raw(port, path, { method = "GET", headers = {} } = {}) {
  return new Promise((resolve, reject) => {
    const asked = rawRequest({ host: "127.0.0.1", port, path, method, headers }, (answer) => {
      answer.resume();
      answer.once("end", () => resolve(answer.statusCode));
    });
    asked.once("error", reject);
    asked.end();
  });
}

async function behind(stand, name, start) {
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const url = `${origin}/mcp`;
  const resource = stand.resource(url);
  const notes = await plain();
  const proxy = await start({ port, app: notes.port, issuer: stand.issuer, resource });
  const last = () => notes.seen.at(-1);
  const ask = async (path, { method = "GET", headers = {}, body } = {}) => {
    const response = await fetch(`${origin}${path}`, { method, headers, body, redirect: "manual" });
    await response.text();
    return response;
  };
  try {
    // Nobody gets through, and every program hears where to sign in.
    for (const method of ["POST", "GET", "DELETE", "PUT", "HEAD", "OPTIONS"]) {
      const bare = await ask("/mcp", { method, headers: forged });
      const wanted = resource.challenge.replace(/scope="[^"]*"/, 'scope="notes:read profile email"');
      check(bare.status === 401 && bare.headers.get("www-authenticate") === wanted, `${name}: ${method} without a token is 401: ${bare.headers.get("www-authenticate")}`);
      const bad = await ask("/mcp", { method, headers: { authorization: "Bearer nonsense" } });
      check(bad.status === 401 && bad.headers.get("www-authenticate").startsWith(`${wanted}, error="invalid_token"`), `${name}: ${method} with a bad token says so`);
    }
    for (const path of ["//mcp", "/mcp/", "/mcp%2f", "/%6dcp", "/x/..;/mcp", "/x/../page", "/./page", "/page?x=/.well-known/", "/page%00", "/.well-known/../page",
      "/.well-known/oauth-protected-resource/../../page", "/.well-known/oauth-protected-resource/mcp/../../../page", "/.well-known/oauth-protected-resource/mcp%2f..%2f..%2f..%2fpage",
      "/_mcpcodex", "/_mcpcodex?resource=x", "/auth/verify"]) {
      for (const method of ["GET", "POST", "OPTIONS"]) {
        const status = await raw(port, path, { method, headers: { "x-http-method-override": "OPTIONS", "x-original-method": "OPTIONS", "x-original-url": `${origin}/.well-known/x`, "x-forwarded-uri": "/open" } });
        check([400, 401, 404, 405].includes(status), `${name}: ${method} ${path} is ${status}`);
      }
    }
    check(notes.seen.length === 0, `${name}: nothing of that reached the app: ${JSON.stringify(notes.seen)}`);
    const document = await (await fetch(`${origin}/.well-known/oauth-protected-resource/mcp`)).json();
    check(document.resource === url && document.authorization_servers[0] === stand.issuer, `${name}: the document is on the app's own host`);

    // A client goes from nothing to a tool call.
    for (const kit of kits) {
      const store = new Store();
      const first = await acting(kit, url, stand.ada, store, (client) => said(client, "read"));
      check(first.result === "notes of ada", `${name}: ${kit.name} signs in and calls a tool: ${first.result}`);
      store.spoil();
      check((await said(first.client, "read")) === first.result, `${name}: ${kit.name} renews its token`);
      await first.client.close();
    }

    // What arrives is what was proved, and no secret of the client.
    const app = await stand.app();
    const tokens = await app.signIn(stand.ada, { resource: url, scope: "notes:read profile email" });
    const bearer = { authorization: `Bearer ${tokens.access_token}` };
    await ask("/page", { headers: { ...forged, ...bearer, cookie: "a=b", "x-api": "kept" } });
    const { headers } = last();
    check(headers["x-auth-subject"].startsWith("u_") && headers["x-auth-user"] === "ada" && headers["x-auth-email"] === "ada@example.com" && headers["x-auth-scopes"] === "notes:read profile email"
      && headers["x-auth-client"] && headers["x-auth-roles"] === "user", `${name}: the app hears who it is: ${JSON.stringify(headers)}`);
    const believed = Object.keys(headers).filter((key) => headers[key] === "forged" && names.includes(key.replaceAll("_", "-")));
    check(believed.length === 0, `${name}: nothing that the client made up arrives: ${believed}`);
    check(!headers.authorization && !headers.cookie && headers["x-api"] === "kept", `${name}: the token stays behind`);
    const less = await app.signIn(stand.ada, { resource: url, scope: "notes:read" });
    const lacks = await ask("/page", { headers: { authorization: `Bearer ${less.access_token}` } });
    const challenge = lacks.headers.get("www-authenticate");
    check(lacks.status === 403 && /error="insufficient_scope"/.test(challenge) && /scope="notes:read profile email/.test(challenge), `${name}: a scope too few is 403: ${challenge}`);

    // A program with a key, until its bucket is empty.
    const { key } = stand.cli(["auth", "apikey", "create", "--user", "ada", "--name", `ci-${name}`, "--scope", "notes:read", "--rate", "1/m", "--burst", "2"]);
    await ask("/page", { headers: { ...forged, "x-api-key": key } });
    check(last().headers["x-auth-user"] === "ada" && !last().headers["x-auth-roles"] && !last().headers["x-api-key"], `${name}: an API key arrives as its owner`);
    check((await ask("/page", { headers: { authorization: `Bearer ${key}` } })).status === 200, `${name}: in either header`);
    const limited = await ask("/page", { headers: { "x-api-key": key } });
    check(limited.status === 429 && Number(limited.headers.get("retry-after")) > 0, `${name}: too often is 429, for ${limited.headers.get("retry-after")} s`);

    // Streams arrive as they are sent.
    const stream = (await fetch(`${origin}/stream`, { headers: bearer })).body.getReader();
    const piece = async () => new TextDecoder().decode((await stream.read()).value);
    check((await piece()) === "data: first\n\n", `${name}: the first event arrives while the app waits`);
    notes.go();
    check((await piece()) === "data: second\n\n", `${name}: and then the second`);

    await inBrowser(stand, name, { origin, notes });
  } finally {
    await proxy.close();
    notes.close();
  }
}

/** A person opens the app, signs in, and is back; then a page elsewhere tries to use their session. */
async function inBrowser(stand, name, { origin, notes }) {
  const { browser, page } = await browse();
  try {
    await page.goto(`${origin}/page?a=1&b=2`);
    check(new URL(page.url()).pathname === "/login", `${name}: a person is sent to sign in: ${page.url()}`);
    await page.fill("[name=username]", "bob");
    await page.fill("[name=password]", password);
    await page.click("form[action$='/login'] button[type=submit]");
    await page.waitForURL(`${origin}/page?a=1&b=2`);
    check((await page.textContent("#who")) === "bob", `${name}: and is back where they wanted to be`);
    check(!notes.seen.at(-1).headers.cookie, `${name}: the app does not get the session`);
    const again = await page.goto(`${origin}/page`);
    check(again.status() === 200, `${name}: the cookie goes on counting`);
    // Another port is another origin of the same site: the browser sends the cookie along.
    const before = notes.seen.length;
    await page.goto(`${stand.issuer}/account`);
    await page.evaluate((url) => new Promise((resolve) => {
      const picture = new Image();
      picture.onload = picture.onerror = resolve;
      picture.src = url;
    }), `${origin}/page`);
    check(notes.seen.length === before, `${name}: a page of another origin cannot use it`);
  } finally {
    await browser.close();
  }
}

await onStand({ notes: false, config: "  api_keys: { scopes: [\"notes:read\"] }" }, async (stand) => {
  stand.cli(["user", "create", "bob", "--email", "bob@example.com", "--role", "user", "--password-stdin"], `${password}\n`);
  for (const [name, start] of Object.entries(proxies)) await behind(stand, name, start);
});

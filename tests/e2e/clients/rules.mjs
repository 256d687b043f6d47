// What clients trip over elsewhere, asked one by one over the wire.
import { App, claims } from "../app.mjs";
import { onStand } from "../stand.mjs";
import { check } from "../support.mjs";

const get = async (url, headers = {}) => {
  const response = await fetch(url, { headers, redirect: "manual" });
  return { status: response.status, headers: response.headers, text: await response.text() };
};

/** Every address at which some client looks for the server's description. */
function variants(issuer) {
  const { origin, pathname } = new URL(issuer);
  const path = pathname === "/" ? "" : pathname;
  const kinds = ["oauth-authorization-server", "openid-configuration"];
  return [...new Set(kinds.flatMap((kind) => [
    `${origin}/.well-known/${kind}${path}`, // inserted (RFC 8414 §3.1)
    `${origin}${path}/.well-known/${kind}`, // appended (OpenID Connect Discovery §4)
    `${origin}/.well-known/${kind}`, //       at the root, the last try of some
  ]))];
}

async function discovery(stand, path) {
  const all = await Promise.all(variants(stand.issuer).map((url) => get(url, { "mcp-protocol-version": "2025-11-25" })));
  const where = path ? `an issuer with the path ${path}` : "an issuer without a path";
  check(all.every(({ status }) => status === 200), `${where} is described at ${all.length} addresses`);
  check(new Set(all.map(({ text }) => text)).size === 1, `${where}: all of them say the same`);
  check(all.every(({ headers }) => headers.get("content-type").startsWith("application/json")
    && /max-age=\d+/.test(headers.get("cache-control"))), `${where}: as JSON that may be cached`);
  const told = JSON.parse(all[0].text);
  check(told.issuer === stand.issuer, `${where} calls itself exactly as it is configured`);
  const endpoints = Object.entries(told).filter(([name]) => /_(endpoint|uri)$/.test(name));
  check(endpoints.every(([, url]) => url.startsWith(`${stand.issuer}/`)), `${where}: ${endpoints.length} endpoints are below it`);
  for (const unknown of ["/.well-known/nothing", "/.well-known/oauth-authorization-server/elsewhere", "/.well-known/oauth-protected-resource/elsewhere"]) {
    const { status, headers, text } = await get(new URL(unknown, stand.issuer));
    check(status === 404 && headers.get("content-type").startsWith("application/json") && JSON.parse(text),
      `${where}: ${unknown} is 404 and JSON`);
  }
  const forged = await get(all.length && variants(stand.issuer)[0], { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" });
  check(forged.text === all[0].text, `${where}: headers of a proxy change no word of it`);
  return told;
}

async function authorization(stand) {
  const app = await stand.app();
  const plain = await stand.ada.open(app.ask());
  const got = await app.exchange(plain);
  check(got.status === 200 && got.json.scope && got.json.expires_in > 0, "no scope and no resource: tokens with the default scopes");
  check(plain.searchParams.getAll("iss").join() === stand.issuer, "the answer names the issuer, once");
  const known = await app.signIn(stand.ada, { resource: stand.notes.url });
  check(known.scope.includes("notes:read"), "a resource and no scope: the resource's own default scopes");
  check(claims(known.access_token).aud === stand.notes.url, "the token is for that resource, and its aud is one text");
  const odd = await app.signIn(stand.ada, { resource: stand.notes.url, scope: "notes:read made:up mcp:everything" });
  check(odd.scope === "notes:read", "unknown scopes are dropped, the known one stays, and the answer says so");
  const foreign = await stand.ada.open(app.ask({ resource: "https://elsewhere.example/mcp" }));
  check(foreign.searchParams.get("error") === "invalid_target", "an unknown resource: invalid_target");

  // What is registered, as it is kept; how the app writes it; what every aud says then.
  for (const [registered, kept, asked] of [
    ["https://slash.example", "https://slash.example", "https://slash.example/"],
    ["https://bare.example/", "https://bare.example", "https://bare.example"],
    ["https://case.example/mcp", "https://case.example/mcp", "HTTPS://Case.Example:443/mcp"],
  ]) {
    stand.resource(registered);
    const wanted = JSON.stringify(asked === kept ? kept : [kept, asked]);
    const is = (tokens, wish) => JSON.stringify(claims(tokens.access_token).aud) === wish;
    const request = { resource: asked, scope: "notes:read offline_access" };
    const silent = await app.signIn(stand.ada, request);
    check(is(silent, wanted) && silent.scope.includes("notes:read"), `${asked} is ${registered}, named at /authorize alone: aud ${wanted}`);
    const back = await stand.ada.open(app.ask(request));
    const named = await app.exchange(back, { resource: asked });
    check(named.status === 200 && is(named.json, wanted), `${asked} named at /token as well: aud ${wanted}`);
    const again = await app.refresh(named.json.refresh_token);
    check(again.status === 200 && is(again.json, wanted), `${asked} is renewed without a resource: aud ${wanted}`);
    const renamed = await app.refresh(again.json.refresh_token, { resource: kept });
    check(renamed.status === 200 && is(renamed.json, JSON.stringify(kept)), `${asked} renewed as ${kept} is called that`);
  }
}

/** The document of each resource is kept here as well (RFC 9728). */
async function documents(stand) {
  for (const url of [stand.notes.url, "https://docs.example/deep/mcp", "https://root.example"]) {
    const made = url === stand.notes.url ? stand.cli(["resource", "show", url]) : stand.resource(url);
    const { status, headers, text } = await get(made.metadata_url);
    const told = JSON.parse(text);
    check(status === 200 && headers.get("content-type").startsWith("application/json") && told.resource === url,
      `${new URL(made.metadata_url).pathname} describes ${url} by its very name`);
    check(told.authorization_servers.join() === stand.issuer && told.scopes_supported.length > 0 && !told.scopes_supported.includes("offline_access"),
      "with this issuer, exactly as it calls itself, and with the resource's scopes alone");
  }
}

async function endpoints(stand) {
  const app = await stand.app();
  const dead = await app.post("/token", { grant_type: "refresh_token", client_id: "c_gone", refresh_token: "mcr_gone" });
  check(dead.status === 401 && dead.json.error === "invalid_client", "a client that is gone: 401 invalid_client");
  check(!dead.headers.get("www-authenticate"), "without a challenge that a browser would answer with a dialog");
  const page = await get(new App(stand.issuer, "c_gone").ask());
  check(page.status === 400 && page.headers.get("content-type").startsWith("text/html") && !page.headers.get("location"),
    "the same at /authorize: a page for the person, no redirect");
  const elsewhere = await get(new App(stand.issuer, app.client, "https://evil.example/callback").ask());
  check(elsewhere.status === 400 && !elsewhere.headers.get("location"), "a redirect URI that was not registered: a page, no redirect");
  const used = await app.refresh("mcr_gone");
  check(used.status === 400 && used.json.error === "invalid_grant", "a refresh token that never was: 400 invalid_grant");
  check(used.headers.get("cache-control") === "no-store", "refusals are not cached, either");
  const plain = await get(app.ask({ code_challenge_method: "plain" }));
  check(plain.headers.get("location")?.includes("error=invalid_request"), "PKCE plain is refused");
  const told = await get(app.ask({ scope: "openid", code_challenge: undefined }));
  check(told.headers.get("location")?.includes("error=invalid_request") && told.headers.get("location").includes("iss="),
    "PKCE left out is refused, and the refusal names the issuer");
  for (const path of ["/token", "/revoke", "/introspect"]) {
    const { status, json } = await app.post(path, { client_id: app.client, token: "x" });
    check(json === undefined || typeof json === "object", `${path} answers ${status} in JSON or with nothing`);
  }
}

for (const path of ["", "/auth"]) {
  await onStand({ path }, async (stand) => {
    await discovery(stand, path);
    await authorization(stand);
    await documents(stand);
    await endpoints(stand);
  });
}

// A program in a web page on another origin, as the web Inspector and web agents are: what the browser lets it do. And
// what no page may do: read the pages that carry a cookie.
import { createServer } from "node:http";
import { onStand, password } from "../stand.mjs";
import { browse, check, totp } from "../support.mjs";

/** A site of somebody else's, with nothing but an empty page. */
async function site() {
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end("<title>a web app</title>"));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { origin: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}

/** What `fetch` in the page comes to: `{ status, text, headers }`, or `{ error }` when the browser withholds it. */
const fetched = (page, url, options = {}) => page.evaluate(async ([url, options]) => {
  try {
    const response = await fetch(url, options);
    return { status: response.status, text: await response.text(), type: response.type,
      challenge: response.headers.get("www-authenticate"), retry: response.headers.get("retry-after") };
  } catch (error) {
    return { error: String(error) };
  }
}, [url, options]);

const version = { "mcp-protocol-version": "2026-07-28" };

for (const path of ["", "/auth"]) {
  const other = await site();
  const { browser, page } = await browse();
  try {
    await onStand({ path }, async (stand) => {
      const app = await stand.app();
      const { issuer } = stand;
      const { origin } = new URL(issuer);
      const where = path ? `issuer with the path ${path}` : "issuer without a path";
      await page.goto(other.origin);

      const documents = [`${origin}/.well-known/oauth-authorization-server${path}`, `${issuer}/.well-known/openid-configuration`];
      for (const url of documents) {
        const got = await fetched(page, url, { headers: { ...version, accept: "application/json" } });
        check(got.status === 200 && JSON.parse(got.text).issuer === issuer, `${where}: a page of another origin reads ${new URL(url).pathname}`);
      }
      const { jwks_uri, registration_endpoint } = JSON.parse((await fetched(page, documents[0])).text);
      check(JSON.parse((await fetched(page, jwks_uri, { headers: version })).text).keys.length > 0, `${where}: and the keys`);
      const missing = await fetched(page, `${origin}/.well-known/oauth-protected-resource/nothing`, { headers: version });
      check(missing.status === 404 && JSON.parse(missing.text), `${where}: and that there is nothing at an address`);

      if (registration_endpoint) {
        const body = JSON.stringify({ client_name: "Web page", redirect_uris: [`${other.origin}/callback`], token_endpoint_auth_method: "none" });
        const made = await fetched(page, registration_endpoint, { method: "POST", headers: { ...version, "content-type": "application/json" }, body });
        check(made.status === 201 && JSON.parse(made.text).client_id, `${where}: it registers itself`);
        const bad = await fetched(page, registration_endpoint, { method: "POST", headers: { ...version, "content-type": "application/json" }, body: "{}" });
        check(bad.status === 400 && JSON.parse(bad.text).error, `${where}: and reads why it may not`);
      }

      const form = (fields, more = {}) => ({ method: "POST", body: new URLSearchParams(fields).toString(),
        headers: { ...version, "content-type": "application/x-www-form-urlencoded", ...more } });
      const tokens = await app.signIn(stand.ada, { resource: stand.notes.url, scope: "notes:read offline_access" });
      const renewed = await fetched(page, `${issuer}/token`,
        form({ grant_type: "refresh_token", client_id: app.client, refresh_token: tokens.refresh_token }));
      check(renewed.status === 200 && JSON.parse(renewed.text).access_token, `${where}: it renews a token`);
      const dead = await fetched(page, `${issuer}/token`, form({ grant_type: "refresh_token", refresh_token: "x" }, { authorization: `Basic ${btoa("c_gone:x")}` }));
      check(dead.status === 401 && JSON.parse(dead.text).error === "invalid_client" && dead.challenge, `${where}: it reads a refusal and its challenge`);
      const proof = await fetched(page, `${issuer}/token`, form({ grant_type: "refresh_token", client_id: app.client, refresh_token: "x" }, { DPoP: "x" }));
      check(proof.status === 400, `${where}: it may send a DPoP proof`);
      const ended = await fetched(page, `${issuer}/revoke`, form({ client_id: app.client, token: JSON.parse(renewed.text).refresh_token }));
      check(ended.status === 200, `${where}: it revokes one`);
      const nobody = await fetched(page, `${issuer}/userinfo`, { headers: { ...version, authorization: "Bearer x" } });
      check(nobody.status === 401 && nobody.challenge, `${where}: it reads the challenge of user info`);

      // Somebody is signed in in this browser, and the page of the other origin is none the wiser.
      await page.goto(app.ask({ prompt: "consent" }));
      await page.fill("#username", "ada");
      await page.fill("#password", password);
      await page.click("#submit");
      await page.fill("#code", totp(stand.ada.secret, (stand.ada.step += 1) * 30_000));
      await page.click("#submit");
      await page.waitForSelector("form#consent");
      await page.goto(other.origin);
      for (const page_of_ours of ["/account", "/login", app.ask().slice(origin.length), "/account/keys"]) {
        for (const credentials of ["include", "omit"]) {
          const got = await fetched(page, `${origin}${page_of_ours}`, { credentials });
          check(got.error, `${where}: ${page_of_ours.split("?")[0]} cannot be read from another origin (${credentials})`);
        }
      }
      const withCookie = await fetched(page, `${issuer}/userinfo`, { credentials: "include" });
      check(withCookie.error, `${where}: no endpoint is opened to requests with cookies`);
    });
  } finally {
    await browser.close();
    other.close();
  }
}

// The stricter parts with another's library, openid-client: an app registers itself, pushes its request, gets the answer by
// a form that the browser posts by itself, proves a key (DPoP) for code, user info and refresh, and signs the person out.
import { createServer } from "node:http";
import * as oidc from "openid-client";
import { Installation, browse, check } from "./support.mjs";

const password = "Vexing-Otter7-Quilt";
const installation = new Installation();
const app = await listen();
let browser;
try {
  const { issuer } = await installation.serve();
  installation.cli(["user", "create", "ada", "--email", "ada@example.com", "--password-stdin"], `${password}\n`);
  const config = await oidc.dynamicClientRegistration(
    new URL(issuer),
    {
      client_name: "Strict Notebook",
      redirect_uris: [`${app.url}/callback`],
      post_logout_redirect_uris: [`${app.url}/bye`],
      token_endpoint_auth_method: "none",
      grant_types: ["authorization_code", "refresh_token"],
    },
    oidc.None(),
    { execute: [oidc.allowInsecureRequests] },
  );
  oidc.enableNonRepudiationChecks(config);
  const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));

  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const authorize = await oidc.buildAuthorizationUrlWithPAR(
    config,
    {
      redirect_uri: `${app.url}/callback`,
      scope: "openid email offline_access",
      response_mode: "form_post",
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      claims: JSON.stringify({ id_token: { auth_time: { essential: true } } }),
      state,
      nonce,
    },
    { DPoP },
  );
  check(authorize.searchParams.get("request_uri").startsWith("urn:ietf:params:oauth:request_uri:"),
    "the library pushed its request");
  check(!authorize.searchParams.has("state"), "the browser brings its name alone");

  const opened = await browse();
  browser = opened.browser;
  const { page } = opened;
  await page.goto(authorize.href);
  await page.fill("[name=username]", "ada");
  await page.fill("[name=password]", password);
  await page.click("#submit");
  await page.waitForSelector("button[value=allow]");
  await page.reload();
  check(await page.locator("button[value=allow]").count() === 1, "a reload shows the question again");
  await page.click("button[value=allow]");
  await page.waitForURL(`${app.url}/callback`);
  check(app.posted.length === 1, "the form posted itself, once");

  const request = new Request(`${app.url}/callback`, {
    method: "POST", body: app.posted[0], headers: { "content-type": "application/x-www-form-urlencoded" },
  });
  const tokens = await oidc.authorizationCodeGrant(
    config,
    request,
    { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true },
    undefined,
    { DPoP },
  );
  check(tokens.token_type === "dpop", "the tokens are bound to the app's key");
  check(tokens.claims().auth_time > 0, "the ID token tells when the person signed in");
  const info = await oidc.fetchUserInfo(config, tokens.access_token, tokens.claims().sub, { DPoP });
  check(info.email === "ada@example.com", "user info takes the token with a proof");
  const bare = await fetch(config.serverMetadata().userinfo_endpoint, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  check(bare.status === 401, "and not without");
  const stolen = await oidc.refreshTokenGrant(config, tokens.refresh_token).catch((error) => error);
  check(stolen.error === "invalid_dpop_proof", "a refresh token without its key is of no use");
  const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
  check(renewed.token_type === "dpop" && renewed.refresh_token !== tokens.refresh_token, "with it, it goes on");

  const left = oidc.buildEndSessionUrl(config, {
    id_token_hint: tokens.id_token,
    post_logout_redirect_uri: `${app.url}/bye`,
    state: "so long",
  });
  // From the app's own site, so the strict session cookie is held back at first.
  await page.goto(`${app.url}/?to=${encodeURIComponent(left.href)}`);
  await page.click("#leave");
  await page.waitForURL((url) => url.href.startsWith(`${app.url}/bye`));
  check(new URL(page.url()).searchParams.get("state") === "so long", "the person is back at the app, with its state");
  await page.goto(`${issuer}/account`);
  check(new URL(page.url()).pathname === "/login", "and signed out");
} finally {
  await browser?.close();
  app.close();
  await installation.stop();
}

/** The app's own site: keeps what is posted to it, and has a page with a link out. */
async function listen() {
  const posted = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://app.invalid");
    const to = url.searchParams.get("to") ?? "";
    let body = "";
    request.on("data", (chunk) => (body += chunk));
    request.on("end", () => {
      if (request.method === "POST") posted.push(body);
      response.setHeader("content-type", "text/html");
      response.end(`<title>App</title><a id="leave" href="${to.replaceAll("&", "&amp;").replaceAll('"', "&quot;")}">Sign out</a>`);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, posted, close: () => server.close() };
}

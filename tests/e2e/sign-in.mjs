// A person signs in with a browser (JavaScript off) and a TOTP code, approves an app, and the app's own library,
// openid-client, takes the tokens and verifies them. Then the operator ends the session.
import * as oidc from "openid-client";
import { Installation, browse, check, redirectTarget, totp } from "./support.mjs";

const password = "Vexing-Otter7-Quilt";
const installation = new Installation();
const target = await redirectTarget();
let browser;
try {
  const { url, issuer } = await installation.serve();
  installation.cli(
    ["user", "create", "ada", "--email", "ada@example.com", "--name", "Ada Byron", "--role", "admin", "--password-stdin"],
    `${password}\n`,
  );
  const factor = installation.cli(["auth", "mfa", "enable", "--user", "ada", "--unverified"]);
  const client = installation.cli(["client", "create", "Notebook", "--public", "--redirect-uri", target.uri,
    "--grant", "authorization_code", "--grant", "refresh_token",
    "--scope", "openid", "--scope", "profile", "--scope", "email", "--scope", "offline_access"]);

  const config = await oidc.discovery(new URL(issuer), client.client_id, undefined, oidc.None(), {
    execute: [oidc.allowInsecureRequests],
  });
  oidc.enableNonRepudiationChecks(config); // the ID token's signature is checked, not only trusted
  check(config.serverMetadata().issuer === issuer, "discovery names the issuer that serve printed");

  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const authorize = oidc.buildAuthorizationUrl(config, {
    redirect_uri: target.uri,
    scope: "openid profile email offline_access",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    prompt: "consent",
    state,
    nonce,
  });

  const opened = await browse({ javaScriptEnabled: false });
  browser = opened.browser;
  const { page, context } = opened;
  await page.goto(authorize.href);
  check(page.url().startsWith(`${issuer}/login`), "the authorization request leads to sign-in");
  check((await page.textContent("body")).includes("Notebook"), "the sign-in page names the app");

  await page.fill("[name=username]", "ada");
  await page.fill("[name=password]", "not the password");
  await page.click("button[type=submit]");
  check((await page.locator("[role=alert]").count()) > 0, "a wrong password is refused on the page");
  check((await page.inputValue("[name=username]")) === "ada", "the user name stays in its field");
  // The first wrong try costs a second.
  await page.waitForTimeout(1_100);
  await page.fill("[name=password]", password);
  await page.click("button[type=submit]");
  check(new URL(page.url()).pathname === "/mfa", "the right password leads to the second factor");
  check(!(await context.cookies()).some((cookie) => cookie.name === "mcpcodex_session"),
    "there is no session before the second factor");
  await page.goto(`${issuer}/account`);
  check(new URL(page.url()).pathname === "/login", "the account page cannot be reached by skipping the code");
  await page.goto(`${issuer}/mfa`);
  await page.fill("[name=code]", totp(factor.secret));
  await page.click("button[type=submit]");
  check((await page.textContent("h1")).length > 0 && new URL(page.url()).pathname.match(/authorize|consent/),
    "the code leads to consent");
  const consent = await page.textContent("body");
  check(consent.includes("Notebook") && consent.includes("ada"), "consent names the app and the person");

  const answer = target.next();
  await page.click("button[value=allow]");
  const callback = await answer;
  check(callback.searchParams.get("iss") === issuer, "the answer carries iss (RFC 9207)");

  const tokens = await oidc.authorizationCodeGrant(config, callback, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  check(claims.email === "ada@example.com" && claims.name === "Ada Byron", "the ID token tells e-mail and name");
  check(claims.amr.includes("mfa") && claims.roles.includes("admin"), "the ID token tells amr and roles");
  const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
  check(info.email === "ada@example.com", "user info agrees with the ID token");

  const refreshed = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  check(refreshed.refresh_token !== tokens.refresh_token, "a refresh rotates the refresh token");
  const again = await oidc.refreshTokenGrant(config, tokens.refresh_token);
  check(again.refresh_token === refreshed.refresh_token, "a retry gets the same successor");
  await oidc.fetchUserInfo(config, refreshed.access_token, claims.sub);

  // The app is on another site than the server, so its link comes without the strict session cookie.
  const second = oidc.buildAuthorizationUrl(config, {
    redirect_uri: target.uri,
    scope: "openid profile email offline_access",
    code_challenge: await oidc.calculatePKCECodeChallenge(oidc.randomPKCECodeVerifier()),
    code_challenge_method: "S256",
    state: oidc.randomState(),
  });
  const silent = target.next();
  await page.goto(target.page(second.href));
  await page.click("#sign-in");
  await page.waitForURL((url) => url.href.startsWith(target.uri));
  check((await silent).searchParams.get("code"), "a link on another site finds the session and asks nothing again");

  const sessions = installation.cli(["session", "list", "--user", "ada"]);
  check((sessions.sessions ?? sessions).length === 1, "the operator sees one session");
  await page.goto(`${issuer}/account`);
  check(new URL(page.url()).pathname === "/account", "the person is signed in");
  const ended = installation.cli(["session", "revoke", "--user", "ada", "--yes"]);
  check(ended.revoked === 1, "the operator ends it");
  await page.goto(`${issuer}/account`);
  check(new URL(page.url()).pathname === "/login", "the next request is refused");
  const refused = await oidc.refreshTokenGrant(config, refreshed.refresh_token).catch((error) => error);
  check(refused.error === "invalid_grant", "the refresh token died with it");
  const userinfo = await fetch(`${url}/userinfo`, { headers: { authorization: `Bearer ${refreshed.access_token}` } });
  check(userinfo.status === 401, "so did the access token");
} finally {
  await browser?.close();
  target.close();
  await installation.stop();
}

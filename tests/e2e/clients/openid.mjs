// The parts of OpenID Connect and its neighbours that MCP clients leave alone, with openid-client, a library that is
// certified for them: prompt, max_age, claims, form_post, pushed requests, tokens bound to a key, signing out.
import * as oidc from "openid-client";
import { claims as read } from "../app.mjs";
import { onStand, password } from "../stand.mjs";
import { Person } from "../person.mjs";
import { check, version } from "../support.mjs";

const redirect = "http://127.0.0.1:6005/callback";
const about = `openid-client ${version("openid-client")}`;

await onStand({}, async (stand) => {
  stand.cli(["user", "create", "bob", "--email", "bob@example.com", "--name", "Bob", "--role", "user", "--password-stdin"], `${password}\n`);
  const bob = new Person({ username: "bob", password });
  const { client_id } = stand.cli(["client", "create", "Notebook", "--public", "--redirect-uri", redirect]);
  const config = await oidc.discovery(new URL(stand.issuer), client_id, undefined, oidc.None(), { execute: [oidc.allowInsecureRequests] });
  oidc.enableNonRepudiationChecks(config);
  const told = config.serverMetadata();

  /** One request, from its URL to the tokens; `asks` are the parameters beside the usual ones. */
  const request = async (asks = {}, { pushed = false, grant = {}, options } = {}) => {
    const verifier = oidc.randomPKCECodeVerifier();
    const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
    const parameters = { redirect_uri: redirect, scope: "openid profile email", state, nonce,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256", ...asks };
    const url = pushed ? await oidc.buildAuthorizationUrlWithPAR(config, parameters, options) : oidc.buildAuthorizationUrl(config, parameters);
    bob.seen = [];
    const back = await bob.open(url.href);
    const answer = back.posted ? new URL(`${back.href}?${new URLSearchParams(back.posted)}`) : back;
    if (answer.searchParams.get("error")) return { back, url, refusal: answer.searchParams.get("error") };
    const tokens = await oidc.authorizationCodeGrant(config, answer, { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce,
      idTokenExpected: true, ...grant }, undefined, options);
    return { back, url, tokens, claims: tokens.claims(), steps: bob.steps.join() };
  };

  check((await request({ prompt: "none" })).refusal === "login_required", `${about}: prompt=none without a session is login_required`);
  const first = await request();
  check(first.steps === "login,consent" && first.claims.sub, `${about}: sign-in and consent, and the ID token is verified`);
  const silent = await request({ prompt: "none" });
  check(silent.steps === "" && silent.claims.sub === first.claims.sub, `${about}: prompt=none with a session asks nothing`);
  check((await request({ prompt: "none", scope: "openid offline_access" })).refusal === "consent_required", `${about}: prompt=none for more than was allowed is consent_required`);
  check((await request({ prompt: "consent" })).steps === "consent", `${about}: prompt=consent asks for consent alone`);
  const again = await request({ prompt: "login" });
  check(/^(login|confirm)$/.test(again.steps) && again.claims.auth_time >= first.claims.auth_time, `${about}: prompt=login asks for the password again`);
  const fresh = await request({ max_age: "600" }, { grant: { maxAge: 600 } });
  check(fresh.steps === "" && fresh.claims.auth_time, `${about}: max_age that is kept asks nothing, and auth_time is told`);
  const stale = await request({ max_age: "0" });
  check(/^(login|confirm)$/.test(stale.steps), `${about}: max_age=0 asks for the password again`);
  check((await request({ prompt: "login none" })).refusal === "invalid_request", `${about}: prompt=none cannot be combined`);

  if (told.claims_parameter_supported) {
    const asked = { id_token: { email: null, auth_time: { essential: true } }, userinfo: { name: null } };
    const { tokens, claims } = await request({ claims: JSON.stringify(asked) });
    check(claims.auth_time && claims.email === "bob@example.com", `${about}: claims names what the ID token is to tell`);
    const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub);
    check(info.name === "Bob", `${about}: and user info`);
  }
  if (told.response_modes_supported.includes("form_post")) {
    const { back, claims } = await request({ response_mode: "form_post" });
    check(back.posted?.code && back.posted.iss === stand.issuer && !back.search && claims.sub, `${about}: response_mode=form_post sends the answer by a form`);
  }
  if (told.pushed_authorization_request_endpoint) {
    const { url, claims } = await request({ prompt: "consent" }, { pushed: true });
    check(url.searchParams.get("request_uri") && !url.searchParams.get("scope") && claims.sub, `${about}: a pushed request (RFC 9126)`);
    bob.seen = [];
    const used = await bob.open(url.href).catch((error) => error);
    check(used instanceof Error || used.searchParams.get("error"), `${about}: which is good once`);
  }
  if (told.dpop_signing_alg_values_supported) {
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair("ES256"));
    const { tokens } = await request({ scope: "openid offline_access", prompt: "consent" }, { options: { DPoP } });
    check(tokens.token_type === "dpop" && read(tokens.access_token).cnf?.jkt, `${about}: tokens are bound to a key (DPoP, RFC 9449)`);
    const renewed = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP });
    check(renewed.token_type === "dpop", `${about}: and so are renewed ones`);
    const info = await oidc.fetchUserInfo(config, renewed.access_token, tokens.claims().sub, { DPoP });
    check(info.sub, `${about}: user info takes them with a proof`);
    const thief = await oidc.refreshTokenGrant(config, renewed.refresh_token).catch((error) => error);
    check(/invalid/.test(thief.error), `${about}: the refresh token is nothing without the key`);
  }
  if (told.end_session_endpoint) {
    const { tokens } = await request();
    const url = oidc.buildEndSessionUrl(config, { id_token_hint: tokens.id_token });
    await bob.leave(url.href);
    check((await request({ prompt: "none" })).refusal === "login_required", `${about}: signing out at the app's request ends the session`);
  }
});

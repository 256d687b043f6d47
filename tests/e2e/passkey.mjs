// Passkeys in a real browser with devices that exist in its memory: made in a session and on the way in, used by the
// button, below the user name, as the second factor and to confirm; refused, removed, and missing.
import * as oidc from "openid-client";
import { Device, Installation, browse, check, redirectTarget } from "./support.mjs";

const password = "Vexing-Otter7-Quilt";

const installation = new Installation({
  files: { "auth.config.yaml": "authentication: { mfa: { grace_period: 0 } }\n" },
});
const target = await redirectTarget();
const opened = [];
/** A page of a fresh browser, and a way to read the session in it. */
async function fresh(options) {
  const browser = await browse(options);
  opened.push(browser.browser);
  const { page } = browser;
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(String(error)));
  return browser;
}
const complaints = [];

try {
  const { issuer } = await installation.serve();
  check(issuer.startsWith("http://localhost:"), "the server is at localhost, where browsers know passkeys");
  const at = (path) => `${issuer}${path}`;
  for (const [name, role] of [["ada", "user"], ["bob", "admin"]]) {
    installation.cli(["user", "create", name, "--email", `${name}@example.com`, "--role", role, "--password-stdin"], `${password}\n`);
  }
  const { page, context } = await fresh();
  const arrived = (path) => page.waitForURL((url) => url.pathname === path);
  const session = async () => (await page.request.get(at("/auth/session"))).json();
  const typePassword = async (name) => {
    await page.fill("[name=username]", name);
    await page.fill("[name=password]", password);
    await page.click("#submit");
  };
  const signOut = async () => {
    await page.goto(at("/logout"));
    await page.click("#submit");
    check((await session()).error?.code === "no_session", "signed out");
  };
  const laptop = await Device.plug(page);
  // Which calls a page makes, in order, into the browser's own.
  const calls = [];
  await context.exposeFunction("called", (how) => calls.push(how));
  await context.addInitScript(() => {
    const get = navigator.credentials.get.bind(navigator.credentials);
    navigator.credentials.get = (options) => {
      window.called(options.mediation ?? "button");
      return get(options);
    };
  });
  /** Opens a sign-in page; its call below the user name waits, since no device is present. */
  const waits = async (address) => {
    await laptop.present(false);
    calls.length = 0;
    await page.goto(address);
    for (let tries = 0; calls.length === 0 && tries < 500; tries += 1) await page.waitForTimeout(20);
    // A device meets only calls that come after it. When the call has reached the browser can be seen nowhere.
    await page.waitForTimeout(300);
  };
  /** Presses the button there. */
  const press = async (device) => {
    await device.present(true);
    await page.click("#passkey_start");
  };

  // In a session.
  await page.goto(at("/login"));
  check(await page.isVisible("#passkey_start"), "the sign-in page offers passkeys");
  check((await page.getAttribute("#username", "autocomplete")) === "username webauthn", "and the browser may, too");
  await typePassword("ada");
  await arrived("/account");
  await page.goto(at("/account/passkeys"));
  check(await page.isVisible("#none"), "there is no passkey at first");
  await page.click("#add");
  await page.fill("#label", "Laptop");
  await page.click("#passkey_start");
  await page.waitForSelector("#codes");
  check((await laptop.passkeys())[0]?.isResidentCredential, "the device keeps a passkey that needs no user name");
  const codes = (await page.textContent("#codes")).trim().split("\n");
  check(codes.length >= 8, "recovery codes come with the first factor");
  await page.click("#submit");
  await page.goto(at("/account/passkeys"));
  check((await page.textContent("#passkeys")).includes("Laptop"), "the account lists it by its name");
  check((await session()).mfa_verified, "the session in which it was made is one with two factors");

  await page.click("#add");
  await page.click("#passkey_start");
  await page.waitForFunction(() => document.getElementById("passkey_said").textContent);
  check((await page.textContent("#passkey_said")).includes("already"), "the same device makes no second one, and the page says why");
  await laptop.present(false);
  const key = await Device.plug(page, { transport: "usb" });
  await page.click("#passkey_start");
  await arrived("/account/passkeys");
  check((await page.locator("#passkeys > li").count()) === 2, "another device does");
  await key.present(false);
  await signOut();

  // Alone, by the button: the call that waits below the user name ends first.
  const byButton = async (device) => {
    await waits(at("/login"));
    await page.check("#remember_me");
    await press(device);
    await arrived("/account");
    check(calls.join() === "conditional,button", "the call that waited is over before the button makes its own");
    await device.present(false);
  };
  await byButton(laptop);
  const proved = await session();
  check(proved.user.username === "ada" && proved.mfa_verified, "the button signs in, with two factors, and nothing is typed");
  check(proved.amr.includes("user") && proved.amr.includes("mfa") && !proved.amr.includes("pwd"), "the session says how");
  const cookie = (await context.cookies()).find((one) => one.name === "mcpcodex_session");
  check(cookie.expires > 0, "the box for being remembered counts for passkeys");
  await signOut();
  await byButton(key);
  check((await session()).user.username === "ada", "each of several passkeys signs in");
  await key.unplug();

  // To confirm, in a session.
  await page.goto(at("/login/confirm?return_to=/account/passkeys"));
  await laptop.present(true);
  await page.click("#passkey_start");
  await arrived("/account/passkeys");
  await laptop.present(false);
  check((await session()).id !== proved.id, "confirming makes a new session");
  await signOut();

  // Below the user name: a device that is present stands for a person who picks the name.
  await laptop.present(true);
  await page.goto(at("/login?return_to=/account/passkeys"));
  await arrived("/account/passkeys");
  await laptop.present(false);
  check((await session()).mfa_verified, "a name picked below the user name signs in, and leads where one wanted to be");
  await signOut();

  // As the second factor, after the password.
  await page.goto(at("/login"));
  await typePassword("ada");
  await arrived("/mfa");
  check(await page.isVisible("#passkey_start"), "after the password the passkey is asked for first");
  check(!(await page.isVisible("#passkey_needs")), "where scripts run nothing is said about them");
  check((await session()).error?.code === "no_session", "there is no session before it");
  await laptop.verifies(false);
  await laptop.present(true);
  await page.click("#passkey_start");
  await page.waitForFunction(() => document.getElementById("passkey_said").textContent);
  check(new URL(page.url()).pathname === "/mfa", "a device that does not check the person does not get in");
  await laptop.verifies(true);
  await page.click("#passkey_start");
  await arrived("/account");
  await laptop.present(false);
  const both = (await session()).amr;
  check(both.includes("pwd") && both.includes("mfa"), "with it the person is in, by password and passkey");
  await signOut();

  // For an app.
  const client = installation.cli(["client", "create", "Notebook", "--public", "--redirect-uri", target.uri,
    "--grant", "authorization_code", "--scope", "openid"]);
  const config = await oidc.discovery(new URL(issuer), client.client_id, undefined, oidc.None(), {
    execute: [oidc.allowInsecureRequests],
  });
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  await waits(oidc.buildAuthorizationUrl(config, {
    redirect_uri: target.uri,
    scope: "openid",
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    acr_values: "urn:mcpcodex:acr:mfa",
    state,
  }).href);
  check((await page.textContent("body")).includes("Notebook"), "the sign-in page names the app");
  await press(laptop);
  await page.waitForSelector("button[value=allow]");
  await laptop.present(false);
  const answer = target.next();
  await page.click("button[value=allow]");
  const tokens = await oidc.authorizationCodeGrant(config, await answer, { pkceCodeVerifier: verifier, expectedState: state });
  const claims = tokens.claims();
  check(claims.amr.includes("mfa") && claims.acr === "urn:mcpcodex:acr:mfa", "the ID token says two factors in amr and acr");

  // Gone.
  await page.goto(at("/account/passkeys"));
  await page.locator("#passkeys > li", { hasText: "Laptop" }).locator("summary").click();
  await page.locator("#passkeys > li", { hasText: "Laptop" }).locator("[name=label]").fill("Old laptop");
  await page.locator("#passkeys > li", { hasText: "Laptop" }).locator("button").click();
  check((await page.textContent("#passkeys")).includes("Old laptop"), "a passkey can be renamed");
  await page.locator("#passkeys > li", { hasText: "Old laptop" }).locator("a").click();
  check((await page.textContent("main")).includes("Old laptop"), "removing asks first");
  await page.click("#submit");
  await arrived("/account/passkeys");
  check((await page.locator("#passkeys > li").count()) === 1, "and removes that one");
  await signOut();
  await waits(at("/login"));
  let challenges = 0;
  // The device would answer the page of the refusal at once, too.
  await page.route("**/passkey/sign-in", (route) => (challenges++ ? route.abort() : route.continue()));
  await press(laptop);
  await page.waitForSelector("#error");
  check(new URL(page.url()).pathname === "/login/passkey", "a passkey that was removed is refused");
  await page.unroute("**/passkey/sign-in");
  await laptop.unplug();

  // On the way in, where the role needs a second factor.
  const other = await fresh({ locale: "de-DE" });
  const phone = await Device.plug(other.page);
  await phone.present(false);
  await other.page.goto(at("/login"));
  await other.page.fill("[name=username]", "bob");
  await other.page.fill("[name=password]", password);
  await other.page.click("#submit");
  await other.page.waitForURL((url) => url.pathname === "/mfa/enroll");
  await other.page.click("#passkey");
  await phone.verifies(false);
  await phone.present(true);
  await other.page.click("#passkey_start");
  await other.page.waitForFunction(() => document.getElementById("passkey_said").textContent);
  check((await other.page.textContent("#passkey_said")).startsWith("Es wurde kein Passkey erstellt"),
    "what went wrong is said in the person's language");
  await phone.verifies(true);
  await other.page.click("#passkey_start");
  await other.page.waitForSelector("#codes");
  await other.page.click("#submit");
  await other.page.waitForURL((url) => url.pathname === "/account");
  check(true, "someone whose role needs it makes a passkey on the way in");

  // A challenge is good for five minutes only: a page that is open for longer gets another.
  await other.context.clearCookies();
  await other.page.clock.install();
  await phone.present(false);
  const renewed = () => other.page.waitForResponse((answer) => answer.url().endsWith("/passkey/sign-in") && answer.ok());
  const ceremony = async (answer) => (await (await answer).json()).ceremony;
  const [first] = await Promise.all([ceremony(renewed()), other.page.goto(at("/login"))]);
  await other.page.waitForTimeout(300);
  const [second] = await Promise.all([ceremony(renewed()), other.page.clock.fastForward(250_000)]);
  check(first !== second, "a sign-in page that stays open asks for a new challenge in time");

  // Without scripts.
  const plain = await fresh({ javaScriptEnabled: false });
  await plain.page.goto(at("/login"));
  check(!(await plain.page.isVisible("#passkey_start")), "without scripts the sign-in page offers no passkey");
  await plain.page.fill("[name=username]", "ada");
  await plain.page.fill("[name=password]", password);
  await plain.page.click("#submit");
  check(await plain.page.isVisible("#passkey_needs"), "the page of the second factor says what it takes");
  check(!(await plain.page.isVisible("#passkey_start")), "and shows no button that does nothing");
  await plain.page.click("nav.ways a");
  await plain.page.fill("[name=code]", codes[0]);
  await plain.page.click("#submit");
  check(new URL(plain.page.url()).pathname === "/account", "another way leads in");

  const serious = complaints.filter((text) => !/status of (401|409|422)|net::ERR_FAILED/.test(text));
  check(serious.length === 0, `the browser has nothing to complain about ${serious}`);
} finally {
  await Promise.all(opened.map((browser) => browser.close()));
  target.close();
  await installation.stop();
}

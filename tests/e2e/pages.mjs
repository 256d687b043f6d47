// Every page, as people of either language see it in both schemes on a phone and on a desk: accessible (axe), small,
// without a request to anyone else, without scrolling sideways, with a title of its own. Pictures of each are left in
// target/screenshots to be looked at. Then a whole sign-in with the keyboard alone, and without JavaScript.
//
// A new page is a line in `table`.
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { examine } from "./examine.mjs";
import { byKeyboard } from "./keyboard.mjs";
import { check, launch, totp } from "./support.mjs";
import { password, signIn, world } from "./world.mjs";

/**
 * `id` names the pictures; `as` is the state of `world.mjs` that the browser is in (nobody), `on` the server (main).
 * `go` leads to the page: its address, or a function that gets there. Rows of one path, or with the same `is`, are the
 * same page in several states and may share a title.
 */
const table = (w) => [
  { id: "login", go: "/login" },
  { id: "login-app", go: w.authorize() },
  { id: "login-wrong", go: wrongPassword },
  { id: "mfa-totp", as: "code", go: "/mfa" },
  { id: "mfa-totp-wrong", as: "code", go: (page) => wrongCode(page, "/mfa", "000 000") },
  { id: "mfa-sms", as: "message", go: "/mfa?method=sms" },
  { id: "mfa-sms-sent", as: "message", go: (page) => sendCode(page, "/mfa?method=sms") },
  { id: "mfa-email", as: "message", go: "/mfa?method=email" },
  { id: "mfa-email-sent", as: "message", go: (page) => sendCode(page, "/mfa?method=email") },
  { id: "mfa-passkey", as: "passkey", go: "/mfa" },
  { id: "mfa-passkey-failed", as: "passkey", go: failedPasskey },
  { id: "recovery", as: "code", go: "/mfa/recovery" },
  { id: "recovery-wrong", as: "code", go: (page) => wrongCode(page, "/mfa/recovery", "aaaa-aaaa") },
  { id: "enrol-choice", as: "enrol", go: "/mfa/enroll" },
  { id: "enrol-totp", is: "enrol-totp", as: "enrol", go: "/mfa/enroll?method=totp" },
  { id: "enrol-totp-wrong", as: "enrol", go: (page) => wrongCode(page, "/mfa/enroll?method=totp", "000000") },
  { id: "enrol-sms", is: "enrol-sms", as: "enrol", go: "/mfa/enroll?method=sms" },
  { id: "enrol-sms-wrong", as: "enrol", go: (page) => enrolContact(page, "sms", "#phone", "12") },
  { id: "enrol-email", is: "enrol-email", as: "enrol", go: "/mfa/enroll?method=email" },
  { id: "enrol-email-code", as: "enrol", go: (page) => enrolContact(page, "email", "#email", "zoe@example.com") },
  { id: "enrol-passkey", as: "enrol", go: "/mfa/enroll/passkey" },
  { id: "enrol-link", go: path(w.link("auth", "mfa", "reset", "--user", "NAME").enroll_url) },
  { id: "enrol-link-sign-in", go: (page) => followLink(page, w) },
  { id: "codes", go: (page) => recoveryCodes(page, w) },
  { id: "password", as: "max", go: "/password" },
  { id: "password-refused", as: "max", go: refusedPassword },
  ...(w.hasExpired ? [{ id: "password-expired", as: "expired", go: "/password" }] : []),
  { id: "confirm", as: "ada", go: "/login/confirm?return_to=/password" },
  { id: "confirm-wrong", as: "ada", go: wrongConfirmation },
  { id: "new-codes", as: "ada", go: "/mfa/codes" },
  { id: "forgot", go: "/reset" },
  { id: "forgot-asked", is: "forgot-asked", go: forgot },
  { id: "reset", is: "reset", go: path(w.link("user", "password", "NAME", "--reset-link").reset_url) },
  { id: "reset-over", is: "not found", go: "/reset?token=no-such-link" },
  { id: "setup", on: "empty", go: w.setup },
  { id: "setup-refused", on: "empty", go: (page) => refusedSetup(page, w.setup) },
  { id: "setup-over", is: "not found", go: "/setup" },
  { id: "setup-wrong-link", is: "not found", on: "empty", go: "/setup?token=no-such-link" },
  { id: "invite", go: w.someone("user", true).invite_url },
  { id: "invite-over", is: "not found", go: "/invite?token=no-such-link" },
  { id: "consent", as: "ada", go: w.authorize({ prompt: "consent" }) },
  { id: "consent-stranger", as: "ada", go: w.stranger },
  { id: "consent-again", as: "ada", go: (page) => askedAgain(page, w) },
  { id: "consent-elsewhere", as: "ada", go: w.elsewhere },
  { id: "client-waits", on: "strict", go: w.waits },
  { id: "client-off", go: w.switchedOff() },
  { id: "device", is: "device", as: "max", go: "/device?user_code=BCDF-GHJK" },
  { id: "device-wrong", is: "device", as: "max", go: (page) => typeCode(page, "bcdf ghjk") },
  { id: "device-question", is: "device-question", as: "max", go: (page) => device(page, w) },
  { id: "device-allowed", is: "device-allowed", as: "max", go: (page) => device(page, w, "#allow") },
  { id: "device-denied", is: "device-denied", as: "max", go: (page) => device(page, w, "#deny") },
  { id: "consent-over", go: "/consent?request=no-such-request" },
  { id: "account", as: "ada", go: "/account" },
  { id: "account-refused", as: "max", go: refusedName },
  { id: "security", as: "ada", go: "/account/security" },
  { id: "security-bare", as: "max", go: "/account/security" },
  { id: "factor-remove", as: "ada", go: removeFactor },
  { id: "sessions", as: "ada", go: (page) => sessions(page, w) },
  { id: "apps", as: "ada", go: "/account/apps" },
  { id: "keys", as: "max", go: "/account/keys" },
  { id: "key-new", is: "key-new", as: "max", go: "/account/keys/new" },
  { id: "key-refused", as: "max", go: (page) => makeKey(page, false) },
  { id: "key-made", is: "key-made", as: "max", go: (page) => makeKey(page, true) },
  { id: "keys-some", as: "max", go: "/account/keys" },
  { id: "key-replaced", is: "key-made", as: "max", go: replaceKey },
  { id: "strength", as: "max", go: typePassword },
  { id: "account-long-name", as: "max", go: "/account" },
  { id: "passkeys", as: "pia", go: "/account/passkeys" },
  { id: "passkeys-none", as: "max", go: "/account/passkeys" },
  { id: "passkey-remove", as: "pia", go: removePasskey },
  { id: "logout", as: "max", go: "/logout" },
  { id: "logout-app", as: "max", go: `/logout?client_id=${w.client}` },
  { id: "logout-unfit", go: "/logout?client_id=no-such-client" },
  { id: "signed-out", go: "/logout" },
  { id: "unsure-app", go: w.authorize({ client_id: "no-such-client" }) },
  { id: "unsure-request", go: w.authorize({ request_uri: "urn:ietf:params:oauth:request_uri:no-such-request" }) },
  { id: "held-app", go: w.mistaken },
  { id: "form-post", go: (page) => formPost(page, w) },
  { id: "unsure-document", go: w.authorize({ client_id: "https://127.0.0.1/client.json" }) },
  { id: "no-such-page", is: "not found", go: "/no-such-page" },
  { id: "form-not-ours", go: formNotOurs },
  { id: "brand-login", on: "branded", go: "/login" },
  { id: "brand-account", on: "branded", as: "max", go: "/account" },
];

/** A link of the command line, on whatever server. */
const path = (url) => new URL(url).pathname + new URL(url).search;

async function wrongPassword(page) {
  await page.goto("/login");
  await page.fill("#username", "nobody-with-this-name");
  await page.fill("#password", "not the password");
  await page.click("#submit");
}

async function wrongCode(page, path, code) {
  await page.goto(path);
  await page.fill("#code", code);
  await page.click("#submit");
}

async function sendCode(page, path) {
  await page.goto(path);
  await page.click("#send button");
}

async function failedPasskey(page) {
  await page.route("**/passkey/second-factor", (route) => route.abort());
  await page.goto("/mfa");
  await page.click("#passkey_start");
  await page.waitForFunction(() => document.getElementById("passkey_said").textContent);
}

async function enrolContact(page, method, field, value) {
  await page.goto(`/mfa/enroll?method=${method}`);
  await page.fill(field, value);
  await page.click("#submit");
}

async function followLink(page, w) {
  await page.goto(path(w.link("auth", "mfa", "reset", "--user", "NAME").enroll_url));
  await page.click("main a");
}

// The answer stays on the page: its script does nothing here.
async function formPost(page, w) {
  await page.route("**/assets/form-post.*", (route) => route.fulfill({ body: "", contentType: "text/javascript" }));
  await page.goto(w.authorize({ response_mode: "form_post", prompt: "none" }));
}

async function wrongConfirmation(page) {
  await page.goto("/login/confirm?return_to=/password");
  await page.fill("#password", "not the password");
  await page.click("#submit");
}

async function forgot(page) {
  await page.goto("/reset");
  await page.fill("#username", "nobody-with-this-name");
  await page.click("#submit");
}

async function removePasskey(page) {
  await page.goto("/account/passkeys");
  await page.click("#passkeys li > a");
}

async function recoveryCodes(page, w) {
  const { username } = w.someone("admin");
  await signIn(page, username);
  await page.goto("/mfa/enroll?method=totp");
  const secret = (await page.textContent("#secret")).replaceAll(" ", "");
  await page.fill("#code", totp(secret));
  await page.click("#submit");
}

async function refusedPassword(page) {
  await page.goto("/password");
  await page.fill("#password", password);
  await page.fill("#new_password", "password123");
  await page.click("#submit");
}

async function refusedName(page) {
  await page.goto("/account");
  await page.fill("#name", "Ann\u202eLee");
  await page.click("#save");
}

async function removeFactor(page) {
  await page.goto("/account/security");
  await page.click("#factors li > a[href*=remove]");
}

/** Also from another browser, and with a trusted one. */
async function sessions(page, w) {
  const other = await page.context().browser().newContext({ baseURL: w.at.main, userAgent: "Mozilla/5.0 (iPhone) Safari/605.1" });
  const there = await other.newPage();
  await signIn(there, "ada");
  await there.goto("/mfa");
  await other.close();
  await page.goto("/account/sessions");
}

async function typeCode(page, code) {
  await page.goto("/device");
  await page.fill("#user_code", code);
  await page.click("#submit");
}

/** A device asks, and its code is typed as people type it; then a button may be pressed. */
async function device(page, w, button) {
  const form = { client_id: w.tool, scope: "openid profile offline_access" };
  const asked = await page.request.post("/device_authorization", { form });
  await typeCode(page, (await asked.json()).user_code.toLowerCase().replace("-", " "));
  if (button) await page.click(button);
}

/** An app that nobody knows is asked about although the person has allowed the same before. */
async function askedAgain(page, w) {
  await page.goto(w.again);
  if (await page.$("#again")) return;
  // Beside the page, which is not to be led to the app.
  const form = await page.$eval("#consent", (own) => Object.fromEntries(new FormData(own)));
  await page.request.post("/consent", { form: { ...form, decision: "allow" }, maxRedirects: 0 });
  await page.goto(w.again);
  await page.waitForSelector("#again");
}

async function makeKey(page, withScope) {
  await page.goto("/account/keys/new");
  await page.fill("#label", "Nightly backup of everything there is");
  if (withScope) await page.check("#scope_1");
  await page.click("#submit");
}

async function replaceKey(page) {
  await page.goto("/account/keys");
  await page.click("form[action$='/account/keys/rotate'] button");
}

/** The page says what a password is worth, and why it will not do. */
async function typePassword(page) {
  await page.goto("/password");
  await page.fill("#new_password", "password123");
  await page.waitForSelector("#strength:not([hidden]) li");
  const weak = await page.textContent("#strength p");
  await page.fill("#new_password", "correct-Horse7battery-staple");
  await page.waitForFunction((before) => document.querySelector("#strength p").textContent !== before, weak);
  check((await page.locator("#strength li").count()) === 0, "a good password has nothing against it");
  await page.fill("#new_password", "password123");
  await page.waitForSelector("#strength:not([hidden]) li");
}

async function refusedSetup(page, path) {
  await page.goto(path);
  await page.fill("#username", "root");
  await page.fill("#email", "root@example.com");
  await page.fill("#new_password", "qwertyuiop");
  await page.click("#submit");
}

async function formNotOurs(page) {
  await page.goto("/login");
  await page.fill("#username", "ada");
  await page.fill("#password", password);
  await page.context().clearCookies();
  await page.click("#submit");
}

const pictures = fileURLToPath(new URL("../../target/screenshots/", import.meta.url));
mkdirSync(pictures, { recursive: true });
const only = process.argv[2];
const began = Date.now();
const browser = await launch();
let w;
try {
  w = await world(browser, process.env.MCPCODEX_E2E_DATA);
  const rows = table(w).filter((row) => !only || row.id.startsWith(only));
  // Each language goes through the table by itself, both at the same time.
  const faults = (await Promise.all(["en", "de"].map((lang) => walk(rows, lang)))).flat();
  check(faults.length === 0, `${rows.length} pages in two languages\n${faults.join("\n")}`);
  if (!only || only === "keyboard") await byKeyboard(browser, w);
  console.log(`ok: all in ${Math.round((Date.now() - began) / 1000)} s; pictures in ${pictures}`);
} finally {
  await browser.close();
  await w?.stop();
}

/** Looks at every page in one language, also after a fault, and gives back what is wrong. */
async function walk(rows, lang) {
  const titles = new Map();
  const faults = [];
  for (const row of rows) {
    await visit(row, lang, titles).catch((fault) => faults.push(`${row.id} (${lang}): ${fault.message}`));
  }
  return faults;
}

async function visit({ id, is, go, as, on = "main" }, lang, titles) {
  const context = await browser.newContext({
    baseURL: w.at[on],
    locale: lang === "de" ? "de-AT" : "en-GB",
    storageState: as && (await w.states(as, on)),
    viewport: { width: 360, height: 740 },
    reducedMotion: "reduce",
  });
  try {
    context.setDefaultTimeout(15_000);
    const elsewhere = [];
    context.on("request", (request) => {
      if (new URL(request.url()).origin !== w.at[on]) elsewhere.push(request.url());
    });
    const page = await context.newPage();
    if (typeof go === "string") await page.goto(go);
    else await go(page);
    await examine(page, { id, lang, pictures });
    check(elsewhere.length === 0, `asks nobody else ${elsewhere.join(" ")}`);
    const [title, own] = [await page.title(), is ?? new URL(page.url()).pathname];
    const other = titles.get(title) ?? own;
    check(other === own, `its title is its own: ${title}, also of ${other}`);
    titles.set(title, own);
  } finally {
    await context.close();
  }
}

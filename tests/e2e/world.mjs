// The servers and people that the pages are shown to: one installation with somebody in every state, one that nobody
// has set up yet, one with a brand. A state is the cookies of a browser that has come so far.
import { Device, Installation, redirectTarget, totp } from "./support.mjs";

export const password = "Vexing-Otter7-Quilt";
/** The longest names that still are ordinary: what is too wide for a small screen shows with them. */
const people = {
  ada: { name: "Ada Byron", role: "admin" },
  kay: { name: "Kay", role: "user" },
  pia: { name: "Pia", role: "user" },
  eve: { name: "Eve", role: "user" },
  max: { name: "Maximiliane-Friederike Wolkenstein-Trostburg", role: "user" },
  zoe: { name: "Zoe", role: "admin" },
};
const fast = `
  password:
    history: { expiry_days: 1 }
    hashing: { memory_kib: 8, iterations: 1 }
  mfa:
    grace_period: 0
    trusted_device: { enabled: true }
    providers: { sms: { enabled: true, provider: console }, email: { enabled: true, provider: console } }
  tokens: { access_token: { algorithm: "ES256" } }`;
const brand = `
server:
  brand: { name: "Stadtbücherei Nørrebro & Söhne", accent: "#ffd400", logo: "logo.svg" }`;
/** Where an administrator agrees to each new app. */
const guarded = `
  clients: { approval: first_seen }`;
const logo = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 48 48"><circle cx="24" cy="24" r="22" fill="#c60"/></svg>`;

/** Starts everything. `data` is a folder in which `otto` has a password that has expired. */
export async function world(browser, data) {
  const files = { "auth.config.yaml": `authentication:${fast}\n` };
  const main = new Installation({ files, data });
  const empty = new Installation({ files });
  const branded = new Installation({
    files: { "auth.config.yaml": `authentication:${fast}${brand}\n`, "logo.svg": logo },
  });
  const strict = new Installation({ files: { "auth.config.yaml": `authentication:${fast}${guarded}\n` } });
  const [served, , brandServed, strictServed, target] =
    await Promise.all([main.serve(), empty.serve(), branded.serve(), strict.serve(), redirectTarget()]);
  const make = (where, name, { name: full, role }) =>
    where.cli(["user", "create", name, "--email", `${name}@example.com`, "--name", full, "--role", role,
      "--password-stdin"], `${password}\n`);
  const factor = (name, ...which) => main.cli(["auth", "mfa", "enable", "--user", name, "--unverified", ...which]).secret;
  for (const [name, about] of Object.entries(people)) make(main, name, about);
  make(branded, "max", people.max);
  const secrets = Object.fromEntries(["ada", "kay"].map((name) => [name, factor(name)]));
  factor("eve", "--type", "sms", "--phone", "+4915112345678");
  factor("eve", "--type", "email");
  const client = main.cli(["client", "create", "Notebook for Researchers", "--public", "--redirect-uri", target.uri,
    "--scope", "openid", "--scope", "profile", "--scope", "email", "--scope", "offline_access"]).client_id;
  const tool = main.cli(["client", "create", "Command Line Tool of the Library", "--public",
    "--grant", "urn:ietf:params:oauth:grant-type:device_code"]).client_id;

  const at = {
    main: served.issuer,
    empty: (await empty.setup).url.replace(/\/setup.*/, ""),
    branded: brandServed.issuer,
    strict: strictServed.issuer,
  };
  /** An app registers itself, as MCP clients do; answers its id. */
  const register = async (on, name, redirect) => {
    const response = await fetch(`${at[on]}/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: name, redirect_uris: [redirect], token_endpoint_auth_method: "none" }),
    });
    return (await response.json()).client_id;
  };
  const notes = "https://notes.example.com/mcp";
  main.cli(["resource", "add", notes, "--name", "Notes of the reading group",
    "--scope", "notes:read=Read your notes", "--scope", "notes:write=Change and delete your notes", "--sensitive", "notes:write"]);
  const stranger = await register("main", "Assistant for Everything", target.uri);
  const elsewhere = await register("main", "Assistant for Everything", "https://assistant.example/callback");
  const waits = await register("strict", "Assistant for Everything", "https://assistant.example/callback");
  const authorize = (more = {}) => `/authorize?${new URLSearchParams({
    client_id: client, redirect_uri: target.uri, response_type: "code", scope: "openid profile email offline_access",
    state: "s", code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", code_challenge_method: "S256", ...more,
  })}`;
  const setup = new URL((await empty.setup).url);
  return {
    at, authorize, client, secrets, target, tool,
    stranger: authorize({ client_id: stranger, resource: notes, scope: "openid notes:read notes:write offline_access" }),
    again: authorize({ client_id: stranger, scope: "openid email" }),
    mistaken: authorize({ client_id: elsewhere, redirect_uri: "https://assistant.example/callback", scope: "made:up" }),
    elsewhere: authorize({ client_id: elsewhere, redirect_uri: "https://assistant.example/callback", scope: "openid email" }),
    waits: authorize({ client_id: waits, redirect_uri: "https://assistant.example/callback" }),
    switchedOff: () => {
      const off = main.cli(["client", "create", "Retired", "--public", "--redirect-uri", target.uri]).client_id;
      main.cli(["--yes", "client", "disable", off]);
      return authorize({ client_id: off });
    },
    setup: setup.pathname + setup.search,
    states: states(browser, at, secrets),
    hasExpired: data !== undefined,
    /** A person whom nobody else uses, for pages that use somebody up. */
    someone: (role, invite = false) => someone(main, role, invite),
    /** The one-time link that the operator gives such a person. */
    link: (...command) => {
      const { username } = someone(main, "user");
      return main.cli(["--yes", ...command.map((word) => (word === "NAME" ? username : word))]);
    },
    stop: async () => {
      target.close();
      await Promise.all([main, empty, branded, strict].map((each) => each.stop()));
    },
  };
}

let count = 0;
function someone(main, role, invite) {
  const name = `person${(count += 1)}`;
  return main.cli(["user", "create", name, "--email", `${name}@example.com`, "--name", "Wilhelmine Oberschmidt",
    "--role", role, invite ? "--invite" : "--password-stdin"], `${password}\n`);
}

/** Types name and password. */
export async function signIn(page, name) {
  await page.goto("/login");
  await page.fill("#username", name);
  await page.fill("#password", password);
  await page.click("#submit");
}

/** The states a browser can be in: each is reached once, and given to every page that wants it. */
function states(browser, at, secrets) {
  const ways = {
    nobody: async () => {},
    /** In, without a second factor. */
    max: (page) => signIn(page, "max"),
    /** In, with everything. */
    ada: async (page) => {
      await signIn(page, "ada");
      await page.fill("#code", totp(secrets.ada));
      await page.click("#submit");
    },
    /** The password was right, the code is asked for. */
    code: (page) => signIn(page, "kay"),
    /** The same, and it comes by SMS or e-mail. */
    message: (page) => signIn(page, "eve"),
    /** In, with a passkey, which was made on a device that is gone with its page. */
    pia: async (page) => {
      await Device.plug(page);
      await signIn(page, "pia");
      await page.goto("/mfa/enroll/passkey");
      await page.fill("#label", "Laptop in the library, second floor");
      await page.click("#passkey_start");
      await page.waitForSelector("#codes");
    },
    /** The password was right, the passkey is asked for. */
    passkey: async (page) => {
      await reached.get("pia main");
      await signIn(page, "pia");
    },
    /** The role needs a second factor, and there is none. */
    enrol: (page) => signIn(page, "zoe"),
    /** The password was right, but is too old. */
    expired: (page) => signIn(page, "otto"),
  };
  // A message that was sent changes what the next page says.
  const fresh = new Set(["message"]);
  const reached = new Map();
  const reach = async (name, server) => {
    const context = await browser.newContext({ baseURL: at[server] });
    await ways[name](await context.newPage());
    const state = await context.storageState();
    await context.close();
    return state;
  };
  return (name, server) => {
    // Whoever is asked for a passkey has made one before.
    if (name === "passkey" && !reached.has("pia main")) reached.set("pia main", reach("pia", "main"));
    if (fresh.has(name)) return reach(name, server);
    const key = `${name} ${server}`;
    if (!reached.has(key)) reached.set(key, reach(name, server));
    return reached.get(key);
  };
}

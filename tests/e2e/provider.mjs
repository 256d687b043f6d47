// People sign in here at another provider: at npm's oidc-provider, an independent one, and at another mcpcodex. With
// renewal of its tokens, revocation at sign-out, and the provider's own word that somebody signed out there.
import { createServer } from "node:http";
import Provider from "oidc-provider";
import { Installation, check } from "./support.mjs";

const password = "Vexing-Otter7-Quilt";

/** A browser without scripts: cookies by host and port, redirects followed by hand. */
class Jar {
  cookies = new Map();

  async go(url, init = {}) {
    const host = new URL(url).host;
    const own = this.cookies.get(host) ?? new Map();
    const cookie = [...own].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer = await fetch(url, { redirect: "manual", ...init, headers: { ...init.headers, cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [pair, ...more] = line.split("; ");
      const [name, ...value] = pair.split("=");
      if (more.some((one) => /^max-age=0$|1970/i.test(one))) own.delete(name);
      else own.set(name, value.join("="));
    }
    this.cookies.set(host, own);
    return answer;
  }

  /** Follows redirects; stops at the first page. */
  async visit(url, init) {
    let answer = await this.go(url, init);
    for (let hops = 0; hops < 15 && answer.headers.get("location"); hops++) {
      url = new URL(answer.headers.get("location"), url).href;
      answer = await this.go(url);
    }
    return { url, status: answer.status, body: await answer.text() };
  }

  /** Fills in the form of a page and goes where that leads. */
  submit(page, fields) {
    const form = page.body.match(/<form[\s\S]*?<\/form>/)[0];
    const action = form.match(/action="([^"]+)"/)[1].replaceAll("&#38;", "&").replaceAll("&amp;", "&");
    const hidden = [...form.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)].map((m) => [m[1], m[2]]);
    const body = new URLSearchParams({ ...Object.fromEntries(hidden), ...fields });
    const to = new URL(action, page.url).href;
    return this.visit(to, { method: "POST", body, headers: { origin: new URL(to).origin } });
  }

  async session(url) {
    const answer = await this.go(`${url}/auth/session`);
    return answer.status === 200 ? answer.json() : null;
  }
}

async function until(what, look) {
  for (let tries = 0; tries < 100; tries++) {
    const found = await look();
    if (found) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`never came: ${what}`);
}

/** A port that is free for the moment, so that issuer and client can name each other before either is there. */
const port = () => new Promise((resolve) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const { port } = server.address();
    server.close(() => resolve(port));
  });
});

const seen = { refreshed: 0, revoked: 0 };
const open = [];
try {
  // An independent provider.
  const [at, front] = [await port(), await port()];
  const issuer = `http://127.0.0.1:${at}`;
  const own = `http://127.0.0.1:${front}`;
  const provider = new Provider(issuer, {
    clients: [{
      client_id: "front",
      client_secret: "a secret that only two of us know",
      redirect_uris: [`${own}/auth/callback/npm`],
      grant_types: ["authorization_code", "refresh_token"],
      backchannel_logout_uri: `${own}/auth/backchannel-logout/npm`,
      backchannel_logout_session_required: true,
    }],
    pkce: { required: () => true },
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({
        sub: id, email: `${id}@corp.example`, email_verified: true, name: "Nora Npm", preferred_username: id,
      }),
    }),
    issueRefreshToken: () => true,
    rotateRefreshToken: true,
    // Shorter than the five minutes in which tokens are renewed: the next request does.
    ttl: { AccessToken: 200, IdToken: 300, Session: 3600, Grant: 3600, Interaction: 600, RefreshToken: 3600 },
    features: {
      devInteractions: { enabled: true },
      revocation: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true },
    },
    cookies: { keys: ["a key of the test"] },
  });
  provider.on("grant.success", (ctx) => ctx.oidc.params.grant_type === "refresh_token" && seen.refreshed++);
  provider.on("refresh_token.destroyed", () => seen.revoked++);
  provider.on("server_error", (_, error) => console.error(error));
  const listening = provider.listen(at, "127.0.0.1");
  open.push(() => listening.close());

  const yaml = `server:
  public_url: "${own}"
authentication:
  providers:
    npm:
      label: "Npm"
      issuer: "${issuer}"
      client_id: "front"
      client_secret: "\${NPM_SECRET}"
      accounts: { create: true }
`;
  process.env.NPM_SECRET = "a secret that only two of us know";
  const installation = new Installation({ files: { "auth.config.yaml": yaml } });
  open.push(() => installation.stop());
  await installation.serve(front);

  const signIn = async (login) => {
    const jar = new Jar();
    let page = await jar.visit(`${own}/auth/login?provider=npm`);
    check(page.url.startsWith(`${issuer}/interaction/`), `the button leads to the provider: ${page.url}`);
    page = await jar.submit(page, { prompt: "login", login, password: "any" });
    page = await jar.submit(page, { prompt: "consent" });
    check(page.url === `${own}/account`, `and the provider back to the account: ${page.url} ${page.body.slice(0, 800)}`);
    return jar;
  };
  const nora = await signIn("nora");
  const session = await nora.session(own);
  check(session.user.username === "nora" && session.user.email === "nora@corp.example", "an account of its claims");
  check(session.amr.join() === "fed", "the session says that a provider vouched for it");

  await until("a renewal", async () => (await nora.session(own)) && seen.refreshed > 0);
  check(await nora.session(own), "the session goes on after its tokens were renewed");

  const links = installation.cli(["user", "links", "nora"]);
  check(links[0].issuer === issuer && links[0].subject === "nora", "the command line shows whose identity it is");

  const before = seen.revoked;
  await nora.go(`${own}/auth/logout`, { method: "POST" });
  await until("a revocation", async () => seen.revoked > before);
  check(!(await nora.session(own)), "signing out gives the tokens back at the provider");

  // Signing out there signs out here.
  const olga = await signIn("olga");
  let page = await olga.visit(`${issuer}/session/end`);
  page = await olga.submit(page, { logout: "yes" });
  await until("the end of the session", async () => !(await olga.session(own)));
  check(true, "signing out at the provider ends the session here");

  // One mcpcodex as the provider of another.
  const [upPort, downPort] = [await port(), await port()];
  const [upUrl, downUrl] = [`http://127.0.0.1:${upPort}`, `http://127.0.0.1:${downPort}`];
  const up = new Installation({ files: { "auth.config.yaml": `server: { public_url: "${upUrl}" }
authentication: { tokens: { id_token: { claims: [sub, email, email_verified, name, preferred_username, acr, amr, sid] } } }
` } });
  open.push(() => up.stop());
  await up.serve(upPort);
  up.cli(["user", "create", "ada", "--email", "ada@example.com", "--password-stdin"], `${password}\n`);
  const client = up.cli(["client", "create", "Front", "--redirect-uri", `${downUrl}/auth/callback`,
    "--grant", "authorization_code", "--grant", "refresh_token",
    "--backchannel-logout-uri", `${downUrl}/auth/backchannel-logout`]);
  process.env.AUTH_CLIENT_SECRET = client.client_secret;
  const down = new Installation({ files: { "auth.config.yaml": `server: { public_url: "${downUrl}" }
authentication:
  primary: { issuer: "${upUrl}", client_id: "${client.client_id}", scopes: [openid, profile, email], accounts: { unverified_email: true } }
` } });
  open.push(() => down.stop());
  await down.serve(downPort);
  const ada = new Jar();
  page = await ada.visit(`${downUrl}/account`);
  check(page.url.startsWith(`${upUrl}/login`), `the account page leads to the other one's sign-in: ${page.url}`);
  page = await ada.submit(page, { username: "ada", password });
  if (page.body.includes('value="allow"')) page = await ada.submit(page, { decision: "allow" });
  check(page.url === `${downUrl}/account`, `and back to the account: ${page.url} ${page.body.slice(0, 1500)}`);
  const there = await ada.session(downUrl);
  check(there.user.email === "ada@example.com", "with an account of its own");
  const sessions = up.cli(["session", "revoke", "--user", "ada"]);
  check(sessions.revoked === 1, "the operator of the first one ends the sign-in there");
  await until("the end of the session", async () => !(await ada.session(downUrl)));
  check(true, "which ends the session at the other one");
} finally {
  for (const close of open.reverse()) await close();
}

// A person at a browser without a window: keeps cookies, follows redirects, signs in with password and code, and
// answers what an app asks for. As a program it is the browser that command-line apps open: `node person.mjs URL`, with
// `MCPCODEX_PERSON` naming the file in which the person is kept.
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { totp } from "./support.mjs";

const hopsMax = 20;

export class Person {
  /** What the person did and saw, newest last: `{ step, text }`, and for `consent` the `scopes` with whether they are marked as new. */
  seen = [];

  constructor({ username, password, secret, jar = {}, step = 0 }) {
    Object.assign(this, { username, password, secret, jar, step });
  }

  /** Reads a person that {@link save} wrote. */
  static load(file) {
    return new Person(JSON.parse(readFileSync(file, "utf8")));
  }

  /** Keeps the person for another process; the file is replaced whole. */
  save(file) {
    const { username, password, secret, jar, step } = this;
    writeFileSync(`${file}.new`, JSON.stringify({ username, password, secret, jar, step }), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  /** Which steps were walked, in order: `login`, `mfa`, `confirm`, `consent`. */
  get steps() {
    return this.seen.map(({ step }) => step);
  }

  /**
   * Opens the URL of an authorization request, does what the pages ask for and gives the URL to which the browser is
   * sent in the end, which is not opened (`posted` on it is the form that the browser would send along).
   * `decide` is the answer to the app: `allow` or `deny`.
   */
  async open(url, { decide = "allow" } = {}) {
    const home = new URL(url).origin;
    let request = { url: new URL(url), cross: true };
    for (let hop = 0; hop < hopsMax; hop += 1) {
      const response = await this.#fetch(request);
      const location = response.headers.get("location");
      if (location && response.status >= 300 && response.status < 400) {
        const next = new URL(location, request.url);
        if (next.origin !== home) return next;
        request = { url: next };
        continue;
      }
      const html = await response.text();
      const shown = forms(html, request.url);
      // A page that sends the answer on by a form of its own (`response_mode=form_post`).
      const posted = shown.find((one) => one.url.origin !== home);
      if (posted) return Object.assign(posted.url, { posted: posted.fields });
      request = this.#answer(html, shown, request.url, decide, response.status);
    }
    throw new Error(`${url} leads nowhere`);
  }

  /** {@link open}, and then the app's own address is opened, as a browser does; some apps listen only then. */
  async visit(url, options) {
    const back = await this.open(url, options);
    if (!/^https?:$/.test(back.protocol)) return back;
    for (const until = Date.now() + 10_000; ; ) {
      try {
        await (await fetch(back)).text();
        return back;
      } catch (error) {
        if (error.cause?.code !== "ECONNREFUSED" || Date.now() > until) throw error;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  /** Opens a page that asks whether to sign out, and says yes. */
  async leave(url) {
    let request = { url: new URL(url) };
    for (let hop = 0; hop < hopsMax; hop += 1) {
      const response = await this.#fetch(request);
      const location = response.headers.get("location");
      if (location) {
        request = { url: new URL(location, request.url) };
        continue;
      }
      const html = await response.text();
      const ask = forms(html, request.url).find((one) => /logout|end_session/.test(one.url.pathname) && one.names.has("csrf"));
      if (!ask || request.body) return words(html);
      request = { url: ask.url, body: new URLSearchParams(ask.fields) };
    }
    throw new Error(`${url} leads nowhere`);
  }

  /** What to send for the form of a page. */
  #answer(html, shown, at, decide, status) {
    const having = (name) => shown.find((one) => one.names.has(name));
    const consent = shown.find((one) => one.id === "consent");
    if (consent) return this.#fill("consent", html, consent, { decision: decide }, { scopes: asked(html) });
    const text = words(html);
    if (/role="alert"/.test(html)) throw new Error(`the page refuses: ${text}`);
    const login = having("username");
    if (login) return this.#fill("login", html, login, { username: this.username, password: this.password });
    if (having("code")) return this.#fill("mfa", html, having("code"), { code: this.code() });
    if (having("password")) return this.#fill("confirm", html, having("password"), { password: this.password });
    const onward = html.match(/http-equiv="refresh" content="0;\s*url=([^"]+)"/i);
    if (onward) return { url: new URL(plain(onward[1]), at) };
    throw new Error(`${status} at ${at.pathname}, and nothing to fill in: ${text}`);
  }

  #fill(step, html, { url, fields }, answers, more = {}) {
    this.seen.push({ step, text: words(html), ...more });
    const body = new URLSearchParams({ ...fields, ...answers });
    return { url, body };
  }

  /** A code that was not given before: each counts once, and the next one is good already. */
  code() {
    const now = Math.floor(Date.now() / 30_000);
    this.step = Math.max(now, this.step + 1);
    if (this.step > now + 1) throw new Error("this person has no code left that is good now");
    return totp(this.secret, this.step * 30_000);
  }

  async #fetch({ url, body, cross = false }) {
    const jar = (this.jar[url.host] ??= {});
    const response = await fetch(url, {
      method: body ? "POST" : "GET",
      body,
      redirect: "manual",
      headers: {
        accept: "text/html",
        "accept-language": "en",
        cookie: Object.entries(jar).map(([name, value]) => `${name}=${value}`).join("; "),
        "sec-fetch-site": cross ? "none" : "same-origin",
        "sec-fetch-mode": "navigate",
        ...(body ? { origin: url.origin } : {}),
      },
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair, ...rest] = line.split(";").map((part) => part.trim());
      const at = pair.indexOf("=");
      const gone = rest.some((part) => /^max-age=0$/i.test(part));
      if (gone) delete jar[pair.slice(0, at)];
      else jar[pair.slice(0, at)] = pair.slice(at + 1);
    }
    return response;
  }
}

/** The forms of a page. */
function forms(html, at) {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)].map(([, head, body]) => form(head, body, at));
}

function form(head, body, at) {
  const attribute = (text, name) => {
    const found = text.match(new RegExp(`(?:^|\\s)${name}="([^"]*)"`));
    return found ? plain(found[1]) : undefined;
  };
  const fields = {};
  const names = new Set();
  for (const [, input] of body.matchAll(/<input\b([^>]*)>/g)) {
    const name = attribute(input, "name");
    if (!name) continue;
    names.add(name);
    if (attribute(input, "type") === "hidden") fields[name] = attribute(input, "value") ?? "";
  }
  return { id: attribute(head, "id"), url: new URL(attribute(head, "action") ?? "", at), fields, names };
}

function plain(text) {
  return text
    .replace(/&#x([0-9a-f]+);/gi, (_, hex) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&quot;/g, '"').replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

/** The scopes that a page asks for, by name: whether each is marked as new. */
function asked(html) {
  const lines = [...html.matchAll(/<li\b[^>]*\btitle="([^"]*)"[^>]*>([\s\S]*?)<\/li>/g)];
  return Object.fromEntries(lines.map(([, name, line]) => [plain(name), /class="badge good"/.test(line)]));
}

/** The words of a page. */
function words(html) {
  return plain(html.replace(/<(script|style|head)\b[\s\S]*?<\/\1>/g, " ").replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ").trim();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.env.MCPCODEX_PERSON;
  const person = Person.load(file);
  const url = process.argv.slice(2).find((word) => /^https?:/.test(word));
  // The answer is printed for those who cannot be reached, and opened for those who listen.
  const back = process.env.MCPCODEX_PERSON_OPENS === "no" ? await person.open(url) : await person.visit(url);
  person.save(file);
  console.log(back.href);
}

// What each end-to-end script needs: the binary, a browser, a redirect target, TOTP codes.
import { spawn, spawnSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const binary =
  process.env.MCPCODEX_BIN ?? fileURLToPath(new URL("../../target/debug/mcpcodex", import.meta.url));

/** A data folder of its own, the command line on it, and a server when started. */
export class Installation {
  /** With these files beside the data, `auth.config.yaml` among them, and on `data` if that is there already. */
  constructor({ files = {}, data } = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "mcpcodex-e2e-"));
    this.data = data ?? join(this.folder, "data");
    for (const [name, text] of Object.entries(files)) writeFileSync(join(this.folder, name), text);
  }

  /** The words of a command, to be run in `folder`. */
  command(args) {
    return [binary, "--json", "--no-input", "--data-dir", this.data, ...args];
  }

  /** Runs a command and gives what it prints as JSON. */
  cli(args, input = "") {
    const [program, ...words] = this.command(args);
    const run = spawnSync(program, words, {
      cwd: this.folder,
      input,
      encoding: "utf8",
    });
    if (run.status !== 0) {
      throw new Error(`mcpcodex ${args.join(" ")} ended with ${run.status}: ${run.stderr}`);
    }
    return run.stdout.trim() ? JSON.parse(run.stdout) : undefined;
  }

  /** Starts the server and waits for its first line; `setup` then resolves with the line of the first link. */
  async serve(port = 0) {
    this.server = spawn(
      binary,
      ["serve", "--json", "--listen", `127.0.0.1:${port}`, "--data-dir", this.data],
      { cwd: this.folder, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.log = "";
    this.server.stderr.on("data", (chunk) => (this.log += chunk));
    const lines = createInterface({ input: this.server.stdout });
    this.setup = new Promise((resolve) => lines.on("line", (line) => line.includes('"setup"') && resolve(JSON.parse(line))));
    const first = await Promise.race([
      new Promise((resolve) => lines.once("line", resolve)),
      new Promise((_, reject) =>
        this.server.once("exit", (code) => reject(new Error(`serve ended with ${code}: ${this.log}`))),
      ),
    ]);
    return JSON.parse(first);
  }

  async stop() {
    if (this.server && this.server.exitCode === null) {
      const ended = new Promise((resolve) => this.server.once("exit", resolve));
      this.server.kill("SIGTERM");
      await ended;
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** A headless Chromium without any page. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page of a fresh headless Chromium. */
export async function browse(options = {}) {
  const browser = await launch();
  const context = await browser.newContext(options);
  context.setDefaultTimeout(15_000);
  return { browser, context, page: await context.newPage() };
}

/** A device with passkeys, plugged into a page; it answers at once while it is `present`. */
export class Device {
  static async plug(page, options = {}) {
    const device = new Device();
    device.cdp = await page.context().newCDPSession(page);
    await device.cdp.send("WebAuthn.enable");
    const added = await device.cdp.send("WebAuthn.addVirtualAuthenticator", {
      options: {
        protocol: "ctap2",
        transport: "internal",
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
        ...options,
      },
    });
    device.authenticatorId = added.authenticatorId;
    return device;
  }
  present(enabled) {
    return this.#send("setAutomaticPresenceSimulation", { enabled });
  }
  verifies(isUserVerified) {
    return this.#send("setUserVerified", { isUserVerified });
  }
  unplug() {
    return this.#send("removeVirtualAuthenticator");
  }
  async passkeys() {
    return (await this.#send("getCredentials")).credentials;
  }
  #send(method, more = {}) {
    return this.cdp.send(`WebAuthn.${method}`, { authenticatorId: this.authenticatorId, ...more });
  }
}

/** An app on this computer: takes answers (resolves with the whole URL of each) and has a page with a link. */
export async function redirectTarget() {
  const waiting = [];
  let link = "";
  const server = createServer((request, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<a id="sign-in" href="${link.replaceAll("&", "&amp;")}">Sign in</a>`);
    if (request.url.startsWith("/callback")) {
      waiting.shift()?.(new URL(request.url, `http://127.0.0.1:${server.address().port}`));
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    uri: `http://127.0.0.1:${server.address().port}/callback`,
    /** The app's own page, which links to `to`. */
    page: (to) => {
      link = to;
      return `http://127.0.0.1:${server.address().port}/`;
    },
    next: () => new Promise((resolve) => waiting.push(resolve)),
    close: () => server.close(),
  };
}

/** The code of a base32 secret at a moment (RFC 6238, SHA-1, six digits, thirty seconds). */
export function totp(secret, at = Date.now()) {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret].map((c) => alphabet.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", key).update(step).digest();
  const start = mac[19] & 15;
  return String((mac.readUInt32BE(start) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

/** Says what was checked, and stops where it does not hold. */
export function check(holds, fact) {
  if (!holds) throw new Error(`not so: ${fact}`);
  console.log(`ok: ${fact}`);
}

/** The script of a program that a package brings along, to be run by this Node itself. */
export function program(name) {
  return realpathSync(fileURLToPath(new URL(`./node_modules/.bin/${name}`, import.meta.url)));
}

/** The version of a package that is installed here. */
export function version(name) {
  const file = fileURLToPath(new URL(`./node_modules/${name}/package.json`, import.meta.url));
  return JSON.parse(readFileSync(file, "utf8")).version;
}

/** The Python that has the packages of `requirements.txt`; `tests/e2e/packages` makes it. */
export const interpreter = process.env.MCPCODEX_E2E_PYTHON ??
  fileURLToPath(new URL("../../target/e2e-python/bin/python", import.meta.url));

/** Runs a Python script as `person`'s app: it gets `told` as JSON, and the program that opens URLs. */
export async function python(script, person, told) {
  const folder = mkdtempSync(join(tmpdir(), "mcpcodex-e2e-"));
  const file = join(folder, "person.json");
  person.save(file);
  try {
    const opener = fileURLToPath(new URL("./person.mjs", import.meta.url));
    const run = spawn(interpreter, [script], {
      stdio: ["pipe", "inherit", "inherit"],
      cwd: fileURLToPath(new URL(".", import.meta.url)),
      env: { ...process.env, MCPCODEX_PERSON: file, MCPCODEX_PERSON_OPENS: "no", PYTHONDONTWRITEBYTECODE: "1" },
    });
    run.stdin.end(JSON.stringify({ node: process.execPath, person: opener, ...told }));
    const code = await new Promise((resolve) => run.once("exit", resolve));
    if (code !== 0) throw new Error(`${script} ended with ${code}`);
    Object.assign(person, JSON.parse(readFileSync(file, "utf8")));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Starts a server in Python, which prints its URL. */
export async function pythonServer(script, ...args) {
  const server = spawn(interpreter, [script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
  });
  const ended = new Promise((resolve) => server.once("exit", resolve));
  const lines = createInterface({ input: server.stdout });
  const url = await Promise.race([
    new Promise((resolve) => lines.once("line", resolve)),
    ended.then((code) => Promise.reject(new Error(`${script} ended with ${code}`))),
  ]);
  return {
    url,
    close: () => {
      server.kill("SIGTERM");
      return ended;
    },
  };
}

/** The version of a Python package that is pinned here. */
export function pythonVersion(name) {
  const pins = readFileSync(fileURLToPath(new URL("./requirements.txt", import.meta.url)), "utf8");
  return pins.match(new RegExp(`^${name}==([^ ;]+)`, "m"))[1];
}

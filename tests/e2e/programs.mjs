// Programs that people have, run as people run them: a home folder of their own, a terminal, a browser.
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { interpreter } from "./support.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const agents = {
  claude: `node_modules/@anthropic-ai/claude-code-linux-${process.arch}/claude`,
  codex: `node_modules/codex-linux-${process.arch}/vendor/${process.arch === "x64" ? "x86_64" : "aarch64"}-unknown-linux-musl/bin/codex`,
  opencode: `node_modules/opencode-linux-${process.arch}/bin/opencode`,
};

/** What runs an agent that is installed in `agents/`. */
export const agent = (name) => [here(`./agents/${agents[name]}`)];
/** What runs the script of a package that is installed beside this file. */
export const tool = (name) => [process.execPath, here(`./node_modules/.bin/${name}`)];
/** What runs a script in Python. */
export const script = (path) => [interpreter, here(path)];

/** The version that `agents/package.json` pins. */
export function agentVersion(name) {
  const { optionalDependencies: pinned } = JSON.parse(readFileSync(here("./agents/package.json"), "utf8"));
  const [, version] = Object.entries(pinned).find(([id]) => id.includes(name));
  return version.match(/\d+\.\d+\.\d+/)[0];
}

/** A port of this host that nobody has at the moment, for those who must be told one. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A home folder with a browser in it, at which `person` sits. */
export class Desk {
  constructor(person) {
    this.person = person;
    this.home = mkdtempSync(join(tmpdir(), "mcpcodex-desk-"));
    this.file = join(this.home, "person.json");
    person.save(this.file);
    // Comes back at once, as a browser does.
    this.browser = join(this.home, "xdg-open");
    writeFileSync(this.browser, `#!/bin/sh\nMCPCODEX_PERSON='${this.file}' '${process.execPath}' '${here("./person.mjs")}' "$@" >>'${this.home}/browser.log' 2>&1 &\n`);
    chmodSync(this.browser, 0o755);
  }

  /** What programs find in their environment. */
  get env() {
    return {
      PATH: `${this.home}:${process.env.PATH}`,
      HOME: this.home,
      BROWSER: this.browser,
      LANG: "C.UTF-8",
      TERM: "xterm",
      // Nobody's figures are made better by this.
      DISABLE_TELEMETRY: "1",
      DISABLE_AUTOUPDATER: "1",
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: "1",
      OPENCODE_DISABLE_AUTOUPDATE: "1",
      PYTHONDONTWRITEBYTECODE: "1",
      PYTHONWARNINGS: "ignore",
    };
  }

  /** Runs a command to its end and gives what it said; without a `terminal` its output is a pipe. */
  async run([program, ...first], args, { terminal = false, env = {}, seconds = 60, cwd } = {}) {
    const words = [program, ...first, ...args];
    const [command, ...rest] = terminal ? ["script", "-qec", words.map(quoted).join(" "), "/dev/null"] : words;
    const child = spawn(command, rest, {
      cwd: cwd ?? this.home,
      stdio: [terminal ? "pipe" : "ignore", "pipe", "pipe"],
      env: { ...this.env, ...env },
    });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said += chunk));
    const patience = setTimeout(() => child.kill(), seconds * 1000);
    const code = await new Promise((resolve) => child.once("exit", resolve));
    clearTimeout(patience);
    Object.assign(this.person, JSON.parse(readFileSync(this.file, "utf8")));
    said = said.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, "");
    if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}: ${said}\n${this.#browserLog()}`);
    return said;
  }

  /** Writes a file of the program's. */
  write(name, value) {
    writeFileSync(join(this.home, name), typeof value === "string" ? value : JSON.stringify(value));
  }

  /** Makes every access token in the files below a folder of the home useless, and says how many there were. */
  spoil(folder) {
    let count = 0;
    for (const entry of readdirSync(join(this.home, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !/\.json$/.test(entry.name)) continue;
      const file = join(entry.parentPath, entry.name);
      const text = readFileSync(file, "utf8");
      const spoilt = text.replace(/(access_?token\\?"\s*:\s*\\?"[\w.-]{20,}?)[\w.-]{8}(\\?")/gi, (_, most, end) => (count += 1) && `${most}AAAAAAAA${end}`);
      if (spoilt !== text) writeFileSync(file, spoilt);
    }
    return count;
  }

  close() {
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }

  #browserLog() {
    try {
      return readFileSync(join(this.home, "browser.log"), "utf8");
    } catch {
      return "the browser was never opened";
    }
  }
}

const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

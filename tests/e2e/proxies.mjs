// Proxies in front of an app, as `docs/forward-auth.md` configures them, each in a folder of its own and by no service.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Runs `command` on the configuration `file`, with real names in the place of those that the documentation has. */
async function run(file, port, names, command) {
  const folder = mkdtempSync(join(tmpdir(), "mcpcodex-proxy-"));
  const shown = readFileSync(new URL(`./servers/${file}`, import.meta.url), "utf8");
  const text = Object.entries(names).reduce((all, [name, real]) => {
    if (!all.includes(name)) throw new Error(`${name} is not in ${file}`);
    return all.replaceAll(name, real);
  }, shown);
  const path = join(folder, file);
  writeFileSync(path, text);
  // It ends by itself when nobody is left to end it.
  const running = spawn("timeout", ["300", ...command(folder, path)], {
    stdio: ["ignore", "ignore", "pipe"],
    cwd: folder,
    env: { PATH: `${process.env.PATH}:/usr/sbin`, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  });
  let log = "";
  running.stderr.on("data", (chunk) => (log += chunk));
  const ended = new Promise((resolve) => running.once("exit", resolve));
  const listens = () => new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket.destroy()));
    socket.once("error", () => resolve(undefined));
  });
  while (!(await listens())) {
    if (running.exitCode !== null) throw new Error(`${command("", "")[0]} ended with ${running.exitCode}: ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    async close() {
      running.kill();
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

/** What the documentation calls them: this server, the document of the resource, the resource itself, the app. */
function names({ app, issuer, resource }) {
  return {
    "/.well-known/oauth-protected-resource/https/mcp.example.com/mcp": new URL(resource.metadata_url).pathname,
    "https://mcp.example.com/mcp": resource.uri,
    "auth.example.com": new URL(issuer).host,
    "127.0.0.1:8420": new URL(issuer).host,
    "127.0.0.1:5000": `127.0.0.1:${app}`,
  };
}

/** Each starts one on `port`. */
export const proxies = {
  nginx: (at) => run("forward-auth.nginx.conf", at.port, { ...names(at), "127.0.0.1:8080": `127.0.0.1:${at.port}` },
    (folder, file) => ["nginx", "-p", folder, "-e", "stderr", "-c", file]),
  Caddy: (at) => run("forward-auth.Caddyfile", at.port, { ...names(at), "mcp.example.com {": `http://127.0.0.1:${at.port} {` },
    (_, file) => ["caddy", "run", "--adapter", "caddyfile", "--config", file]),
};

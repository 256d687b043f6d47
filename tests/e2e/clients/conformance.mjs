// The conformance tool of the MCP project, in the mode that tests authorization servers, as its users run it: it prints
// a URL, and a person opens it.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "../programs.mjs";
import { onStand } from "../stand.mjs";
import { check, program, version } from "../support.mjs";

const revisions = ["2025-06-18", "2025-11-25", "2026-07-28"];

/** Runs the tool, opens the URLs that it prints and gives what it said. */
async function conformance(person, args) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "mcpcodex-conformance-"));
  const tool = spawn(process.execPath, [program("conformance"), "authorization", "-p", String(port), "-o", folder, ...args],
    { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let opened = 0;
  let failed;
  for (const stream of [tool.stdout, tool.stderr]) {
    stream.on("data", (chunk) => {
      said += chunk;
      // The URL comes first, and only then somebody listens for the answer.
      if (!said.includes("Callback server started")) return;
      const urls = [...said.matchAll(/https?:\/\/\S+\/authorize\?\S+(?=\s)/g)].map(([url]) => url);
      for (const url of urls.slice(opened)) {
        opened += 1;
        person.visit(url).catch((error) => {
          failed = error;
          tool.kill();
        });
      }
    });
  }
  const code = await new Promise((resolve) => tool.once("exit", resolve));
  rmSync(folder, { recursive: true });
  if (failed) throw failed;
  return { code, said };
}

for (const path of ["", "/auth"]) {
  await onStand({ path }, async (stand) => {
    const app = (name, ...more) => stand.cli(["client", "create", name, "--redirect-uri", "http://127.0.0.1/callback", ...more]);
    const open = app("Conformance, public", "--public");
    const secret = app("Conformance, with a secret");
    const about = `issuer ${path ? `with the path ${path}` : "without a path"}`;
    const run = async (revision, kind, ...args) => {
      const { code, said } = await conformance(stand.ada,
        ["--url", stand.issuer, "--resource", stand.notes.url, "--spec-version", revision, ...args]);
      const total = said.match(/Total: (\d+) passed, (\d+) failed/);
      if (code !== 0 || !total || total[2] !== "0") throw new Error(`the tool is not content:\n${said}`);
      check(Number(total[1]) === 2, `conformance ${version("@modelcontextprotocol/conformance")}, ${revision}, ${about}, ${kind}: ${total[0]}`);
    };
    for (const revision of revisions) {
      await run(revision, "a public client", "--client-id", open.client_id);
    }
    // The tool withholds the secret from a server that says it knows clients without one, too.
    stand.front.rewrite = (path, text) => (path.includes("oauth-authorization-server") ? text.replaceAll('"none",', "") : text);
    await run(revisions.at(-1), "a client with a secret", "--client-id", secret.client_id, "--client-secret", secret.client_secret);
    const sent = stand.front.at(/\/token$/).at(-1);
    check(sent.body.includes("client_secret="), "the secret was sent");
  });
}

// The API under schemathesis: what its own description promises is asked for, rightly and wrongly, with the token of an
// administrator. No answer may be a fault of the server's, none may differ from what is described.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { App } from "../app.mjs";
import { Person } from "../person.mjs";
import { Installation, check, interpreter, pythonVersion } from "../support.mjs";

const seconds = Number(process.env.SECONDS_OF_FUZZING ?? 60);
const password = "Vexing-Otter7-Quilt";
const redirect = "http://127.0.0.1:6003/callback";
const scope = "openid admin:users mcpcodex:api";

// Not asked for: what ends the token that asks. Their own tests are in tests/it/http/api.
const left = ["/api/v1/sessions/revoke", "/api/v1/sessions/{id}/revoke", "/api/v1/me/sessions/{id}/revoke", "/api/v1/signing-keys/{kid}/retire"];
// Not checked: that each text that fits a schema is taken (a name, a URL or a role must fit more than that), and what is
// done without a header that schemathesis itself adds to each request.
const unchecked = ["positive_data_acceptance", "missing_required_header", "ignored_auth"];

const installation = new Installation({ files: { "auth.config.yaml": `
authentication:
  password: { hashing: { memory_kib: 8, iterations: 1 } }
  tokens: { access_token: { lifetime: 3600, algorithm: ES256 } }
limits: { request_timeout: 30 }
` } });

const cli = (args, input) => installation.cli(args, input);

function somebody(username, role) {
  const made = cli(["user", "create", username, "--email", `${username}@example.com`, "--role", role, "--password-stdin"], `${password}\n`);
  const { secret } = cli(["auth", "mfa", "enable", "--user", username, "--unverified"]);
  return Object.assign(new Person({ username, password, secret }), { id: made.id });
}

// One worker: Python 3.11 counts the depth of its parser for all threads together, and schemathesis' own code fails over it.
async function run(url, token) {
  const words = ["run", `${url}/api/openapi.json`, "--header", `Authorization: Bearer ${token}`, "--max-time", String(seconds),
    "--phases", "examples,coverage,fuzzing,stateful", "--seed", "7", "--workers", "1", "--max-examples", "50", "--warnings", "off",
    "--exclude-checks", unchecked.join(","), "--request-timeout", "20", "--no-color",
    ...left.flatMap((path) => ["--exclude-path", path])];
  const program = spawn(join(dirname(interpreter), "schemathesis"), words, { cwd: installation.folder, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  program.stdout.on("data", (chunk) => (said += chunk));
  const code = await new Promise((resolve) => program.once("exit", resolve));
  if (code !== 0) console.error(said);
  const [, cases] = said.match(/(\d+) generated/) ?? [];
  return { code, cases: Number(cases ?? 0) };
}

try {
  const { url, issuer } = await installation.serve();
  const root = somebody("root", "admin");
  const victim = somebody("victim", "user");
  const { client_id } = cli(["client", "create", "Program", "--public", "--redirect-uri", redirect,
    ...scope.split(" ").flatMap((one) => ["--scope", one])]);
  const { access_token: token } = await new App(issuer, client_id, redirect).signIn(root, { scope });
  const ask = async (path) => {
    const response = await fetch(`${url}/api/v1${path}`, { headers: { authorization: `Bearer ${token}` } });
    return { status: response.status, json: await response.json() };
  };
  // Things that are there, so that what is done to them is really done; others that may be removed. Without their names
  // schemathesis takes those of lists, and removes the client that it is.
  const things = (name, owner) => ({
    users: owner.id,
    agents: cli(["agent", "create", `bot-${name}`, "--owner", "victim"]).id,
    "api-keys": cli(["apikey", "create", "--user", "victim", "--name", name, "--scope", "read:models"]).id,
    clients: cli(["client", "create", name, "--redirect-uri", `https://${name}.example/callback`]).client_id,
    resources: cli(["resource", "add", `https://${name}.example/mcp`, "--name", name, "--scope", `${name}=Read`]).id,
  });
  const told = (how, all) => Object.entries(all).map(([kind, id]) => `
[[operations]]
include-path-regex = "^/api/v1/${kind}/"
${how}-method = "DELETE"
parameters = { "path.id" = "${id}" }
`).join("");
  const goes = somebody("goes", "user");
  writeFileSync(join(installation.folder, "schemathesis.toml"),
    told("exclude", things("stays", victim)) + told("include", things("goes", goes)));

  const before = (await ask("/stats")).json;
  const { code, cases } = await run(url, token);
  check(code === 0, `schemathesis ${pythonVersion("schemathesis")}: ${cases} requests, nothing to say`);
  check(cases > 1000, `it asked often enough: ${cases}`);
  const after = await ask("/stats");
  check(after.status === 200, `the token of the administrator is still good: ${after.status}`);
  check(after.json.audit_events > before.audit_events + 20, `things were really done: ${after.json.audit_events - before.audit_events} events`);
  check((await ask("/audit-events/verify")).json.ok === true, "the record is whole");
  check(!/panicked|internal error/.test(installation.log), "the log tells of no fault");
} finally {
  await installation.stop();
}

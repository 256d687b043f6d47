// What every test with a client begins with: a server, somebody who may sign in, a protected MCP server.
import { App } from "./app.mjs";
import { Front } from "./front.mjs";
import { Person } from "./person.mjs";
import { serve as serveNotes } from "./servers/sdk.mjs";
import { Installation, check } from "./support.mjs";

export const password = "Vexing-Otter7-Quilt";
export const scopes = ["notes:read=Read your notes", "notes:write=Write notes in your name"];

export class Stand {
  /**
   * `path` is that of the issuer, `host` its name; `config` goes under `authentication`, indented by two, and `clients`
   * into its part about clients (documents of apps are off unless it says otherwise: programs would name some on the
   * Internet, where no test goes); `registration` is whether apps may register. With `notes` off there is no MCP server.
   */
  static async open({ path = "", host = "127.0.0.1", config = "", clients = "metadata_documents: off", registration = "open", notes = true } = {}) {
    const stand = new Stand();
    stand.front = await Front.open();
    stand.issuer = `http://${host}:${stand.front.port}${path}`;
    stand.installation = new Installation({ files: { "auth.config.yaml": `
server: { public_url: "${stand.issuer}" }
authentication:
  password: { hashing: { memory_kib: 8, iterations: 1 } }
  clients: { dynamic_registration: ${registration}, ${clients} }
${config}
` } });
    await stand.start();
    stand.ada = stand.somebody("ada");
    if (notes) {
      stand.notes = await serveNotes({ issuer: stand.issuer });
      stand.resource(stand.notes.url);
    }
    return stand;
  }

  /** Starts the server, or starts it again on the same data. */
  async start() {
    const served = await this.installation.serve();
    this.front.to(served.url);
  }

  /** Ends the server with a signal and waits until it is gone. */
  async end(signal = "SIGTERM") {
    const { server } = this.installation;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill(signal);
    await ended;
  }

  /** A person with a second factor. */
  somebody(username, role = "user") {
    this.cli(["user", "create", username, "--email", `${username}@example.com`, "--name", username, "--role", role,
      "--password-stdin"], `${password}\n`);
    const { secret } = this.cli(["auth", "mfa", "enable", "--user", username, "--unverified"]);
    return new Person({ username, password, secret });
  }

  /** An app that has registered itself. */
  app(more = {}) {
    return App.register(this.issuer, more);
  }

  /** Registers a resource with the scopes of the notes. */
  resource(url, ...more) {
    return this.cli(["resource", "add", url, "--name", "Notes", ...scopes.flatMap((scope) => ["--scope", scope]), ...more]);
  }

  cli(args, input) {
    return this.installation.cli(args, input);
  }

  async close() {
    this.notes?.close();
    this.front.close();
    await this.installation.stop();
  }
}

/** The JSON answers with a `null` somewhere: strict clients refuse such a document whole. */
function nulls(exchanges) {
  const within = (value) => value === null || (typeof value === "object" && Object.values(value).some(within));
  return exchanges.filter(({ answer, answered }) =>
    answer && /json/.test(answered["content-type"] ?? "") && within(JSON.parse(answer)));
}

/** Runs `test` on a stand, which is taken down whatever happens; what clients sent is shown when it fails. */
export async function onStand(options, test) {
  const stand = await Stand.open(options);
  try {
    await test(stand);
    const all = [...stand.front.past, ...stand.front.exchanges];
    const bad = nulls(all).map(({ path, answer }) => `${path}: ${answer}`);
    check(bad.length === 0, `none of ${all.length} answers held a null ${bad}`);
  } catch (error) {
    console.error(stand.front.lines().slice(-40).join("\n"));
    throw error;
  } finally {
    await stand.close();
  }
}

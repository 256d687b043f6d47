// The web page of the MCP Inspector in Chromium: a server is added, connected, signed in to and used, by somebody who
// clicks. Pictures of each step are left in `target/screenshots`.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onStand } from "../stand.mjs";
import { freePort, tool } from "../programs.mjs";
import { browse, check, version } from "../support.mjs";
import { differs } from "./bodies.mjs";

const name = `MCP Inspector ${version("@modelcontextprotocol/inspector")} (web)`;
const pictures = fileURLToPath(new URL("../../../target/screenshots/", import.meta.url));
mkdirSync(pictures, { recursive: true });

/** The program, and its page in a browser of its own. */
class Inspector {
  static async open() {
    const inspector = new Inspector();
    inspector.home = mkdtempSync(join(tmpdir(), "mcpcodex-inspector-"));
    const [command, ...args] = tool("mcp-inspector");
    inspector.process = spawn(command, args, {
      cwd: inspector.home,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: process.env.PATH, HOME: inspector.home, CLIENT_PORT: String(await freePort()), MCP_SANDBOX_PORT: String(await freePort()),
        MCP_AUTO_OPEN_ENABLED: "false", MCP_INSPECTOR_SECRET_STORE: "file" },
    });
    let said = "";
    const address = await new Promise((resolve, reject) => {
      for (const stream of [inspector.process.stdout, inspector.process.stderr]) {
        stream.on("data", (chunk) => {
          said += chunk;
          const found = said.match(/http:\/\/\S+API_TOKEN=\w+(?=\s)/);
          if (found) resolve(found[0]);
        });
      }
      inspector.process.once("exit", (code) => reject(new Error(`the Inspector ended with ${code}: ${said}`)));
    });
    Object.assign(inspector, await browse({ viewport: { width: 1280, height: 900 } }));
    await inspector.page.goto(address);
    return inspector;
  }

  async picture(what) {
    await this.page.screenshot({ path: join(pictures, `inspector-${what}.png`), fullPage: true });
  }

  button(label) {
    return this.page.getByRole("button", { name: label, exact: true });
  }

  /** Adds a server as the page of the documentation says. */
  async add(id, url) {
    await this.button("Add Servers").click();
    await this.page.getByRole("menuitem", { name: "Add manually" }).click();
    const dialog = this.page.getByRole("dialog", { name: "Add server" });
    await dialog.getByRole("textbox", { name: "Server ID" }).fill(id);
    await dialog.getByRole("textbox", { name: "Transport" }).click();
    await this.page.getByRole("option", { name: "streamable-http" }).click();
    await dialog.getByRole("textbox", { name: "URL" }).fill(url);
    await dialog.getByRole("button", { name: "Add", exact: true }).click();
    await dialog.waitFor({ state: "hidden" });
  }

  /**
   * The last server of the list, which is the one that was added. On a busy machine the page sometimes loses what is typed
   * while it opens; then it saves nothing, and it is typed again.
   */
  async settings(change) {
    for (let left = 4; left > 0; left -= 1) {
      await this.button("Settings").last().click();
      const dialog = this.page.getByRole("dialog", { name: "Server Settings" });
      await dialog.getByRole("button", { name: "OAuth Settings" }).click();
      await change(dialog.getByRole("region", { name: "OAuth Settings" }));
      // Closing saves, and then the list is read again: whoever connects before both gets the settings from before.
      let saved = false;
      const read = this.page.waitForResponse((answer) => {
        const asked = `${answer.request().method()} ${new URL(answer.url()).pathname}`;
        saved ||= asked.startsWith("PUT /api/servers/");
        return saved && asked === "GET /api/servers";
      }, { timeout: 8_000 }).then(() => true, () => false);
      await this.page.keyboard.press("Escape");
      await dialog.waitFor({ state: "hidden" });
      if (await read) return;
    }
    throw new Error("the Inspector did not save its settings");
  }

  /** Presses the switch of a server and waits until it says so; connecting may lead elsewhere first. */
  async toggle(id, checked) {
    const label = `Connect or disconnect "${id}"`;
    await this.page.getByRole("switch", { name: label }).press("Space");
    if (checked !== undefined) await this.page.getByRole("switch", { name: label, checked }).waitFor({ state: "attached" });
  }

  async screen(label) {
    await this.page.locator("label", { hasText: label }).click();
  }

  /** The names of the tools that its page lists. */
  async tools() {
    await this.screen("Tools");
    await this.page.getByRole("heading", { name: /^Tools \(\d+\)$/ }).waitFor();
    return this.page.locator("main").getByRole("button").filter({ hasText: /^(read|write)$/ }).allTextContents();
  }

  async call(label) {
    await this.page.locator("main").getByRole("button", { name: label, exact: true }).click();
    await this.button("Execute Tool").click();
  }

  result(text) {
    return this.page.locator("main").getByText(text).first().waitFor();
  }

  /**
   * Somebody signs in where they are asked to, and allows: which pages there were, and the scopes that the last one
   * named, each with whether it is marked as new.
   */
  async allow(person, picture) {
    const { page } = this;
    const steps = [];
    for (;;) {
      await page.waitForSelector("#username, #code, form#consent");
      if (await page.locator("form#consent").count()) break;
      const login = await page.locator("#username").count();
      steps.push(login ? "login" : "mfa");
      if (login) {
        await page.fill("#username", person.username);
        await page.fill("#password", person.password);
        await Promise.all([page.waitForSelector("#code"), page.click("#submit")]);
      } else {
        await page.fill("#code", person.code());
        await Promise.all([page.waitForSelector("form#consent"), page.click("#submit")]);
      }
    }
    await this.picture(picture);
    const scopes = await page.locator("#scopes > li").evaluateAll((lines) =>
      lines.map((line) => [line.title, [...line.querySelectorAll(".badge")].some((badge) => badge.textContent === "New")]));
    await page.click("#allow");
    return { steps: [...steps, "consent"], scopes };
  }

  async close() {
    await this.browser?.close();
    const ended = new Promise((resolve) => this.process.once("exit", resolve));
    if (this.process.exitCode === null && this.process.kill()) await ended;
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}

const named = (scopes) => scopes.map(([scope, fresh]) => `${scope}${fresh ? " (new)" : ""}`).toSorted().join(", ");

await onStand({}, async (stand) => {
  const inspector = await Inspector.open();
  try {
    await inspector.add("notes", stand.notes.url);
    await inspector.picture("added");
    await inspector.toggle("notes");
    const first = await inspector.allow(stand.ada, "consent");
    const difference = differs(name, stand.front.at(/\/register$/));
    check(difference === "", `${name}: registers with the words that are written down ${difference}`);
    check(first.steps.join() === "login,mfa,consent", `${name}: connecting leads to sign-in and consent`);
    check(named(first.scopes) === "notes:read, offline_access", `${name}: which names what is asked for, nothing of it as new: ${named(first.scopes)}`);
    check((await inspector.tools()).join() === "read,write", `${name}: lists the tools`);
    await inspector.call("read");
    await inspector.result(/^notes of u_/);
    await inspector.picture("tools");
    check(true, `${name}: calls one`);

    // A tool that needs more: the Inspector explains, and the page names what is new.
    await inspector.call("write");
    await inspector.page.getByRole("button", { name: "Authorize", exact: true }).click();
    const more = await inspector.allow(stand.ada, "step-up");
    check(more.steps.join() === "consent", `${name}: a tool that needs more asks for consent and not for the password`);
    check(named(more.scopes) === "notes:read, notes:write (new), offline_access", `${name}: only the scope more is marked as new: ${named(more.scopes)}`);
    await inspector.tools();
    await inspector.call("write");
    await inspector.result(/^written for u_/);
    await inspector.picture("written");
    check(true, `${name}: and then it answers`);

    await inspector.screen("Servers");
    stand.front.forget();
    await inspector.toggle("notes", false);
    await inspector.toggle("notes", true);
    check((await inspector.tools()).join() === "read,write" && stand.front.at(/\/authorize$/).length === 0,
      `${name}: connects again without asking`);
  } finally {
    await inspector.close();
  }
});

await onStand({ registration: "off" }, async (stand) => {
  const inspector = await Inspector.open();
  try {
    const { client_id } = stand.cli(["client", "create", "--template", "inspector"]);
    await inspector.add("notes", stand.notes.url);
    await inspector.settings(async (oauth) => {
      await oauth.getByRole("textbox", { name: "Client ID" }).fill(client_id);
      await inspector.picture("settings");
    });
    await inspector.toggle("notes");
    await inspector.allow(stand.ada, "consent-by-hand");
    check((await inspector.tools()).join() === "read,write", `${name}: known by hand, it lists the tools`);
    check(stand.front.at(/\/register$/).length === 0, `${name}: without trying to register`);
  } finally {
    await inspector.close();
  }
});

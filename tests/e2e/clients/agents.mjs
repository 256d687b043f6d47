// Agents and tools that people run, as their makers ship them: each is pointed at the URL of a protected MCP server,
// opens a browser, and is connected; those that keep their tokens in a file find their access token spoilt and renew it.
import { existsSync } from "node:fs";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { onStand } from "../stand.mjs";
import { Desk, agent, agentVersion, freePort, script, tool } from "../programs.mjs";
import { check, pythonVersion, version } from "../support.mjs";
import { differs } from "./bodies.mjs";

/** `by` is the client that was made by hand from the `template`, or undefined: then the program registers itself. */
const programs = [
  {
    name: `Claude Code ${agentVersion("claude-code")}`,
    template: "claude-code",
    async connect(desk, url, by) {
      const claude = agent("claude");
      await desk.run(claude, ["mcp", "add", "--transport", "http", "notes", url, ...(by ? ["--client-id", by] : [])]);
      const login = await desk.run(claude, ["mcp", "login", "notes"], { terminal: true });
      return login.includes("Authenticated with") && (await desk.run(claude, ["mcp", "list"])).includes("Connected");
    },
    async renew(desk) {
      return desk.spoil(".claude") > 0 && (await desk.run(agent("claude"), ["mcp", "list"])).includes("Connected");
    },
    also: "forgets its tokens, and the server",
    async finish(desk) {
      const claude = agent("claude");
      await desk.run(claude, ["mcp", "logout", "notes"]);
      const out = (await desk.run(claude, ["mcp", "list"])).includes("Needs authentication");
      await desk.run(claude, ["mcp", "remove", "notes"]);
      return out && !(await desk.run(claude, ["mcp", "list"])).includes("notes");
    },
  },
  {
    name: `Codex ${agentVersion("codex")}`,
    async connect(desk, url) {
      const codex = agent("codex");
      await desk.run(codex, ["mcp", "add", "notes", "--url", url]);
      return /notes .*OAuth/.test(await desk.run(codex, ["mcp", "list"]));
    },
  },
  {
    name: `OpenCode ${agentVersion("opencode")}`,
    // Its maker has left out machines with ARM at this version.
    missing: !existsSync(agent("opencode")[0]),
    async connect(desk, url) {
      await desk.run(agent("opencode"), ["mcp", "add", "notes", "--url", url]);
      const said = await desk.run(agent("opencode"), ["mcp", "auth", "notes"], { terminal: true });
      return said.includes("Authentication successful") && /notes +connected/.test(await desk.run(agent("opencode"), ["mcp", "list"]));
    },
    async renew(desk) {
      return desk.spoil(".local/share/opencode") > 0 && /notes +connected/.test(await desk.run(agent("opencode"), ["mcp", "list"]));
    },
  },
  {
    name: `MCP Inspector ${version("@modelcontextprotocol/inspector")} (command line)`,
    template: "inspector",
    async connect(desk, url, by) {
      const more = ["--callback-url", `http://127.0.0.1:${await freePort()}/oauth/callback`, ...(by ? ["--client-id", by] : [])];
      return (await this.call(desk, [url, "--transport", "http", ...more])).includes("notes of ");
    },
    async renew(desk, url) {
      return desk.spoil(".mcp-inspector") > 0 && (await this.call(desk, ["--server-url", url, "--transport", "http", "--use-stored-auth"])).includes("notes of ");
    },
    also: "signs in anew when it is told to, and revokes nothing",
    async finish(desk, url, front) {
      front.forget();
      const more = ["--callback-url", `http://127.0.0.1:${await freePort()}/oauth/callback`, "--relogin"];
      const said = await this.call(desk, [url, "--transport", "http", ...more]);
      return said.includes("notes of ") && front.at(/\/authorize$/).length > 0 && front.at(/\/revoke$/).length === 0;
    },
    call: (desk, more) => desk.run(tool("mcp-inspector"), ["--cli", ...more, "--method", "tools/call", "--tool-name", "read"],
      { env: { MCP_AUTO_OPEN_ENABLED: "true", MCP_INSPECTOR_SECRET_STORE: "file" } }),
  },
  {
    name: `mcp-remote ${version("mcp-remote")}`,
    async connect(desk, url) {
      return (await desk.run(tool("mcp-remote-client"), [url, "--auth-timeout", "120"])).includes("Connected successfully");
    },
    async renew(desk, url) {
      return desk.spoil(".mcp-auth") > 0 && (await desk.run(tool("mcp-remote-client"), [url])).includes("Connected successfully");
    },
    also: "is the program that a client starts which can only start programs",
    async finish(desk, url) {
      const [command, ...args] = tool("mcp-remote");
      const client = new Client({ name: "reader", version: "1.0.0" });
      await client.connect(new StdioClientTransport({ command, args: [...args, url], env: desk.env, cwd: desk.home, stderr: "ignore" }));
      const { content } = await client.callTool({ name: "read", arguments: {} });
      await client.close();
      return content[0].text.startsWith("notes of ");
    },
  },
  {
    name: `FastMCP client ${pythonVersion("fastmcp")}`,
    async connect(desk, url) {
      return (await desk.run(script("clients/fastmcp_client.py"), [url])).includes("notes of ");
    },
  },
];

const itself = "registered by itself";
const byHand = "made known by hand";
const wanted = process.argv[2];
await onStand({}, async (stand) => {
  for (const program of programs.filter(({ name }) => !wanted || name.includes(wanted))) {
    if (program.missing) {
      console.log(`left out: ${program.name} is not made for this machine`);
      continue;
    }
    for (const how of program.template ? [itself, byHand] : [itself]) {
      const by = how === byHand ? stand.cli(["client", "create", "--template", program.template]).client_id : undefined;
      const desk = new Desk(stand.ada);
      stand.front.forget();
      try {
        const began = Date.now();
        check(await program.connect(desk, stand.notes.url, by), `${program.name}, ${how}: connected and called`);
        const difference = by ? stand.front.at(/\/register$/).map(({ body }) => `it sent ${body}`).join() : differs(program.name, stand.front.at(/\/register$/));
        check(difference === "", `${program.name}, ${how}: ${by ? "does not register" : "registers with the words that are written down"} ${difference}`);
        if (program.renew) {
          stand.front.forget();
          check(await program.renew(desk, stand.notes.url), `${program.name}, ${how}: connected again after its access token was spoilt`);
          const grants = stand.front.at(/\/token$/).map((one) => `${one.status} ${new URLSearchParams(one.body).get("grant_type")}`);
          check(grants.length > 0 && grants.every((grant) => grant === "200 refresh_token"), `${program.name}, ${how}: by its refresh token alone`);
        }
        if (program.also && !by) check(await program.finish(desk, stand.notes.url, stand.front), `${program.name}: ${program.also}`);
        if (process.env.SHOW) console.log(`${Date.now() - began} ms\n${stand.front.lines().join("\n")}`);
      } finally {
        desk.close();
      }
    }
  }
});

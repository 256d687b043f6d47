// Agents and tools that people run, as their makers ship them: each is pointed at the URL of a protected MCP server,
// opens a browser, and is connected; those that keep their tokens in a file find their access token spoilt and renew it.
import { onStand } from "../stand.mjs";
import { Desk, agent, agentVersion, freePort, script, tool } from "../programs.mjs";
import { check, pythonVersion, version } from "../support.mjs";

/** `by` is the client that was made by hand, or undefined: then the program registers itself. */
const programs = [
  {
    name: `Claude Code ${agentVersion("claude-code")}`,
    byHand: true,
    redirect: "http://localhost/callback",
    async connect(desk, url, by) {
      const claude = agent("claude");
      await desk.run(claude, ["mcp", "add", "--transport", "http", "notes", url, ...(by ? ["--client-id", by] : [])]);
      const login = await desk.run(claude, ["mcp", "login", "notes"], { terminal: true });
      return login.includes("Authenticated with") && (await desk.run(claude, ["mcp", "list"])).includes("Connected");
    },
    async renew(desk) {
      return desk.spoil(".claude") > 0 && (await desk.run(agent("claude"), ["mcp", "list"])).includes("Connected");
    },
  },
  {
    name: `Codex ${agentVersion("codex")}`,
    redirect: "http://127.0.0.1/callback",
    async connect(desk, url, by) {
      const codex = agent("codex");
      await desk.run(codex, ["mcp", "add", "notes", "--url", url, ...(by ? ["--oauth-client-id", by] : [])]);
      return /notes .*OAuth/.test(await desk.run(codex, ["mcp", "list"]));
    },
  },
  {
    name: `OpenCode ${agentVersion("opencode")}`,
    redirect: "http://127.0.0.1/mcp/oauth/callback",
    async connect(desk, url, by) {
      desk.write("opencode.json", { mcp: { notes: { type: "remote", url, ...(by ? { oauth: { clientId: by } } : {}) } } });
      const said = await desk.run(agent("opencode"), ["mcp", "auth", "notes"], { terminal: true });
      return said.includes("Authentication successful") && /notes +connected/.test(await desk.run(agent("opencode"), ["mcp", "list"]));
    },
    async renew(desk) {
      return desk.spoil(".local/share/opencode") > 0 && /notes +connected/.test(await desk.run(agent("opencode"), ["mcp", "list"]));
    },
  },
  {
    name: `MCP Inspector ${version("@modelcontextprotocol/inspector")} (command line)`,
    byHand: true,
    redirect: "http://127.0.0.1/oauth/callback",
    async connect(desk, url, by) {
      const more = ["--callback-url", `http://127.0.0.1:${await freePort()}/oauth/callback`, ...(by ? ["--client-id", by] : [])];
      return (await this.call(desk, [url, "--transport", "http", ...more])).includes("notes of ");
    },
    async renew(desk, url) {
      return desk.spoil(".mcp-inspector") > 0 && (await this.call(desk, ["--server-url", url, "--transport", "http", "--use-stored-auth"])).includes("notes of ");
    },
    call: (desk, more) => desk.run(tool("mcp-inspector"), ["--cli", ...more, "--method", "tools/call", "--tool-name", "read"],
      { env: { MCP_AUTO_OPEN_ENABLED: "true", MCP_INSPECTOR_SECRET_STORE: "file" } }),
  },
  {
    name: `mcp-remote ${version("mcp-remote")}`,
    redirect: "http://localhost/oauth/callback",
    async connect(desk, url, by) {
      this.more = by ? ["--static-oauth-client-info", JSON.stringify({ client_id: by })] : [];
      return (await desk.run(tool("mcp-remote-client"), [url, ...this.more])).includes("Connected successfully");
    },
    async renew(desk, url) {
      return desk.spoil(".mcp-auth") > 0 && (await desk.run(tool("mcp-remote-client"), [url, ...this.more])).includes("Connected successfully");
    },
  },
  {
    name: `FastMCP client ${pythonVersion("fastmcp")}`,
    redirect: "http://localhost/callback",
    async connect(desk, url, by) {
      return (await desk.run(script("clients/fastmcp_client.py"), [url, ...(by ? [by] : [])])).includes("notes of ");
    },
  },
];

const itself = "registered by itself";
const byHand = "made known by hand";
const wanted = process.argv[2];
await onStand({}, async (stand) => {
  for (const program of programs.filter(({ name }) => !wanted || name.includes(wanted))) {
    for (const how of [...(stand.can.register ? [itself] : []), ...(program.byHand || !stand.can.register ? [byHand] : [])]) {
      const by = how === byHand
        ? stand.cli(["client", "create", program.name, "--public", "--redirect-uri", program.redirect]).client_id : undefined;
      const desk = new Desk(stand.ada);
      stand.front.forget();
      try {
        const began = Date.now();
        check(await program.connect(desk, stand.notes.url, by), `${program.name}, ${how}: connected and called`);
        if (program.renew) {
          stand.front.forget();
          check(await program.renew(desk, stand.notes.url), `${program.name}, ${how}: connected again after its access token was spoilt`);
          const grants = stand.front.at(/\/token$/).map((one) => `${one.status} ${new URLSearchParams(one.body).get("grant_type")}`);
          check(grants.length > 0 && grants.every((grant) => grant === "200 refresh_token"), `${program.name}, ${how}: by its refresh token alone`);
        }
        if (process.env.SHOW) console.log(`${Date.now() - began} ms\n${stand.front.lines().join("\n")}`);
      } finally {
        desk.close();
      }
    }
  }
});

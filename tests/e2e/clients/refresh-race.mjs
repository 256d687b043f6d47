// Several agents of one person share what one of them stored, and renew it at the same moment, again and again. That is
// how people run them; and a thief who comes late still ends it all.
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { App, claims } from "../app.mjs";
import { onStand } from "../stand.mjs";
import { check, version } from "../support.mjs";

const agents = 5;
const rounds = 20;

/** The file that all agents read and write, as one object. */
class Shared {
  renewed = 0;
  constructor(information, tokens) {
    this.information = information;
    this.kept = tokens;
  }
  clientInformation() {
    return this.information;
  }
  tokens() {
    return this.kept;
  }
  saveTokens(tokens) {
    this.renewed += 1;
    this.kept = tokens;
  }
  get redirectUrl() {
    return "http://127.0.0.1:6003/callback";
  }
  get clientMetadata() {
    return { redirect_uris: [this.redirectUrl] };
  }
  redirectToAuthorization() {
    throw new Error("somebody would have to sign in again");
  }
  saveCodeVerifier() {}
  codeVerifier() {
    return "";
  }
}

await onStand({}, async (stand) => {
  const { client_id } = stand.cli(["client", "create", "Agents", "--public", "--redirect-uri", "http://127.0.0.1/callback"]);
  const app = new App(stand.issuer, client_id);
  const tokens = await app.signIn(stand.ada, { resource: stand.notes.url, scope: "notes:read offline_access" });
  const shared = new Shared({ client_id, issuer: stand.issuer }, { ...tokens, issuer: stand.issuer });
  const clients = await Promise.all(Array.from({ length: agents }, async (_, at) => {
    const client = new Client({ name: `agent ${at}`, version: "1.0.0" });
    await client.connect(new StreamableHTTPClientTransport(new URL(stand.notes.url), { authProvider: shared }));
    return client;
  }));
  const spent = new Set([tokens.refresh_token]);
  let answers = 0;
  for (let round = 0; round < rounds; round += 1) {
    shared.kept = { ...shared.kept, access_token: "gone" };
    const said = await Promise.all(clients.map((client) => client.callTool({ name: "read", arguments: {} })));
    answers += said.filter(({ content }) => content[0].text === `notes of ${claims(shared.kept.access_token).sub}`).length;
    spent.add(shared.kept.refresh_token);
  }
  const at = version("@modelcontextprotocol/client");
  check(answers === agents * rounds, `${agents} agents on @modelcontextprotocol/client ${at} shared one refresh token for ${rounds} rounds, and all ${answers} calls were answered`);
  const refreshes = stand.front.at("/token").filter((one) => one.body.includes("grant_type=refresh_token"));
  check(refreshes.length > rounds * 2, `they did race: ${refreshes.length} refreshes in ${rounds} rounds`);
  check(refreshes.every((one) => one.status === 200), "none of them was refused");
  check(spent.size === rounds + 1, "each round rotated once, however many asked");
  await Promise.all(clients.map((client) => client.close()));

  // Agents that only have what they remember, and never look into the file again.
  let mine = Array.from({ length: agents }, () => shared.kept.refresh_token);
  for (let round = 0; round < rounds; round += 1) {
    const all = await Promise.all(mine.map((token) => app.refresh(token)));
    if (all.some(({ status }) => status !== 200)) throw new Error(JSON.stringify(all));
    mine = all.map(({ json }) => json.refresh_token);
  }
  check(new Set(mine).size === 1, `${agents} agents that never share again stay together, too: all have the same token after ${rounds} rounds`);
});

await onStand({ config: "  tokens: { refresh_token: { retry_window: 1 } }", notes: false }, async (stand) => {
  const { client_id } = stand.cli(["client", "create", "Agent", "--public", "--redirect-uri", "http://127.0.0.1/callback"]);
  const app = new App(stand.issuer, client_id);
  const first = await app.signIn(stand.ada, { scope: "openid offline_access" });
  const second = (await app.refresh(first.refresh_token)).json;
  check((await app.refresh(first.refresh_token)).json.refresh_token === second.refresh_token, "within the window a retry gets the same successor");
  const third = (await app.refresh(second.refresh_token)).json;
  let late;
  for (const end = Date.now() + 20_000; Date.now() < end && late?.status !== 400; ) late = await app.refresh(second.refresh_token);
  check(late.status === 400 && late.json.error === "invalid_grant", "after the window the spent token is refused");
  const rest = await app.refresh(third.refresh_token);
  check(rest.status === 400 && rest.json.error === "invalid_grant", "and its whole family with it");
  const told = await app.post("/revoke", { token: third.refresh_token, client_id });
  check(told.status === 200, "revoking what has ended is no error");
});

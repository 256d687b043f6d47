// The TypeScript SDK, both lines of it, from the first request to a renewed token: how most MCP clients are built.
import * as v2 from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { UnauthorizedError as UnauthorizedV1 } from "@modelcontextprotocol/sdk/client/auth.js";
import { onStand } from "../stand.mjs";
import { check, version } from "../support.mjs";

const kits = [
  { name: `@modelcontextprotocol/sdk ${version("@modelcontextprotocol/sdk")}`, Client: ClientV1, Transport: TransportV1,
    Unauthorized: UnauthorizedV1, finish: (transport, back) => transport.finishAuth(back.searchParams.get("code")) },
  { name: `@modelcontextprotocol/client ${version("@modelcontextprotocol/client")}`, Client: v2.Client,
    Transport: v2.StreamableHTTPClientTransport, Unauthorized: v2.UnauthorizedError,
    finish: (transport, back) => transport.finishAuth(back.searchParams) },
];

/** What an app keeps: the SDK asks it for everything and gives it everything. */
class Store {
  redirectUrl = "http://127.0.0.1:6001/callback";
  dropped = [];

  constructor({ information, clientMetadataUrl } = {}) {
    this.information = information;
    this.clientMetadataUrl = clientMetadataUrl;
  }
  get clientMetadata() {
    return { client_name: "Reader", redirect_uris: [this.redirectUrl], grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"], token_endpoint_auth_method: "none" };
  }
  state() {
    return (this.sent = "s".repeat(12) + Math.random().toString(36).slice(2));
  }
  clientInformation() {
    return this.information;
  }
  saveClientInformation(information) {
    this.information = information;
  }
  tokens() {
    return this.kept;
  }
  saveTokens(tokens) {
    this.kept = tokens;
  }
  redirectToAuthorization(url) {
    this.asked = url;
  }
  saveCodeVerifier(verifier) {
    this.verifier = verifier;
  }
  codeVerifier() {
    return this.verifier;
  }
  invalidateCredentials(what) {
    this.dropped.push(what);
    if (what === "all" || what === "tokens") this.kept = undefined;
    if (what === "all" || what === "client") this.information = undefined;
  }
}

/** A client of the kit, connected; somebody signs in when the server asks for it. */
async function connect(kit, stand, store) {
  const dial = () => new kit.Transport(new URL(stand.notes.url), { authProvider: store });
  const client = () => new kit.Client({ name: "reader", version: "1.0.0" });
  const first = dial();
  const one = client();
  try {
    await one.connect(first);
    return one;
  } catch (error) {
    if (!(error instanceof kit.Unauthorized)) throw error;
  }
  const back = await stand.ada.open(store.asked);
  if (back.searchParams.get("error")) throw new Error(`refused: ${back.search}`);
  if (back.searchParams.get("state") !== store.sent) throw new Error("state came back changed");
  await kit.finish(first, back);
  const two = client();
  await two.connect(dial());
  return two;
}

const said = async (client, tool) => (await client.callTool({ name: tool, arguments: {} })).content[0].text;

/** From nothing to a renewed token; `how` says by which way the app became known. */
async function journey(kit, stand, store, how) {
  stand.front.forget();
  const client = await connect(kit, stand, store);
  const about = `${kit.name}, ${how}`;
  check((await said(client, "read")).startsWith("notes of "), `${about}: a tool answers after sign-in`);
  check(store.kept.refresh_token, `${about}: there is a refresh token`);

  // The access token is no good any more: the SDK finds out by a 401 and renews it by itself.
  const before = store.kept;
  store.kept = { ...before, access_token: `${before.access_token.slice(0, -8)}AAAAAAAA` };
  check((await said(client, "read")).startsWith("notes of "), `${about}: a tool answers after a refresh`);
  check(store.kept.refresh_token !== before.refresh_token, `${about}: the refresh token was rotated`);
  const tokens = stand.front.at(/\/token$/);
  check(tokens.length === 2 && tokens[1].body.includes("grant_type=refresh_token") && tokens.every((one) => one.status === 200),
    `${about}: one exchange, one refresh, no more`);
  check(store.dropped.length === 0, `${about}: nothing had to be thrown away`);
  await client.close();
}

for (const path of ["", "/auth"]) {
  await onStand({ path }, async (stand) => {
    const where = path ? `issuer with the path ${path}` : "issuer without a path";
    for (const kit of kits) {
      const { client_id } = stand.cli(["client", "create", "Reader", "--public", "--redirect-uri", "http://127.0.0.1/callback"]);
      await journey(kit, stand, new Store({ information: { client_id } }), `${where}, a client made by hand`);
      if (process.env.SHOW) console.log(stand.front.lines().join("\n"));
    }
  });
}

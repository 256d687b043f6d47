// Both lines of the TypeScript SDK under one handle, and what an app of theirs keeps.
import * as v2 from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { UnauthorizedError as UnauthorizedV1 } from "@modelcontextprotocol/sdk/client/auth.js";
import { version } from "../support.mjs";

export const kits = [
  { name: `@modelcontextprotocol/sdk ${version("@modelcontextprotocol/sdk")}`, Client: ClientV1, Transport: TransportV1,
    Unauthorized: UnauthorizedV1, renewsInstead: true, finish: (transport, back) => transport.finishAuth(back.searchParams.get("code")) },
  { name: `@modelcontextprotocol/client ${version("@modelcontextprotocol/client")}`, Client: v2.Client,
    Transport: v2.StreamableHTTPClientTransport, Unauthorized: v2.UnauthorizedError,
    finish: (transport, back) => transport.finishAuth(back.searchParams) },
];

/** The SDK asks it for everything and gives it everything. */
export class Store {
  redirectUrl = "http://127.0.0.1:6001/callback";
  /** What the SDK had it throw away. */
  dropped = [];

  constructor({ information, document } = {}) {
    this.information = information;
    this.clientMetadataUrl = document;
  }
  get clientMetadata() {
    return { client_name: "Reader", redirect_uris: [this.redirectUrl], grant_types: ["authorization_code", "refresh_token"],
      response_types: ["code"], token_endpoint_auth_method: "none" };
  }
  state() {
    return (this.sent = crypto.randomUUID());
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
  saveDiscoveryState(state) {
    this.discovered = state;
  }
  discoveryState() {
    return this.discovered;
  }
  invalidateCredentials(what) {
    this.dropped.push(what);
    if (what === "all" || what === "tokens") this.kept = undefined;
    if (what === "all" || what === "client") this.information = undefined;
    if (what === "all" || what === "discovery") this.discovered = undefined;
  }
  /** The access token is no good any more. */
  spoil() {
    this.kept = { ...this.kept, access_token: `${this.kept.access_token.slice(0, -8)}AAAAAAAA` };
  }
}

/**
 * A client of the kit that runs `act`, and runs it again after `person` has allowed what the server asked for. Gives
 * `{ client, result }`.
 */
export async function acting(kit, url, person, store, act) {
  const attempt = async () => {
    const transport = new kit.Transport(new URL(url), { authProvider: store });
    const client = new kit.Client({ name: "reader", version: "1.0.0" });
    try {
      await client.connect(transport);
      return { client, result: await act(client) };
    } catch (error) {
      if (!(error instanceof kit.Unauthorized)) throw error;
      return { transport };
    }
  };
  const first = await attempt();
  if (first.client) return first;
  const back = await person.open(store.asked);
  if (back.searchParams.get("error")) throw new Error(`refused: ${back.search}`);
  if (back.searchParams.get("state") !== store.sent) throw new Error("state came back changed");
  await kit.finish(first.transport, back);
  const second = await attempt();
  if (!second.client) throw new Error("the server asks again, right after it was answered");
  return second;
}

/** What a tool of the notes says. */
export const said = async (client, tool) => (await client.callTool({ name: tool, arguments: {} })).content[0].text;

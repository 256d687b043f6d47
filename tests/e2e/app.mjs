// An app without a kit, which says exactly what goes over the wire.
import { createHash, randomBytes } from "node:crypto";

const random = () => randomBytes(32).toString("base64url");

export class App {
  /** As `client` (an id) at `issuer`; `redirect` is where answers go. */
  constructor(issuer, client, redirect = "http://127.0.0.1:6003/callback") {
    Object.assign(this, { issuer, client, redirect });
  }

  /** Registers by RFC 7591 and gives the app with what the server answered as `registered`. */
  static async register(issuer, more = {}) {
    const redirect = more.redirect_uris?.[0] ?? "http://127.0.0.1:6003/callback";
    const response = await fetch(`${issuer}/register`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ client_name: "Reader", redirect_uris: [redirect], grant_types: ["authorization_code", "refresh_token"],
        response_types: ["code"], token_endpoint_auth_method: "none", ...more }),
    });
    const registered = await response.json();
    if (response.status !== 201) throw new Error(`register: ${response.status} ${JSON.stringify(registered)}`);
    return Object.assign(new App(issuer, registered.client_id, redirect), { registered });
  }

  /** The URL of an authorization request; a parameter that is undefined is left out. */
  ask(more = {}) {
    this.verifier = random();
    this.state = random();
    const all = {
      response_type: "code",
      client_id: this.client,
      redirect_uri: this.redirect,
      code_challenge: createHash("sha256").update(this.verifier).digest("base64url"),
      code_challenge_method: "S256",
      state: this.state,
      ...more,
    };
    const pairs = Object.entries(all).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
    return `${this.issuer}/authorize?${new URLSearchParams(pairs.filter(([, value]) => value !== undefined))}`;
  }

  /** A form to an endpoint: `{ status, json, headers }`. */
  async post(path, fields, headers = {}) {
    const response = await fetch(`${this.issuer}${path}`, { method: "POST", body: new URLSearchParams(fields), headers });
    const text = await response.text();
    return { status: response.status, json: text ? JSON.parse(text) : undefined, headers: response.headers };
  }

  /** What the answer to an authorization request brought is exchanged for tokens. */
  exchange(back, more = {}) {
    return this.post("/token", { grant_type: "authorization_code", client_id: this.client, redirect_uri: this.redirect,
      code: back.searchParams.get("code"), code_verifier: this.verifier, ...more });
  }

  refresh(token, more = {}) {
    return this.post("/token", { grant_type: "refresh_token", client_id: this.client, refresh_token: token, ...more });
  }

  /** The whole of it: somebody allows, and the tokens are here. */
  async signIn(person, more = {}) {
    const back = await person.open(this.ask(more));
    const { status, json } = await this.exchange(back);
    if (status !== 200) throw new Error(`token: ${status} ${JSON.stringify(json)}`);
    return json;
  }
}

/** The claims of a JWT, unverified. */
export function claims(jwt) {
  return JSON.parse(Buffer.from(jwt.split(".")[1], "base64url"));
}

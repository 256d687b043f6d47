// A protected MCP server with the TypeScript SDK: a stranger's own, which knows of mcpcodex no more than its issuer.
// As a program: `node sdk.mjs ISSUER [PORT]`; it prints its URL.
import { fileURLToPath } from "node:url";
// documented: begin
import { getOAuthProtectedResourceMetadataUrl, mcpAuthMetadataRouter } from "@modelcontextprotocol/sdk/server/auth/router.js";
import { requireBearerAuth } from "@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js";
import { InvalidTokenError } from "@modelcontextprotocol/sdk/server/auth/errors.js";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";
import { createRemoteJWKSet, jwtVerify } from "jose";

/**
 * Everything that has to do with sign-in: who issues tokens, for which URL, and what a tool needs. `document` is where
 * mcpcodex describes this server; without it, it does so itself.
 */
export async function protect(app, { issuer, url, needs, document }) {
  const found = await fetch(`${issuer}/.well-known/openid-configuration`);
  const oauthMetadata = await found.json();
  const keys = createRemoteJWKSet(new URL(oauthMetadata.jwks_uri));
  const verifier = {
    async verifyAccessToken(token) {
      const { payload } = await jwtVerify(token, keys, { issuer, audience: url.href, typ: "at+jwt" }).catch((error) => {
        throw new InvalidTokenError(error.message);
      });
      return { token, clientId: payload.client_id, scopes: payload.scope.split(" "), expiresAt: payload.exp,
        extra: { person: payload.sub } };
    },
  };
  if (!document) app.use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: url, scopesSupported: needs() }));
  app.use(url.pathname, express.json(), (request, response, next) =>
    requireBearerAuth({
      verifier,
      requiredScopes: needs(request.body?.params?.name),
      resourceMetadataUrl: document ?? getOAuthProtectedResourceMetadataUrl(url),
    })(request, response, next));
}
// documented: end

/** Two tools: one reads, one writes and needs a scope more. */
function notes(person) {
  const server = new McpServer({ name: "Notes", version: "1.0.0" });
  const say = (text) => ({ content: [{ type: "text", text }] });
  server.registerTool("read", { description: "Reads your notes" }, () => say(`notes of ${person}`));
  server.registerTool("write", { description: "Writes a note" }, () => say(`written for ${person}`));
  return server;
}

/**
 * Starts one and gives `{ url, port, tokens, close }`; `tokens` are the access tokens that came, newest last. `register`
 * makes its URL known and may give the address of its document. `origin` is where people reach it, if that is elsewhere;
 * `before` sees the app first.
 */
export async function serve({ issuer, port = 0, path = "/mcp", origin, register = () => undefined, before = () => {} }) {
  const app = express();
  before(app);
  const listener = await new Promise((resolve) => {
    const listening = app.listen(port, "127.0.0.1", () => resolve(listening));
  });
  const url = new URL(path, origin ?? `http://127.0.0.1:${listener.address().port}`);
  const document = register(url.href);
  const tokens = [];
  app.use((request, _, next) => {
    const token = request.headers.authorization?.split(" ")[1];
    if (token && tokens.at(-1) !== token) tokens.push(token);
    next();
  });
  await protect(app, { issuer, url, document, needs: (tool) => (tool === "write" ? ["notes:read", "notes:write"] : ["notes:read"]) });
  app.all(url.pathname, async (request, response) => {
    const server = notes(request.auth.extra.person);
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
    response.on("close", () => transport.close());
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  return {
    url: url.href,
    port: listener.address().port,
    tokens,
    close: () => {
      listener.closeAllConnections();
      listener.close();
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [issuer, port] = process.argv.slice(2);
  console.log((await serve({ issuer, port: Number(port ?? 0) })).url);
}

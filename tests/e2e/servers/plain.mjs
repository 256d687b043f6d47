// An MCP server with the TypeScript SDK that knows nothing of sign-in, and a page beside it: what a proxy protects.
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import express from "express";

/** Starts one and gives `{ port, seen, go, close }`: `seen` holds the requests that arrived, `go` lets a stream go on. */
export async function plain() {
  const app = express();
  const seen = [];
  let waiting = [];
  app.use((request, _, next) => {
    seen.push({ method: request.method, url: request.originalUrl, headers: request.headers });
    next();
  });
  app.get("/page", (request, response) => response.type("html").send(`<p id="who">${request.headers["x-auth-user"] ?? "nobody"}</p>`));
  // Its second half comes when somebody says so: whoever has the first by then got it as it was sent.
  app.get("/stream", async (_, response) => {
    response.type("text/event-stream");
    response.write("data: first\n\n");
    await new Promise((resolve) => waiting.push(resolve));
    response.end("data: second\n\n");
  });
  app.use("/mcp", express.json());
  app.all("/mcp", async (request, response) => {
    const server = new McpServer({ name: "Notes", version: "1.0.0" });
    server.registerTool("read", { description: "Reads your notes" }, () => ({
      content: [{ type: "text", text: `notes of ${request.headers["x-auth-user"] ?? "nobody"}` }],
    }));
    // Answers in a stream.
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined });
    response.on("close", () => transport.close());
    await server.connect(transport);
    await transport.handleRequest(request, response, request.body);
  });
  const listener = await new Promise((resolve) => {
    const listening = app.listen(0, "127.0.0.1", () => resolve(listening));
  });
  return {
    port: listener.address().port,
    seen,
    go() {
      for (const resolve of waiting) resolve();
      waiting = [];
    },
    close() {
      listener.closeAllConnections();
      listener.close();
    },
  };
}

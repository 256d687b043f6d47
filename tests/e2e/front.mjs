// What stands in front of a server at a customer's: one address that stays while the server restarts. It writes down
// what came by, so that a test can say what a client sent.
import { createServer, request as forward } from "node:http";
import { gunzipSync } from "node:zlib";

export class Front {
  /** Each exchange, oldest first: `{ method, path, query, headers, body, status, answer }`. */
  exchanges = [];
  /** Those that were forgotten. */
  past = [];
  /** Changes what is answered: given the path and the text, gives the text. */
  rewrite = (path, text) => text;

  static async open() {
    const front = new Front();
    front.server = createServer((request, response) => front.#pass(request, response));
    await new Promise((resolve) => front.server.listen(0, "127.0.0.1", resolve));
    front.port = front.server.address().port;
    return front;
  }

  /** Where it passes everything on to: the origin that `serve` printed. */
  to(url) {
    this.target = new URL(url);
  }

  /** The exchanges at a path, or with a path that matches. */
  at(path) {
    return this.exchanges.filter((one) => (path instanceof RegExp ? path.test(one.path) : one.path === path));
  }

  /** Forgets what came by so far. */
  forget() {
    this.past.push(...this.exchanges.splice(0));
  }

  /** One line for each exchange with a program, for reading. */
  lines() {
    return this.exchanges
      .filter(({ headers }) => !headers["sec-fetch-mode"] || headers["sec-fetch-mode"] === "cors")
      .map(({ method, path, query, headers, body, status }) => {
        const told = ["mcp-protocol-version", "authorization", "origin", "accept", "content-type", "user-agent"]
          .filter((name) => headers[name])
          .map((name) => `${name}: ${name === "authorization" ? headers[name].split(" ")[0] : headers[name]}`);
        return `${status} ${method} ${path}${query} [${told.join(" | ")}] ${body}`;
      });
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }

  async #pass(request, response) {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const url = new URL(request.url, "http://front");
    const exchange = { method: request.method, path: url.pathname, query: url.search, headers: request.headers,
      body: body.toString(), status: 0, answer: "" };
    this.exchanges.push(exchange);
    const onward = forward({ host: this.target.hostname, port: this.target.port, method: request.method,
      path: request.url, headers: request.headers, agent: false }, (answer) => {
      exchange.status = answer.statusCode;
      const parts = [];
      answer.on("data", (part) => parts.push(part));
      answer.on("end", () => {
        const came = Buffer.concat(parts);
        exchange.answered = answer.headers;
        exchange.answer = (answer.headers["content-encoding"] === "gzip" ? gunzipSync(came) : came).toString();
        const changed = this.rewrite(url.pathname, exchange.answer);
        if (changed === exchange.answer) {
          response.writeHead(answer.statusCode, answer.rawHeaders);
          return response.end(came);
        }
        const { "content-encoding": _, "content-length": __, ...headers } = answer.headers;
        response.writeHead(answer.statusCode, headers);
        response.end(changed);
      });
      answer.on("error", () => response.destroy());
    });
    // As a proxy says it when nothing listens behind it.
    onward.on("error", () => (exchange.status = 502) && response.writeHead(502).end());
    onward.end(body);
  }
}

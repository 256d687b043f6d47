// A site that publishes documents about apps (client ID metadata documents), with a certificate of its own authority.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** `{ url(path), asked, config, close }`; `config` goes under `authentication.clients`, `asked` are the paths that were asked for. */
export async function documents(pages = {}) {
  const folder = mkdtempSync(join(tmpdir(), "mcpcodex-documents-"));
  const file = (name) => join(folder, name);
  const issue = (name, ...more) => {
    const made = spawnSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
      "-days", "2", "-subj", `/CN=${name}`, "-keyout", file(`${name}.key`), "-out", file(`${name}.pem`), ...more], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(`openssl: ${made.stderr ?? made.error}`);
  };
  issue("authority");
  issue("localhost", "-CA", file("authority.pem"), "-CAkey", file("authority.key"),
    "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE");
  const asked = [];
  const server = createServer({ key: readFileSync(file("localhost.key")), cert: readFileSync(file("localhost.pem")) }, (request, response) => {
    asked.push(request.url);
    const page = { "/reader": reader, ...pages }[request.url];
    if (!page) return response.writeHead(404).end();
    page(response, `https://localhost:${server.address().port}${request.url}`);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: (path) => `https://localhost:${server.address().port}${path}`,
    asked,
    config: `metadata_documents: any, local_documents: true, documents_ca: "${file("authority.pem")}"`,
    close: () => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

/** An app that is as it should be, at a port of this computer that it does not know beforehand. */
export function reader(response, url) {
  response.setHeader("content-type", "application/json");
  response.setHeader("cache-control", "max-age=600");
  response.end(JSON.stringify({ client_id: url, client_name: "Reader", redirect_uris: ["http://127.0.0.1/callback", "http://localhost/callback"],
    grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], token_endpoint_auth_method: "none" }));
}

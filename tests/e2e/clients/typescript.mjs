// The TypeScript SDK, both lines of it, from the first request to a renewed token: how most MCP clients are built.
import { onStand } from "../stand.mjs";
import { serve as serveNotes } from "../servers/sdk.mjs";
import { check } from "../support.mjs";
import { documents } from "../documents.mjs";
import { Store, acting, kits, said } from "./kits.mjs";

const byHand = "a client made by hand";

/** From nothing to a renewed token; `how` says by which way the app became known. */
async function journey(kit, stand, store, how) {
  const about = `${kit.name}, ${how}`;
  stand.front.forget();
  const { client, result } = await acting(kit, stand.notes.url, stand.ada, store, (client) => said(client, "read"));
  check(result.startsWith("notes of "), `${about}: a tool answers after sign-in`);
  check(store.kept.refresh_token, `${about}: there is a refresh token`);

  // The SDK finds out by a 401 and renews the token by itself.
  const before = store.kept.refresh_token;
  store.spoil();
  check((await said(client, "read")) === result, `${about}: a tool answers after a refresh`);
  check(store.kept.refresh_token !== before, `${about}: the refresh token was rotated`);
  const tokens = stand.front.at(/\/token$/).map((one) => `${one.status} ${new URLSearchParams(one.body).get("grant_type")}`);
  check(tokens.join() === "200 authorization_code,200 refresh_token", `${about}: one exchange, one refresh, no more`);
  check(store.dropped.length === 0, `${about}: nothing had to be thrown away`);
  await client.close();
}

/** What the last consent page marked as new, and what it named besides. */
function marks({ seen }) {
  const { scopes } = seen.findLast(({ step }) => step === "consent");
  const which = (fresh) => Object.keys(scopes).filter((scope) => scopes[scope] === fresh).toSorted().join(" ");
  return { fresh: which(true), known: which(false) };
}

/** A tool that needs a scope more: the SDK asks for it, and the person sees that it is the only thing that is new. */
async function stepUp(kit, stand, store, how) {
  const about = `${kit.name}, ${how}`;
  stand.ada.seen = [];
  // The older line renews its token when it is told that the scope is too small, which changes nothing, and gives up.
  // It asks when it has nothing to renew.
  if (kit.renewsInstead) delete store.kept.refresh_token;
  const { client, result } = await acting(kit, stand.notes.url, stand.ada, store, (client) => said(client, "write"));
  check(result.startsWith("written for "), `${about}: a tool that needs more scope answers after a step-up`);
  check(stand.ada.steps.join() === "consent", `${about}: which asks for consent and not for the password again`);
  // Elsewhere the other line has been here before, as the same client.
  if (how.endsWith(byHand)) {
    const { fresh, known } = marks(stand.ada);
    check(fresh === "notes:write" && known.includes("notes:read"), `${about}: only the scope more is marked as new (${fresh}), beside ${known}`);
  }
  check(store.kept.scope.includes("notes:read") && store.kept.scope.includes("notes:write"), `${about}: the new token has the old scopes, too`);
  await client.close();
}

/** The registration is gone, as after a restore from an old backup: the SDK finds out and registers anew. */
async function recovery(kit, stand, store) {
  stand.cli(["--yes", "client", "delete", store.information.client_id]);
  store.spoil();
  stand.front.forget();
  const { client, result } = await acting(kit, stand.notes.url, stand.ada, store, (client) => said(client, "read"));
  const steps = stand.front.at(/\/(token|register)$/).map(({ status, path }) => `${path.split("/").pop()} ${status}`);
  check(result.startsWith("notes of ") && steps.join() === "token 401,register 201,token 200",
    `${kit.name}: a client that was deleted is told so, registers anew and goes on`);
  await client.close();
}

const published = await documents();
try {
  for (const path of ["", "/auth"]) {
    await onStand({ path, clients: published.config }, async (stand) => {
      const where = path ? `issuer with the path ${path}` : "issuer without a path";
      // A server that only points at the document that is kept for it.
      const bare = await serveNotes({ issuer: stand.issuer, register: (url) => stand.resource(url).metadata_url });
      try {
        for (const kit of kits) {
          const store = new Store();
          const { client, result } = await acting(kit, bare.url, stand.ada, store, (client) => said(client, "read"));
          check(result.startsWith("notes of ") && store.kept.scope.includes("notes:read"),
            `${kit.name}, ${where}: a server whose document is kept here needs no page of its own`);
          await client.close();
        }
      } finally {
        bare.close();
      }
      for (const kit of kits) {
        const { client_id } = stand.cli(["client", "create", "Reader", "--public", "--redirect-uri", "http://127.0.0.1/callback"]);
        const by = new Store({ information: { client_id, issuer: stand.issuer } });
        await journey(kit, stand, by, `${where}, ${byHand}`);
        const { fresh, known } = marks(stand.ada);
        check(fresh === "" && known.includes("notes:read"), `${kit.name}, ${where}, ${byHand}: nothing is marked as new at first (${known})`);
        await stepUp(kit, stand, by, `${where}, ${byHand}`);
        {
          const own = new Store();
          await journey(kit, stand, own, `${where}, registered by itself`);
          await stepUp(kit, stand, own, `${where}, registered by itself`);
          await recovery(kit, stand, own);
        }
        {
          const own = new Store({ document: published.url("/reader") });
          await journey(kit, stand, own, `${where}, by a document`);
          await stepUp(kit, stand, own, `${where}, by a document`);
          check(own.information.client_id === published.url("/reader"), `${kit.name}, ${where}: its id is the document's address`);
        }
      }
    });
  }
} finally {
  published.close();
}

// The server ends, politely and not, at every step of a sign-in, and no client notices more than a pause.
import { App } from "../app.mjs";
import { onStand } from "../stand.mjs";
import { check } from "../support.mjs";

for (const signal of ["SIGTERM", "SIGKILL"]) {
  await onStand({}, async (stand) => {
    const again = async () => {
      await stand.end(signal);
      await stand.start();
    };
    const wants = { resource: stand.notes.url, scope: "notes:read offline_access" };
    const app = await stand.app();
    await again();
    const back = await stand.ada.open(app.ask(wants));
    check(back.searchParams.get("code"), `${signal} between registration and authorization: the registration is known`);
    await again();
    const { status, json } = await app.exchange(back);
    check(status === 200, `${signal} between authorization and token: the code is good`);
    await again();
    const renewed = await app.refresh(json.refresh_token);
    check(renewed.status === 200, `${signal} between token and refresh: the refresh token is good`);
    await again();
    const retry = await app.refresh(json.refresh_token);
    check(retry.json.refresh_token === renewed.json.refresh_token, `${signal} after a refresh whose answer was lost: the retry gets the same successor`);
    const introspected = await fetch(stand.notes.url, { method: "POST", headers: { authorization: `Bearer ${json.access_token}`,
      "content-type": "application/json", accept: "application/json, text/event-stream" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/call", params: { name: "read", arguments: {} } }) });
    check(introspected.status === 200, `${signal}: an access token from before is still verified by the same keys`);
    stand.ada.seen = [];
    await stand.ada.open(app.ask({ ...wants, prompt: "consent" }));
    check(stand.ada.steps.join() === "consent", `${signal}: the person is still signed in`);
  });
}

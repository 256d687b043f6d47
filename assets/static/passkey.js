// Asks this browser for a passkey and sends its answer with the form of the page. Only pages that ask for one load it;
// without it that form stays hidden and the page offers the other ways.
"use strict";
(() => {
  const form = document.getElementById("passkey");
  if (!form || !window.PublicKeyCredential || !navigator.credentials) return;
  const { challenge, create, autofill, cancelled, known, failed } = form.dataset;
  const said = document.getElementById("passkey_said");
  const say = (text) => (said.textContent = text);

  // Binary values travel as base64url. Done here, since not every browser and password manager does it for us.
  const bytes = (text) =>
    Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
  const read = ({ user, allowCredentials, excludeCredentials, ...options }) => {
    const listed = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));
    return {
      ...options,
      challenge: bytes(options.challenge),
      ...(user && { user: { ...user, id: bytes(user.id) } }),
      allowCredentials: listed(allowCredentials),
      excludeCredentials: listed(excludeCredentials),
    };
  };
  const write = ({ id, rawId, type, response }) => {
    const fields = { transports: response.getTransports?.() };
    for (const name of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (response[name]) fields[name] = text(response[name]);
    }
    return JSON.stringify({ id, rawId: text(rawId), type, response: fields });
  };

  const send = (ceremony, credential) => {
    const { elements } = form;
    elements.ceremony.value = ceremony;
    elements.answer.value = write(credential);
    const wanted = document.getElementById("remember_me");
    if (wanted && elements.remember_me) elements.remember_me.value = wanted.checked;
    HTMLFormElement.prototype.submit.call(form);
  };

  // A challenge is good for a while only: the list of names gets a new one before that.
  let renewal;
  const renew = (timeout) => {
    renewal = setTimeout(() => {
      if (!document.hidden) return offer();
      document.addEventListener("visibilitychange", offer, { once: true });
    }, timeout * 0.8);
  };

  const call = async (mine, mediation) => {
    const { signal } = mine;
    try {
      const body = new URLSearchParams({ csrf: form.elements.csrf.value });
      const reply = await fetch(challenge, { method: "POST", body, signal });
      const told = await reply.json();
      if (!reply.ok) throw Object.assign(new Error(), { said: told.error.message });
      const publicKey = read(told.options.publicKey);
      if (mediation) renew(publicKey.timeout);
      const wanted = { publicKey, signal, ...(mediation && { mediation }) };
      const credentials = navigator.credentials;
      const credential = await (create ? credentials.create(wanted) : credentials.get(wanted));
      if (!signal.aborted) send(told.ceremony, credential);
    } catch (error) {
      // Nobody asked for the list of names, so that nobody is told when there is none.
      if (signal.aborted || mediation) return;
      say(error.said ?? { NotAllowedError: cancelled, InvalidStateError: known }[error.name] ?? failed);
      offer();
    }
  };

  // One call at a time: whoever comes later ends the one that waits, and begins when that is over.
  let running = Promise.resolve();
  let newest;
  const ask = async (mediation) => {
    clearTimeout(renewal);
    newest?.abort();
    const mine = (newest = new AbortController());
    await running;
    if (mine === newest) running = call(mine, mediation);
  };
  const offer = async () => {
    if (autofill && (await PublicKeyCredential.isConditionalMediationAvailable?.())) ask("conditional");
  };

  form.hidden = false;
  document.getElementById("passkey_needs")?.remove();
  form.querySelector("[autofocus]")?.focus();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    say("");
    ask();
  });
  addEventListener("pageshow", offer);
})();

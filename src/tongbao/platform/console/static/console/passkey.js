/* Passkeys: has the browser make one or sign with one, then sends the form that asked for it. */
(function () {
  "use strict";

  function toBytes(text) {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
  }

  function toText(bytes) {
    const plain = String.fromCharCode(...new Uint8Array(bytes));
    return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  }

  function withBytes(list) {
    return (list || []).map((one) => ({ ...one, id: toBytes(one.id) }));
  }

  /* A passkey belongs to a name: browsers make none for a bare address such as 127.0.0.1. */
  function passkeysWork() {
    const isNamed = !/^[\d.]+$|^\[/.test(window.location.hostname);
    return isNamed && window.isSecureContext && "PublicKeyCredential" in window;
  }

  async function make(key) {
    const made = await navigator.credentials.create({
      publicKey: {
        ...key,
        challenge: toBytes(key.challenge),
        user: { ...key.user, id: toBytes(key.user.id) },
        excludeCredentials: withBytes(key.excludeCredentials),
      },
    });
    return {
      clientDataJSON: toText(made.response.clientDataJSON),
      attestationObject: toText(made.response.attestationObject),
      transports: made.response.getTransports(),
      made,
    };
  }

  async function sign(key) {
    const made = await navigator.credentials.get({
      publicKey: {
        ...key,
        challenge: toBytes(key.challenge),
        allowCredentials: withBytes(key.allowCredentials),
      },
    });
    const handle = made.response.userHandle;
    return {
      clientDataJSON: toText(made.response.clientDataJSON),
      authenticatorData: toText(made.response.authenticatorData),
      signature: toText(made.response.signature),
      userHandle: handle === null ? null : toText(handle),
      made,
    };
  }

  async function ask(form) {
    const options = JSON.parse(document.getElementById("passkey-options").textContent).publicKey;
    const { made, ...response } = await (form.dataset.passkey === "make" ? make : sign)(options);
    form.elements.credential.value = JSON.stringify({
      id: made.id,
      rawId: toText(made.rawId),
      type: made.type,
      authenticatorAttachment: made.authenticatorAttachment,
      clientExtensionResults: made.getClientExtensionResults(),
      response,
    });
    form.submit();
  }

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!passkeysWork()) {
      form.nextElementSibling.hidden = false;
      continue;
    }
    form.hidden = false;
    const failed = form.querySelector("[role=alert]");
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      failed.hidden = true;
      ask(form).catch(() => {
        failed.hidden = false;
      });
    });
  }
})();

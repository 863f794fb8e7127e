/** Passkeys: what the server sends as text becomes bytes for the browser, and back. */

function toBytes(text: string): ArrayBuffer {
  const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer;
}

function toText(bytes: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(bytes));
  return btoa(plain).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

interface WithKey {
  readonly publicKey?: Record<string, unknown>;
}

function listOf(value: unknown): { id: string; type: string }[] {
  return Array.isArray(value) ? (value as { id: string; type: string }[]) : [];
}

/** A passkey belongs to a name: browsers make none for a bare address such as 127.0.0.1. */
export function passkeysWork(): boolean {
  const isNamed = !/^[\d.]+$|^\[/.test(window.location.hostname);
  return isNamed && window.isSecureContext && "PublicKeyCredential" in window;
}

/** Have the browser sign with a passkey; null when the person closed the question. */
export async function signWithPasskey(options: unknown): Promise<unknown> {
  const key = (options as WithKey).publicKey ?? (options as Record<string, unknown>);
  const publicKey = {
    ...key,
    challenge: toBytes(String(key["challenge"])),
    allowCredentials: listOf(key["allowCredentials"]).map((one) => ({ ...one, id: toBytes(one.id) })),
  } as unknown as PublicKeyCredentialRequestOptions;
  const found = await withoutRefusal(() => navigator.credentials.get({ publicKey }));
  if (!(found instanceof PublicKeyCredential)) {
    return null;
  }
  const answer = found.response as AuthenticatorAssertionResponse;
  return {
    ...plain(found),
    response: {
      clientDataJSON: toText(answer.clientDataJSON),
      authenticatorData: toText(answer.authenticatorData),
      signature: toText(answer.signature),
      userHandle: answer.userHandle === null ? null : toText(answer.userHandle),
    },
  };
}

/** Have the browser make a passkey; null when the person closed the question. */
export async function makePasskey(options: unknown): Promise<unknown> {
  const key = (options as WithKey).publicKey ?? (options as Record<string, unknown>);
  const user = key["user"] as Record<string, string>;
  const publicKey = {
    ...key,
    challenge: toBytes(String(key["challenge"])),
    user: { ...user, id: toBytes(String(user["id"])) },
    excludeCredentials: listOf(key["excludeCredentials"]).map((one) => ({ ...one, id: toBytes(one.id) })),
  } as unknown as PublicKeyCredentialCreationOptions;
  const made = await withoutRefusal(() => navigator.credentials.create({ publicKey }));
  if (!(made instanceof PublicKeyCredential)) {
    return null;
  }
  const answer = made.response as AuthenticatorAttestationResponse;
  return {
    ...plain(made),
    response: {
      clientDataJSON: toText(answer.clientDataJSON),
      attestationObject: toText(answer.attestationObject),
      transports: answer.getTransports(),
    },
  };
}

function plain(credential: PublicKeyCredential): object {
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

async function withoutRefusal(ask: () => Promise<Credential | null>): Promise<Credential | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof DOMException && ["NotAllowedError", "AbortError"].includes(error.name)) {
      return null;
    }
    throw error;
  }
}

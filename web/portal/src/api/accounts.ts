/** The log-in pages' own API (django-allauth, headless, for browsers). */

import type { Ask, Client } from "./client";

const BASE = "/_allauth/browser/v1";

export type FlowId =
  | "login"
  | "signup"
  | "mfa_authenticate"
  | "mfa_reauthenticate"
  | "mfa_login_webauthn"
  | "reauthenticate"
  | "verify_email"
  | "verify_phone"
  | "login_by_code"
  | "password_reset_by_code";

export interface Flow {
  readonly id: string;
  readonly is_pending?: boolean;
  /** Kinds of second factor that this person has. */
  readonly types?: readonly string[];
}

export interface AuthAnswer {
  readonly status: number;
  readonly data?: { readonly flows?: readonly Flow[]; readonly user?: unknown };
  readonly meta?: { readonly is_authenticated?: boolean };
}

/** Where a log-in stands: done, or the step that is missing. */
export type Step =
  | { readonly at: "in" }
  | { readonly at: "out" }
  | { readonly at: "factor"; readonly kinds: readonly string[] }
  | { readonly at: "verify"; readonly by: "email" | "phone" }
  | { readonly at: "reset" };

export function stepOf(answer: AuthAnswer): Step {
  if (answer.meta?.is_authenticated === true || answer.status === 200) {
    return { at: "in" };
  }
  const pending = answer.data?.flows?.find((flow) => flow.is_pending === true);
  switch (pending?.id) {
    case "mfa_authenticate":
      return { at: "factor", kinds: pending.types ?? [] };
    case "verify_email":
      return { at: "verify", by: "email" };
    case "verify_phone":
      return { at: "verify", by: "phone" };
    case "password_reset_by_code":
      return { at: "reset" };
    default:
      return { at: "out" };
  }
}

/** What a person typed as a name: an e-mail address, a phone number, or any other name or number. */
export function credentialOf(typed: string): { email: string } | { phone: string } | { username: string } {
  const text = typed.trim();
  if (text.includes("@")) {
    return { email: text };
  }
  const digits = text.replace(/[\s-]/g, "");
  if (/^\+\d{8,15}$/.test(digits)) {
    return { phone: digits };
  }
  // A mainland mobile number has 11 digits and begins with 1; merchant numbers have 15.
  return /^1\d{10}$/.test(digits) ? { phone: `+86${digits}` } : { username: text };
}

export class Accounts {
  constructor(private readonly client: Client) {}

  session(): Promise<AuthAnswer> {
    return this.client.get(`${BASE}/auth/session`, { also: [401, 410] });
  }

  async logIn(typed: string, password: string): Promise<Step> {
    return this.#step("/auth/login", { ...credentialOf(typed), password });
  }

  async signUp(typed: string, password: string): Promise<Step> {
    return this.#step("/auth/signup", { ...credentialOf(typed), password });
  }

  /** TOTP, recovery code or code by SMS: the server knows which one it was. */
  async code(code: string): Promise<Step> {
    return this.#step("/auth/2fa/authenticate", { code });
  }

  /** Have a code sent to the phone on record. */
  async sendSms(): Promise<void> {
    await this.client.post(`${BASE}/auth/2fa/sms`, {}, { also: [401] });
  }

  /** The same in the middle of a session, to confirm an act. */
  async sendSmsAgain(): Promise<void> {
    await this.client.post(`${BASE}/auth/2fa/sms`, {}, AGAIN);
  }

  /** The kinds of second factor that the person of this session has. */
  async factorKinds(): Promise<readonly string[]> {
    return [...(await this.authenticators()).data.map(({ type }) => type as string), "sms"];
  }

  async confirmCode(code: string): Promise<void> {
    await this.client.post(`${BASE}/auth/2fa/reauthenticate`, { code }, { anonymous: true });
  }

  async confirmPassword(password: string): Promise<void> {
    await this.client.post(`${BASE}/auth/reauthenticate`, { password }, { anonymous: true });
  }

  async verify(by: "email" | "phone", code: string): Promise<Step> {
    return this.#step(`/auth/${by}/verify`, by === "email" ? { key: code } : { code });
  }

  async askReset(typed: string): Promise<Step> {
    return this.#step("/auth/password/request", credentialOf(typed));
  }

  async reset(key: string, password: string): Promise<Step> {
    return this.#step("/auth/password/reset", { key, password });
  }

  async changePassword(current: string, fresh: string): Promise<void> {
    const body = { ...(current === "" ? {} : { current_password: current }), new_password: fresh };
    await this.client.post(`${BASE}/account/password/change`, body);
  }

  async logOut(): Promise<void> {
    await this.client.delete(`${BASE}/auth/session`, { also: [401] });
    this.client.forget();
  }

  /** What the browser must sign with a passkey: at log-in, as second factor, or to confirm an act. */
  async passkeyRequest(what: "login" | "authenticate" | "reauthenticate"): Promise<unknown> {
    const answer = await this.client.get<{ data: { request_options: unknown } }>(`${BASE}/auth/webauthn/${what}`, {
      anonymous: true,
    });
    return answer.data.request_options;
  }

  async passkey(what: "login" | "authenticate" | "reauthenticate", credential: unknown): Promise<Step> {
    return this.#step(`/auth/webauthn/${what}`, { credential });
  }

  authenticators(): Promise<{ data: readonly Authenticator[] }> {
    return this.client.get(`${BASE}/account/authenticators`);
  }

  /** The secret of a new authenticator app, or null when there is one already. */
  async totpSecret(): Promise<{ secret: string; totp_url: string } | null> {
    const answer = await this.client.get<{ meta?: { secret: string; totp_url: string } }>(
      `${BASE}/account/authenticators/totp`,
      { ...AGAIN, also: [404] },
    );
    return answer.meta !== undefined && "secret" in answer.meta ? answer.meta : null;
  }

  async addTotp(code: string): Promise<void> {
    await this.client.post(`${BASE}/account/authenticators/totp`, { code }, AGAIN);
  }

  async dropTotp(): Promise<void> {
    await this.client.delete(`${BASE}/account/authenticators/totp`, AGAIN);
  }

  async recoveryCodes(): Promise<readonly string[]> {
    const answer = await this.client.get<{ data: { unused_codes: readonly string[] } }>(
      `${BASE}/account/authenticators/recovery-codes`,
      AGAIN,
    );
    return answer.data.unused_codes;
  }

  async newRecoveryCodes(): Promise<readonly string[]> {
    const answer = await this.client.post<{ data: { unused_codes: readonly string[] } }>(
      `${BASE}/account/authenticators/recovery-codes`,
      {},
      AGAIN,
    );
    return answer.data.unused_codes;
  }

  async passkeyCreation(): Promise<unknown> {
    const answer = await this.client.get<{ data: { creation_options: unknown } }>(
      `${BASE}/account/authenticators/webauthn`,
      { ...AGAIN, query: { passwordless: "1" } },
    );
    return answer.data.creation_options;
  }

  /** Add one; true when recovery codes were made with it, because it is the first factor. */
  async addPasskey(name: string, credential: unknown): Promise<boolean> {
    const answer = await this.client.post<{ meta?: { recovery_codes_generated?: boolean } }>(
      `${BASE}/account/authenticators/webauthn`,
      { name, credential },
      AGAIN,
    );
    return answer.meta?.recovery_codes_generated === true;
  }

  async dropPasskey(id: number): Promise<void> {
    await this.client.json("DELETE", `${BASE}/account/authenticators/webauthn`, {
      ...AGAIN,
      body: { authenticators: [id] },
    });
  }

  async #step(path: string, body: object): Promise<Step> {
    const answer = await this.client.post<AuthAnswer>(`${BASE}${path}`, body, { also: [401, 410] });
    const step = stepOf(answer);
    if (step.at === "in") {
      this.client.forget(); // A log-in changes the token.
    }
    return step;
  }
}

/** A 401 here asks to confirm who one is, not to log in. */
const AGAIN: Ask = { anonymous: true };

export interface Authenticator {
  readonly type: "totp" | "recovery_codes" | "webauthn";
  readonly id?: number;
  readonly name?: string;
  readonly created_at: number;
  readonly last_used_at: number | null;
  readonly unused_code_count?: number;
  readonly is_passwordless?: boolean;
}

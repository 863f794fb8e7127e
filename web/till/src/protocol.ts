/** What the terminal process pushes and what it takes. The page holds no truth besides this. */

export const PHASES = [
  "off",
  "self_check",
  "logged_out",
  "signing_in",
  "idle",
  "card",
  "pin",
  "authorising",
  "reversing",
  "result",
] as const;
export type Phase = (typeof PHASES)[number];

export interface Said {
  readonly code: string;
  readonly zh: string;
  readonly en: string;
}

export type Part = "screen" | "printer" | "reader" | "pinpad" | "journal" | "clock" | "network";

/** A trace as everybody writes it: six digits. */
export function traceText(trace: number): string {
  return String(trace).padStart(6, "0");
}

export interface CheckedPart {
  readonly part: Part;
  readonly result: "pending" | "ok" | "fail";
  readonly detail: string | null;
}

export interface Deadline {
  readonly kind: "host" | "card" | "pin" | "reversal";
  readonly total_ms: number;
  readonly remaining_ms: number;
}

export type Outcome = "approved" | "declined" | "reversed" | "cancelled" | "in_doubt";

export interface Result {
  readonly outcome: Outcome;
  readonly code: string | null;
  readonly zh: string;
  readonly en: string;
  readonly action_zh: string;
  readonly action_en: string;
  readonly auth_code: string | null;
  readonly rrn: string | null;
  readonly trace: number | null;
  readonly amount_minor: number;
  readonly card_masked: string | null;
  readonly slip: string | null;
}

export interface Doubt {
  readonly trace: number;
  readonly amount_minor: number;
  readonly card_masked: string;
  readonly since: string;
  readonly attempts: number;
  readonly stage: "sending" | "waiting" | "needs_person";
  readonly next_attempt_ms: number | null;
}

export interface RecentPayment {
  readonly trace: number;
  readonly amount_minor: number;
  readonly card_masked: string;
  readonly outcome: Outcome;
  readonly at: string;
  readonly slip: string | null;
}

export interface Sandbox {
  readonly drawer_url: string;
  /** Null while the reader does not work. */
  readonly terminal_reader: string | null;
  readonly on_screen_pin: boolean;
}

export interface TerminalState {
  readonly phase: Phase;
  readonly terminal_id: string;
  readonly merchant_id: string;
  readonly merchant_name: string;
  readonly merchant_name_en: string;
  readonly operator: string | null;
  readonly link: "up" | "down";
  readonly signed_in: boolean;
  readonly sign_in_error: Said | null;
  readonly batch_no: number;
  readonly next_trace: number;
  readonly clock: string;
  readonly self_check: readonly CheckedPart[];
  /** Every kind of payment the terminal knows; absent where it knows sales only. */
  readonly kinds?: readonly { readonly kind: string }[];
  readonly amount_minor: number;
  readonly currency: string;
  readonly card: { readonly masked: string; readonly entry: string } | null;
  readonly deadline: Deadline | null;
  readonly result: Result | null;
  readonly doubt: Doubt | null;
  readonly today: { readonly count: number; readonly amount_minor: number };
  readonly recent: readonly RecentPayment[];
  readonly sandbox: Sandbox | null;
  readonly sound: { readonly id: number | string; readonly name: string } | null;
}

export interface StateMessage {
  readonly type: "state";
  readonly seq: number;
  readonly state: TerminalState;
}

export interface AckMessage {
  readonly type: "ack";
  readonly id: string;
  readonly ok: boolean;
  readonly error: Said | null;
}

export type ServerMessage = StateMessage | AckMessage;

/** Every command the page can send, with its arguments. */
export interface Commands {
  power_on: Record<never, never>;
  power_off: Record<never, never>;
  log_in: { readonly operator: string; readonly password: string };
  log_out: Record<never, never>;
  sign_in: Record<never, never>;
  start_sale: { readonly amount_minor: number };
  start: { readonly kind: string; readonly amount_minor: number };
  enter_pin: { readonly pin: string };
  cancel: Record<never, never>;
  dismiss: Record<never, never>;
  resolve_now: Record<never, never>;
}
export type CommandName = keyof Commands;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Read one pushed message; null for anything that is not one (it is then ignored). */
export function parseMessage(text: string): ServerMessage | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) {
    return null;
  }
  if (value["type"] === "ack" && typeof value["id"] === "string") {
    return { ...(value as unknown as AckMessage), ok: value["ok"] === true };
  }
  const state = value["state"];
  if (value["type"] === "state" && typeof value["seq"] === "number" && isRecord(state)) {
    // The terminal is the same release as this page; only the phase decides what is drawn.
    return PHASES.some((phase) => phase === state["phase"]) ? (value as unknown as StateMessage) : null;
  }
  return null;
}

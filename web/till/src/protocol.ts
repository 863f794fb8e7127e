/** What the terminal process pushes and what it takes. The page holds no truth besides this. */

import type { Language } from "@tongbao/shared/preference.ts";

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
  "settling",
  "loading",
  "activation",
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
  readonly kind: string;
  readonly total_ms: number;
  readonly remaining_ms: number;
}

export type Outcome = "approved" | "declined" | "reversed" | "cancelled" | "in_doubt";

/** What a kind of payment asks for before it can begin; drawn as a form. */
export type Need =
  | "supervisor"
  | "original_trace"
  | "original_rrn"
  | "original_date"
  | "auth_code"
  | "amount"
  | "tip"
  | "card"
  | "pin";

export interface Kind {
  readonly kind: string;
  /** The function code a cashier types, two digits. */
  readonly code: string;
  readonly zh: string;
  readonly en: string;
  readonly group: "sale" | "pre_authorisation" | "other";
  readonly needs: readonly Need[];
  readonly allowed: boolean;
}

export type SignatureState = "wanted" | "done" | "none";

export interface Result {
  readonly kind: string;
  /** Null where no payment came about. */
  readonly batch: number | null;
  readonly balance_minor: number | null;
  readonly available_minor: number | null;
  readonly tip_minor: number;
  readonly original_trace: number | null;
  readonly signature: SignatureState;
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
  readonly kind: string;
  /** Is the payment taken back, or sent again until it is answered? */
  readonly resolution: "reverse" | "repeat";
  readonly trace: number;
  readonly amount_minor: number;
  readonly card_masked: string;
  readonly since: string;
  readonly attempts: number;
  readonly stage: "sending" | "waiting" | "needs_person";
  readonly next_attempt_ms: number | null;
}

export interface RecentPayment {
  readonly kind: string;
  readonly batch: number;
  readonly trace: number;
  readonly amount_minor: number;
  readonly card_masked: string;
  readonly outcome: Outcome;
  readonly at: string;
  readonly slip: string | null;
}

/** One side of a batch: cards of this country, or all others. */
export interface Side {
  readonly debit_count: number;
  readonly debit_minor: number;
  readonly credit_count: number;
  readonly credit_minor: number;
}

export interface Totals {
  readonly batch_no: number;
  readonly records: number;
  readonly records_max: number;
  readonly must_settle: boolean;
  readonly domestic: Side;
  readonly foreign: Side;
  readonly kinds: readonly {
    readonly kind: string;
    readonly count: number;
    readonly amount_minor: number;
  }[];
}

export type PendingKind = "reversal" | "advice" | "signature" | "script_result";

/** Something the host has not heard yet. */
export interface PendingItem {
  readonly id: string;
  readonly kind: PendingKind;
  readonly payment_kind: string;
  readonly batch: number;
  readonly trace: number;
  readonly amount_minor: number;
  readonly since: string;
  readonly attempts: number;
  readonly stage: "waiting" | "sending" | "needs_person";
  readonly code: string | null;
}

export const SETTLEMENT_STAGES = ["pending_work", "totals", "upload", "end", "done"] as const;
export type SettlementStage = (typeof SETTLEMENT_STAGES)[number];
export type Balance = "balanced" | "unbalanced" | "error";

export interface Settlement {
  readonly batch: number;
  readonly stage: SettlementStage | "stopped";
  readonly done: number;
  readonly total: number;
  readonly domestic: Balance | null;
  readonly foreign: Balance | null;
  readonly error: Said | null;
  readonly slip: string | null;
}

export const LOADABLE = [
  "parameters",
  "public_keys",
  "chip_parameters",
  "blacklist",
  "master_key",
] as const;
export type Loadable = (typeof LOADABLE)[number];

export interface Loading {
  readonly what: string;
  readonly done: number;
  readonly total: number | null;
  readonly error: Said | null;
}

/** How the last small service of the line ended. */
export interface ServiceResult {
  readonly what: "sign_off" | "echo" | "status";
  readonly at: string;
  readonly round_trip_ms: number | null;
  readonly error: Said | null;
}

/** A payment that was looked up by its trace; `payment` is null when there is none. */
export interface Found {
  readonly trace: number;
  readonly batch: number;
  readonly payment: FoundPayment | null;
}

export interface FoundPayment {
  readonly kind: string;
  readonly amount_minor: number;
  readonly tip_minor: number;
  readonly card_masked: string;
  readonly outcome: Outcome;
  readonly code: string | null;
  readonly auth_code: string | null;
  readonly rrn: string | null;
  readonly at: string;
  readonly slip: string | null;
  /** May it still be voided, adjusted or given a tip? */
  readonly reversible: boolean;
  readonly signature: SignatureState;
}

export interface Sandbox {
  readonly drawer_url: string;
  /** Null while the reader does not work. */
  readonly terminal_reader: string | null;
  readonly on_screen_pin: boolean;
  /** Whether the operators are those of every sandbox, with PINs that the page may tell. */
  readonly has_sample_operators: boolean;
}

export interface OperatorLine {
  readonly number: string;
  readonly name: string;
  readonly role: Role;
  readonly must_change: boolean;
}

export type Role = "cashier" | "supervisor" | "administrator";

export const ACTIVATION_STAGES = [
  "network",
  "code",
  "certificate",
  "keys",
  "parameters",
  "self_test",
  "ready",
] as const;
export type ActivationStage = (typeof ACTIVATION_STAGES)[number];

/** A device on its way to its first sale. */
export interface Activation {
  readonly stage: ActivationStage;
  readonly serial_number: string;
  readonly model: string;
  readonly standing: string | null;
  readonly is_busy: boolean;
  readonly trouble: Said | null;
  readonly invitation: {
    readonly code: string;
    /** A picture of the code, in the address itself. */
    readonly picture: string;
    readonly expires_at_ms: number;
  } | null;
}

export const TESTED_PARTS = [
  "screen",
  "printer",
  "scanner",
  "keypad",
  "network",
  "clock",
  "keys",
  "storage",
  "test_sale",
] as const;
export type TestedPart = (typeof TESTED_PARTS)[number];

export interface SelfTest {
  readonly parts: readonly {
    readonly part: TestedPart;
    readonly result: "pending" | "running" | "passed" | "failed" | "absent" | "skipped";
    readonly detail: string;
  }[];
  /** The part that a person is asked about. */
  readonly asks: TestedPart | null;
  readonly code: string;
  readonly picture: string | null;
  readonly tries_left: number;
  readonly done: boolean;
  readonly passed: boolean;
  readonly slip: string | null;
}

export interface TerminalState {
  readonly phase: Phase;
  readonly terminal_id: string;
  readonly merchant_id: string;
  readonly merchant_name: string;
  readonly merchant_name_en: string;
  readonly operator: string | null;
  readonly operator_name?: string;
  /** Who has just given a first PIN and must choose one of their own before anything else. */
  readonly newcomer?: string | null;
  /** Whose place a locked till keeps. */
  readonly locked_for?: string | null;
  /** How long the till may stay untouched; 0 is for ever. */
  readonly idle_lock_s?: number;
  /** What a function asks of whoever is at the till before it opens; open ones are left out. */
  readonly gates?: Readonly<Record<string, readonly ("supervisor" | "password")[]>>;
  /** What can be done before anybody has logged in. */
  readonly boot?: readonly Granted[];
  /** Who works here, for those who look after them. */
  readonly operators?: readonly OperatorLine[] | null;
  /** Changes that the platform did not take, the newest last. */
  readonly operator_refusals?: readonly { readonly number: string; readonly reason: string }[];
  readonly link: "up" | "down";
  readonly signed_in: boolean;
  readonly sign_in_error: Said | null;
  readonly batch_no: number;
  readonly next_trace: number;
  readonly clock: string;
  readonly self_check: readonly CheckedPart[];
  /** Every kind of payment the terminal knows, in the order of a menu. */
  readonly kinds: readonly Kind[];
  /** The kind of what is running, of the result or of the doubt. */
  readonly kind: string | null;
  readonly card_entry: readonly ("swipe" | "keyed")[];
  readonly pin_optional: boolean;
  readonly cancel_requested: boolean;
  readonly amount_minor: number;
  readonly currency: string;
  readonly card: { readonly masked: string; readonly entry: string } | null;
  readonly deadline: Deadline | null;
  readonly result: Result | null;
  readonly doubt: Doubt | null;
  readonly today: { readonly count: number; readonly amount_minor: number };
  readonly recent: readonly RecentPayment[];
  readonly totals: Totals | null;
  readonly pending: readonly PendingItem[];
  readonly settlement: Settlement | null;
  readonly loading: Loading | null;
  readonly service: ServiceResult | null;
  readonly last_loaded: Readonly<Record<string, string>>;
  readonly found: Found | null;
  readonly sandbox: Sandbox | null;
  /** The parallel world of training, where no real money moves. */
  readonly training?: boolean;
  readonly training_allowed?: boolean;
  readonly training_needs_supervisor?: boolean;
  /** The language that the acquirer or the merchant wants; null leaves it to this screen. */
  readonly language?: Language | null;
  readonly role?: Role | null;
  readonly activation?: Activation | null;
  readonly self_test?: SelfTest | null;
  readonly locked?: (Said & { readonly detail: string }) | null;
  readonly platform_message?: Said | null;
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

/** Somebody with more rights approves one act; the cashier stays logged in. */
export interface Supervisor {
  readonly operator: string;
  readonly password: string;
}

/** The payment that a new one refers to, by whatever is known of it. */
export interface OriginalPayment {
  readonly trace?: number;
  readonly rrn?: string;
  /** MMDD. */
  readonly date?: string;
  readonly auth_code?: string;
}

export interface StartArguments {
  readonly kind: string;
  readonly amount_minor?: number;
  readonly tip_minor?: number;
  readonly original?: OriginalPayment;
  readonly supervisor?: Supervisor;
}

/** Every command the page can send, with its arguments. */
export interface Commands {
  power_on: Record<never, never>;
  power_off: Record<never, never>;
  log_in: { readonly operator: string; readonly password: string };
  log_out: Record<never, never>;
  open_function: { readonly function: string; readonly password?: string; readonly supervisor?: Supervisor };
  manage_operator: {
    readonly act: "added" | "pin_reset" | "ended";
    readonly number: string;
    readonly supervisor: Supervisor;
    readonly pin?: string;
    readonly name?: string;
    readonly role?: Role;
  };
  keep_awake: Record<never, never>;
  change_pin: { readonly new: string; readonly old?: string };
  sign_in: Record<never, never>;
  start: StartArguments;
  enter_card: { readonly pan: string; readonly expiry: string };
  skip_pin: Record<never, never>;
  find: { readonly trace: number; readonly batch?: number };
  reprint: { readonly batch: number; readonly trace: number };
  print_totals: Record<never, never>;
  sign: {
    readonly batch: number;
    readonly trace: number;
    readonly width: number;
    readonly height: number;
    readonly bitmap: string;
  };
  settle: { readonly supervisor?: Supervisor };
  sign_off: Record<never, never>;
  echo: Record<never, never>;
  download: { readonly what: Loadable };
  send_now: { readonly work?: string };
  report_status: Record<never, never>;
  enter_pin: { readonly pin: string };
  cancel: Record<never, never>;
  dismiss: Record<never, never>;
  resolve_now: Record<never, never>;
  authorise: { readonly what: Granted; readonly supervisor?: Supervisor };
  activation_retry: Record<never, never>;
  self_test_answer: { readonly part: TestedPart; readonly value: string };
  self_test_again: Record<never, never>;
  self_test_close: Record<never, never>;
  message_read: Record<never, never>;
}

/** Acts about the terminal that need a role. */
export type Granted = "training" | "self_test";
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

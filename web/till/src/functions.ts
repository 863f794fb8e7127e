/**
 * Everything a cashier can ask for, each with the two digits that call it: the kinds of payment the
 * terminal pushed, and the acts that move no money. Pure, so that a test can see why one is barred.
 */

import type { IconName } from "./parts/IconSvg.vue";
import type { CommandName, Granted, Kind, Need, PendingItem, TerminalState, Totals } from "./protocol";

export type FunctionGroup = Kind["group"] | "batch" | "device";

/** The pages that a person can open while the terminal rests. */
export type Page =
  | { readonly name: "menu" }
  | { readonly name: "form"; readonly kind: string }
  | { readonly name: "query" }
  | { readonly name: "totals" }
  | { readonly name: "pending" }
  | { readonly name: "settle"; readonly approve?: true }
  | { readonly name: "downloads" }
  | { readonly name: "change_pin" }
  | { readonly name: "operators" }
  | { readonly name: "grant"; readonly what: Granted }
  | { readonly name: "sign"; readonly batch: number; readonly trace: number };
export type PageName = Page["name"];

/** Why something cannot be done now; the words are in the messages. */
export type Bar = "closed" | "doubt" | "unfinished" | "must_settle" | "signed_out" | "offline";

export type Act =
  | { readonly page: Page }
  | { readonly command: Extract<CommandName, "log_out" | "sign_in" | "sign_off" | "echo" | "report_status"> }
  | { readonly home: true };

export interface TillFunction {
  readonly code: string;
  /** What the terminal calls it, for what opens it. */
  readonly kind: string;
  /** The terminal's own words, or the key of ours. */
  readonly name: { readonly zh: string; readonly en: string } | string;
  readonly group: FunctionGroup;
  readonly icon: IconName;
  readonly act: Act;
  readonly bar: Bar | null;
}

export const FUNCTION_GROUPS: readonly FunctionGroup[] = [
  "sale",
  "pre_authorisation",
  "other",
  "batch",
  "device",
];

/** Kinds that are written down now and told to the host later need no line. */
const WITHOUT_LINE = new Set(["offline_sale"]);

const KIND_ICONS: Readonly<Record<string, IconName>> = {
  sale: "card",
  mail_order: "phone",
  void: "cross",
  refund: "undo",
  balance: "eye",
  pre_authorisation: "lock",
  pre_authorisation_void: "cross",
  completion: "check",
  completion_advice: "check",
  completion_void: "undo",
  offline_sale: "offline",
  adjustment: "edit",
  tip: "plus",
};

/** Why no payment may begin now, the gravest reason first; null when one may. */
export function paymentBar(state: TerminalState, kind?: Kind): Bar | null {
  if (kind?.allowed === false) {
    return "closed";
  }
  if (state.doubt !== null) {
    return "doubt";
  }
  if (!state.signed_in) {
    return "signed_out";
  }
  if (state.settlement !== null && state.settlement.stage !== "done") {
    return "unfinished";
  }
  if (state.totals?.must_settle === true) {
    return "must_settle";
  }
  return state.link === "down" && !WITHOUT_LINE.has(kind?.kind ?? "") ? "offline" : null;
}

/** Does this kind ask anything before the card? A sale is typed on the home screen. */
export function needsForm(kind: Kind): boolean {
  return kind.kind !== "sale" && kind.needs.some((need) => need !== "card" && need !== "pin");
}

function paymentFunction(state: TerminalState, kind: Kind): TillFunction {
  return {
    code: kind.code,
    kind: kind.kind,
    name: { zh: kind.zh, en: kind.en },
    group: kind.group,
    icon: KIND_ICONS[kind.kind] ?? "card",
    act: kind.kind === "sale" ? { home: true } : { page: { name: "form", kind: kind.kind } },
    bar: kind.kind === "sale" && kind.allowed ? null : paymentBar(state, kind),
  };
}

/** What keeps training shut: switched off by the acquirer, or a payment in doubt. */
function trainingBar(state: TerminalState): Bar | null {
  if (state.training !== true && state.training_allowed === false) {
    return "closed";
  }
  return state.doubt === null ? null : "doubt";
}

/** What the terminal calls the functions that are no payments. */
const OWN_KINDS: Readonly<Record<string, string>> = {
  "81": "query",
  "82": "totals",
  "83": "pending",
  "84": "settle",
  "90": "log_in",
  "91": "sign_in",
  "92": "sign_off",
  "93": "echo",
  "94": "downloads",
  "95": "report_status",
  "96": "self_test",
  "97": "training",
  "98": "change_pin",
  "99": "operators",
};

/** The functions of the moment, in the order of the menu. */
export function functionsOf(state: TerminalState): readonly TillFunction[] {
  const offline: Bar | null = state.link === "down" ? "offline" : null;
  const signedOut: Bar | null = state.signed_in ? offline : "signed_out";
  const own = (
    code: string,
    name: string,
    group: FunctionGroup,
    icon: IconName,
    act: Act,
    bar: Bar | null = null,
  ): TillFunction => ({ code, kind: OWN_KINDS[code] ?? "", name, group, icon, act, bar });
  return [
    ...state.kinds.map((kind) => paymentFunction(state, kind)),
    own("81", "functions.query", "batch", "search", { page: { name: "query" } }),
    own("82", "functions.totals", "batch", "journal", { page: { name: "totals" } }),
    own("83", "functions.pending", "batch", "clock", { page: { name: "pending" } }),
    own("84", "functions.settle", "batch", "seal", { page: { name: "settle" } }, signedOut),
    own("90", "functions.switchOperator", "device", "operator", { command: "log_out" }),
    own("91", "functions.signIn", "device", "key", { command: "sign_in" }, offline),
    own("92", "functions.signOff", "device", "exit", { command: "sign_off" }, signedOut),
    own("93", "functions.echo", "device", "network", { command: "echo" }, offline),
    own("94", "functions.downloads", "device", "download", { page: { name: "downloads" } }),
    own("95", "functions.reportStatus", "device", "upload", { command: "report_status" }, offline),
    own("96", "functions.selfTest", "device", "check", { page: { name: "grant", what: "self_test" } }),
    own(
      "97",
      state.training === true ? "functions.leaveTraining" : "functions.training",
      "device",
      state.training === true ? "exit" : "pen",
      { page: { name: "grant", what: "training" } },
      trainingBar(state),
    ),
    own("98", "functions.changePin", "device", "key", { page: { name: "change_pin" } }),
    own(
      "99",
      "functions.operators",
      "device",
      "operator",
      { page: { name: "operators" } },
      state.training === true ? "closed" : null,
    ),
  ];
}

export function kindOf(state: TerminalState, kind: string | null): Kind | null {
  return state.kinds.find((each) => each.kind === kind) ?? null;
}

export function asks(kind: Kind, need: Need): boolean {
  return kind.needs.includes(need);
}

/** Money that goes back to the customer; lists show it with a minus. */
const BACK = new Set(["void", "refund", "completion_void"]);
export function goesBack(kind: string): boolean {
  return BACK.has(kind);
}

/** From this part of its room on a batch is worth a reminder. */
const NEARLY_FULL = 0.9;
export function isNearlyFull(totals: Totals | null): boolean {
  return (
    totals !== null &&
    totals.records_max > 0 &&
    totals.records >= Math.floor(totals.records_max * NEARLY_FULL)
  );
}

/** What the host has not heard yet: a reversal before everything, then the oldest first. */
export function inOrder(pending: readonly PendingItem[]): readonly PendingItem[] {
  const rank = (item: PendingItem): number => (item.kind === "reversal" ? 0 : 1);
  return [...pending].sort(
    (a, b) => rank(a) - rank(b) || (a.since < b.since ? -1 : a.since > b.since ? 1 : 0),
  );
}

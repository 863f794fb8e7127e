/** The settings of terminals: how each is shown and typed. Lists are set as a whole. */

export type SettingKind = "many" | "one" | "switch" | "money" | "lines" | "number";

export interface SettingField {
  readonly path: string;
  readonly key: string;
  readonly kind: SettingKind;
  readonly choices?: readonly string[];
  readonly least?: number;
  readonly most?: number;
}

export const SETTING_FIELDS: readonly SettingField[] = [
  { path: "tenders", key: "tenders", kind: "many", choices: ["card", "code", "cash"] },
  {
    path: "kinds",
    key: "kinds",
    kind: "many",
    choices: ["sale", "void", "refund", "pre_authorisation", "pre_authorisation_void", "completion", "completion_advice", "completion_void", "mail_order", "offline_sale", "adjustment", "tip", "balance"],
  },
  { path: "sign_in_policy", key: "sign_in_policy", kind: "one", choices: ["per_trade", "per_shift", "per_day", "none"] },
  { path: "auto_sign_in", key: "auto_sign_in", kind: "switch" },
  { path: "idle_lock_s", key: "idle_lock_s", kind: "number", least: 0, most: 86_400 },
  { path: "limits.sale_minor", key: "limits_sale", kind: "money" },
  { path: "limits.refund_minor", key: "limits_refund", kind: "money" },
  { path: "limits.offline_minor", key: "limits_offline", kind: "money" },
  { path: "limits.day_minor", key: "limits_day", kind: "money" },
  { path: "slip.header", key: "slip_header", kind: "lines" },
  { path: "slip.footer", key: "slip_footer", kind: "lines" },
  { path: "language", key: "language", kind: "one", choices: ["zh-hans", "en"] },
  { path: "training.is_allowed", key: "training_allowed", kind: "switch" },
  { path: "training.needs_supervisor", key: "training_supervisor", kind: "switch" },
  { path: "quiet_hour", key: "quiet_hour", kind: "number", least: 0, most: 23 },
  { path: "heartbeat_s", key: "heartbeat_s", kind: "number", least: 5, most: 86_400 },
];

/** What fits on the narrow paper; a character beyond ASCII takes two columns. */
export const PAPER_COLUMNS = 32;
export function columnsOf(line: string): number {
  return [...line].reduce((width, character) => width + (character.codePointAt(0)! < 128 ? 1 : 2), 0);
}

/** The value of a setting as it is typed; money in yuan, lines one below the other. */
export function typedOf(field: SettingField, value: unknown): string | string[] | boolean {
  if (field.kind === "many") {
    return Array.isArray(value) ? value.map(String) : [];
  }
  if (field.kind === "switch") {
    return value === true;
  }
  if (field.kind === "lines") {
    return Array.isArray(value) ? value.map(String).join("\n") : "";
  }
  if (field.kind === "money") {
    return typeof value === "number" ? (value % 100 === 0 ? String(value / 100) : `${Math.trunc(value / 100)}.${String(value % 100).padStart(2, "0")}`) : "";
  }
  return value === null || value === undefined ? "" : String(value);
}

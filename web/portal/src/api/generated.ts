/* Made by scripts/api_types.py from the API's description; do not edit. */

export interface Amount {
  amount_minor: number;
  currency: string;
}

export interface ApiKeyOut {
  key_id: string;
  name: string;
  shown: string;
  scopes: readonly string[];
  created_by: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  last_used_from: string;
  revoked_at: string | null;
}

export interface CsrfToken {
  csrf_token: string;
}

export interface FeedOut {
  items: readonly PaymentOut[];
  next_cursor: string;
  is_all: boolean;
  poll_after_s: number;
}

export interface FeedQuery {
  cursor?: string | null | undefined;
}

export interface HourTotalOut {
  count: number;
  amount: Amount;
  hour: number;
}

export interface KindTotalOut {
  count: number;
  amount: Amount;
  kind: string;
  words: string;
}

export interface MadeApiKeyOut {
  key_id: string;
  name: string;
  shown: string;
  scopes: readonly string[];
  created_by: string;
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
  last_used_from: string;
  revoked_at: string | null;
  key: string;
}

export interface MessageFieldOut {
  number: string;
  name: string;
  value: string;
}

export interface MessageOut {
  mti: string;
  meaning: string;
  route: string;
  fields: readonly MessageFieldOut[];
}

export interface NarrowingQuery {
  first_day?: string | null | undefined;
  last_day?: string | null | undefined;
  status?: Status | null | undefined;
  kind?: ("sale" | "mail_order" | "balance" | "void" | "refund" | "pre_authorisation" | "pre_authorisation_void" | "completion" | "completion_advice" | "completion_void" | "offline_sale" | "adjustment" | "tip" | "chip_offline_sale") | null | undefined;
  terminal_id?: string | null | undefined;
  shop_id?: string | null | undefined;
  amount_min_minor?: number | null | undefined;
  amount_max_minor?: number | null | undefined;
  card_last_four?: string | null | undefined;
  search?: string | null | undefined;
}

export interface NewApiKey {
  name: string;
  scopes: readonly Permission[];
  days?: number | null | undefined;
}

export interface PageQuery {
  cursor?: string | null | undefined;
  limit?: number | undefined;
}

export interface Page_ApiKeyOut {
  items: readonly ApiKeyOut[];
  next_cursor: string | null;
}

export interface Page_PaymentOut {
  items: readonly PaymentOut[];
  next_cursor: string | null;
}

export interface PaymentOut {
  rrn: string;
  kind: string;
  kind_words: string;
  status: Status;
  status_words: string;
  is_voided: boolean;
  amount: Amount;
  card: string;
  card_last_four: string;
  organisation: string;
  entry_mode: string;
  terminal_id: string;
  batch_no: number;
  trace: number;
  business_date: string;
  received_at: string;
  original_rrn: string | null;
}

export interface PaymentStoryOut {
  rrn: string;
  kind: string;
  kind_words: string;
  status: Status;
  status_words: string;
  is_voided: boolean;
  amount: Amount;
  card: string;
  card_last_four: string;
  organisation: string;
  entry_mode: string;
  terminal_id: string;
  batch_no: number;
  trace: number;
  business_date: string;
  received_at: string;
  original_rrn: string | null;
  merchant_id: string;
  auth_code: string;
  response_code: string;
  response_words: string;
  entry_mode_words: string;
  left: Amount | null;
  is_looked_at: boolean;
  has_signature: boolean;
  steps: readonly StepOut[];
  family: readonly RelatedOut[];
}

export interface PaymentsQuery {
  cursor?: string | null | undefined;
  limit?: number | undefined;
  first_day?: string | null | undefined;
  last_day?: string | null | undefined;
  status?: Status | null | undefined;
  kind?: ("sale" | "mail_order" | "balance" | "void" | "refund" | "pre_authorisation" | "pre_authorisation_void" | "completion" | "completion_advice" | "completion_void" | "offline_sale" | "adjustment" | "tip" | "chip_offline_sale") | null | undefined;
  terminal_id?: string | null | undefined;
  shop_id?: string | null | undefined;
  amount_min_minor?: number | null | undefined;
  amount_max_minor?: number | null | undefined;
  card_last_four?: string | null | undefined;
  search?: string | null | undefined;
}

export type Permission = "merchant_read" | "payments_read" | "payments_export" | "refunds" | "terminals_read" | "terminals_manage" | "operators_manage" | "shops_manage" | "staff_manage" | "settings" | "fees_read" | "settlement_account" | "contract_sign" | "api_keys" | "webhooks" | "audit_read" | "console" | "review" | "fleet" | "keys" | "settlement" | "risk" | "support" | "auditing" | "administration" | "exceptions";

export interface ProblemField {
  field: string;
  code: string;
  words: string;
}

export interface ProblemOut {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: string;
  fields: readonly ProblemField[];
}

export interface RelatedOut {
  rrn: string;
  kind: string;
  kind_words: string;
  status: Status;
  amount: Amount;
  received_at: string;
}

export type Status = "approved" | "declined" | "reversed" | "in_doubt";

export interface StatusTotalOut {
  count: number;
  amount: Amount;
  status: Status;
  words: string;
}

export interface StepOut {
  title: string;
  who: string;
  tone: string;
  at: string | null;
  since_us: number | null;
  words: readonly string[];
  messages: readonly MessageOut[];
}

export interface SummaryOut {
  day: string;
  by_status: readonly StatusTotalOut[];
  by_hour: readonly HourTotalOut[];
  by_kind: readonly KindTotalOut[];
}

export interface SummaryQuery {
  day?: string | null | undefined;
}

export interface Operations {
  create_api_key: {
    path: { merchant_id: string };
    query: object;
    body: NewApiKey;
    answer: MadeApiKeyOut;
  };
  export_payments_csv: {
    path: { merchant_id: string };
    query: { first_day?: string | null | undefined; last_day?: string | null | undefined; status?: Status | null | undefined; kind?: ("sale" | "mail_order" | "balance" | "void" | "refund" | "pre_authorisation" | "pre_authorisation_void" | "completion" | "completion_advice" | "completion_void" | "offline_sale" | "adjustment" | "tip" | "chip_offline_sale") | null | undefined; terminal_id?: string | null | undefined; shop_id?: string | null | undefined; amount_min_minor?: number | null | undefined; amount_max_minor?: number | null | undefined; card_last_four?: string | null | undefined; search?: string | null | undefined };
    body: undefined;
    answer: Blob;
  };
  export_payments_xlsx: {
    path: { merchant_id: string };
    query: { first_day?: string | null | undefined; last_day?: string | null | undefined; status?: Status | null | undefined; kind?: ("sale" | "mail_order" | "balance" | "void" | "refund" | "pre_authorisation" | "pre_authorisation_void" | "completion" | "completion_advice" | "completion_void" | "offline_sale" | "adjustment" | "tip" | "chip_offline_sale") | null | undefined; terminal_id?: string | null | undefined; shop_id?: string | null | undefined; amount_min_minor?: number | null | undefined; amount_max_minor?: number | null | undefined; card_last_four?: string | null | undefined; search?: string | null | undefined };
    body: undefined;
    answer: Blob;
  };
  follow_payments: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined };
    body: undefined;
    answer: FeedOut;
  };
  get_csrf_token: {
    path: object;
    query: object;
    body: undefined;
    answer: CsrfToken;
  };
  get_payment: {
    path: { merchant_id: string; rrn: string };
    query: object;
    body: undefined;
    answer: PaymentStoryOut;
  };
  list_api_keys: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_ApiKeyOut;
  };
  list_payments: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined; first_day?: string | null | undefined; last_day?: string | null | undefined; status?: Status | null | undefined; kind?: ("sale" | "mail_order" | "balance" | "void" | "refund" | "pre_authorisation" | "pre_authorisation_void" | "completion" | "completion_advice" | "completion_void" | "offline_sale" | "adjustment" | "tip" | "chip_offline_sale") | null | undefined; terminal_id?: string | null | undefined; shop_id?: string | null | undefined; amount_min_minor?: number | null | undefined; amount_max_minor?: number | null | undefined; card_last_four?: string | null | undefined; search?: string | null | undefined };
    body: undefined;
    answer: Page_PaymentOut;
  };
  revoke_api_key: {
    path: { merchant_id: string; key_id: string };
    query: object;
    body: undefined;
    answer: ApiKeyOut;
  };
  summarise_payments: {
    path: { merchant_id: string };
    query: { day?: string | null | undefined };
    body: undefined;
    answer: SummaryOut;
  };
}

/** Method and address of each operation. */
export const OPERATIONS = {
  create_api_key: ["POST", "/merchants/{merchant_id}/api-keys"],
  export_payments_csv: ["GET", "/merchants/{merchant_id}/payments/export.csv"],
  export_payments_xlsx: ["GET", "/merchants/{merchant_id}/payments/export.xlsx"],
  follow_payments: ["GET", "/merchants/{merchant_id}/payments/feed"],
  get_csrf_token: ["GET", "/csrf-token"],
  get_payment: ["GET", "/merchants/{merchant_id}/payments/{rrn}"],
  list_api_keys: ["GET", "/merchants/{merchant_id}/api-keys"],
  list_payments: ["GET", "/merchants/{merchant_id}/payments"],
  revoke_api_key: ["DELETE", "/merchants/{merchant_id}/api-keys/{key_id}"],
  summarise_payments: ["GET", "/merchants/{merchant_id}/payments/summary"],
} as const satisfies Record<keyof Operations, readonly [string, string]>;

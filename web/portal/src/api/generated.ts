/* Made by scripts/api_types.py from the API's description; do not edit. */

export interface AgencyOut {
  role: "sold" | "serves";
  name: string;
  phone: string;
}

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

export interface ApplicationBriefOut {
  application_id: string;
  kind: string;
  tier: Tier;
  tier_name: string;
  name: string;
  status: State;
  status_name: string;
  created_at: string;
  updated_at: string;
  promised_at: string | null;
  is_late: boolean;
  merchant_id: string | null;
}

export interface ApplicationOut {
  application_id: string;
  kind: string;
  tier: Tier;
  tier_name: string;
  name: string;
  status: State;
  status_name: string;
  created_at: string;
  updated_at: string;
  promised_at: string | null;
  is_late: boolean;
  merchant_id: string | null;
  version: number;
  next_step: string;
  fields: Readonly<Record<string, string | number>>;
  secrets: Readonly<Record<string, string>>;
  papers: readonly PaperOut[];
  findings: readonly FindingOut[];
  steps: readonly StepOut[];
  history: readonly HappenedOut[];
  deposit: DepositOut;
  agent: string;
  promises: readonly PromiseOut[];
  can: readonly string[];
  round_no: number;
}

export interface CategoriesOut {
  items: readonly CategoryOut[];
}

export interface CategoryOut {
  mcc: string;
  name: string;
  tiers: readonly Tier[];
  needs_permit: boolean;
  is_fee_exempt: boolean;
}

export interface CodeSentOut {
  sms_to: string;
  expires_at: string;
}

export interface ContractOut {
  contract_id: string;
  number: string;
  text_version: number;
  text_sha256: string;
  text: string;
  fees: FeesOut;
  reason: string;
  offered_at: string;
  expires_at: string;
  sms_to: string;
  signed_at: string | null;
  signer_name: string;
  pdf_sha256: string;
}

export interface ContractsOut {
  in_force: ContractOut | null;
  offered: ContractOut | null;
}

export interface CsrfToken {
  csrf_token: string;
}

export interface DepositCode {
  code: string;
}

export interface DepositOut {
  state: "none" | "sent" | "confirmed" | "expired" | "used_up";
  sent_at: string | null;
  expires_at: string | null;
  tries_left: number;
}

export interface DeviceAdviceOut {
  model: DeviceModelOut;
  points: number;
  reasons: readonly string[];
  cautions: readonly string[];
}

export interface DeviceAdvicesOut {
  items: readonly DeviceAdviceOut[];
}

export interface DeviceModelOut {
  code: string;
  name: string;
  says: string;
  deposit: Amount;
  has_printer: boolean;
  has_mobile_network: boolean;
  takes_cards: boolean;
  is_portable: boolean;
  payments_a_day_max: number;
}

export interface DeviceQuestion {
  scene: Scene;
  payments_a_day: number;
  wants_paper?: boolean | undefined;
  wants_cards?: boolean | undefined;
  has_fixed_network?: boolean | undefined;
}

export interface Draft {
  version?: number | null | undefined;
  name?: string | null | undefined;
  name_en?: string | null | undefined;
  registered_name?: string | null | undefined;
  credit_code?: string | null | undefined;
  licence_begins?: string | null | undefined;
  licence_expires?: string | null | undefined;
  legal_person?: string | null | undefined;
  resident_id?: string | null | undefined;
  id_begins?: string | null | undefined;
  id_expires?: string | null | undefined;
  contact_phone?: string | null | undefined;
  contact_email?: string | null | undefined;
  shop_name?: string | null | undefined;
  shop_city?: string | null | undefined;
  shop_address?: string | null | undefined;
  shop_latitude_udeg?: number | null | undefined;
  shop_longitude_udeg?: number | null | undefined;
  mcc?: string | null | undefined;
  monthly_turnover_minor?: number | null | undefined;
  account_kind?: ("corporate" | "personal" | "") | null | undefined;
  account_holder?: string | null | undefined;
  account_bank?: string | null | undefined;
  account_bank_code?: string | null | undefined;
  account_number?: string | null | undefined;
  device_model?: string | null | undefined;
  remarks?: string | null | undefined;
}

export interface FeeOut {
  method: Method;
  name: string;
  rate_ppm: number;
  rate_percent: string;
  cap: Amount | null;
}

export interface FeeQuestion {
  amount_minor: number;
  method: Method;
  mcc?: string | null | undefined;
}

export interface FeeQuoteOut {
  amount: Amount;
  fee: Amount;
  payout: Amount;
  issuer: Amount;
  network: Amount;
  acquirer: Amount;
  cap_binds: boolean;
  formula: string;
  rule: string;
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

export interface FeesOut {
  version: number;
  sha256: string;
  title: string;
  since: string | null;
  contract_number: string;
  items: readonly FeeOut[];
}

export interface FindingOut {
  code: string;
  field: string;
  severity: Severity;
  words: string;
  note: string;
  origin: string;
  round_no: number;
}

export interface HappenedOut {
  at: string;
  kind: string;
  status: string;
  status_name: string;
  note: string;
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

export interface LimitOut {
  key: string;
  name: string;
  amount: Amount | null;
  rule: string;
  rule_says: string;
}

export interface LimitsOut {
  tier: string;
  valid_from: string | null;
  items: readonly LimitOut[];
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

export interface MerchantOut {
  merchant_id: string;
  name: string;
  name_en: string;
  status: string;
  tier: string;
  tier_name: string;
  registered_name: string;
  credit_code: string;
  legal_person: string;
  mcc: string;
  category: string;
  city: string;
  chain_id: string | null;
  created_at: string;
  agencies: readonly AgencyOut[];
  promises: readonly PromiseOut[];
}

export interface MerchantSettings {
  name_en: string;
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

export type Method = "debit_card" | "credit_card" | "code_debit" | "code_credit";

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

export interface NewAccountIn {
  holder: string;
  bank: string;
  bank_code?: string | undefined;
  number: string;
  kind: "corporate" | "personal";
  reason: string;
}

export interface NewApiKey {
  name: string;
  scopes: readonly Permission[];
  days?: number | null | undefined;
}

export interface NewApplication {
  tier: Tier;
  agent_id?: string | undefined;
}

export interface NewCategoryIn {
  mcc: string;
  reason: string;
}

export interface NewShopIn {
  name: string;
  address: string;
  city: string;
  latitude_udeg?: number | null | undefined;
  longitude_udeg?: number | null | undefined;
}

export interface PageQuery {
  cursor?: string | null | undefined;
  limit?: number | undefined;
}

export interface Page_ApiKeyOut {
  items: readonly ApiKeyOut[];
  next_cursor: string | null;
}

export interface Page_ApplicationBriefOut {
  items: readonly ApplicationBriefOut[];
  next_cursor: string | null;
}

export interface Page_PaymentOut {
  items: readonly PaymentOut[];
  next_cursor: string | null;
}

export interface Page_ShopOut {
  items: readonly ShopOut[];
  next_cursor: string | null;
}

export type PaperKind = "licence" | "id_front" | "id_back" | "account_permit" | "bank_card" | "shop_front" | "shop_inside" | "rent_contract" | "practice_permit" | "owner_with_shop" | "other";

export interface PaperOut {
  paper_id: string;
  kind: PaperKind;
  name: string;
  file_name: string;
  media_type: string;
  size_bytes: number;
  sha256: string;
  uploaded_at: string;
}

export interface PaperRequirementOut {
  kind: PaperKind;
  name: string;
  hint: string;
  is_required: boolean;
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

export interface PriceSheetOut {
  version: number;
  sha256: string;
  published_at: string;
  fees: readonly FeeOut[];
  models: readonly DeviceModelOut[];
}

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

export interface PromiseOut {
  subject: string;
  words: string;
  at: string;
}

export interface ReadingOut {
  outcome: string;
  words: string;
  fields: Readonly<Record<string, string>>;
}

export interface RelatedOut {
  rrn: string;
  kind: string;
  kind_words: string;
  status: Status;
  amount: Amount;
  received_at: string;
}

export interface RequirementsOut {
  tiers: readonly TierOut[];
  file_types: readonly string[];
  file_size_max_bytes: number;
  picture_side_min_px: number;
}

export type Scene = "counter" | "table" | "stall" | "delivery" | "self_service";

export interface SettlementAccountOut {
  account_id: string;
  holder: string;
  bank: string;
  last4: string;
  kind: string;
  valid_from: string;
  change: string | null;
}

export type Severity = "correct" | "hint" | "refuse";

export interface ShopChanges {
  name?: string | undefined;
  address?: string | undefined;
  city?: string | undefined;
  latitude_udeg?: number | null | undefined;
  longitude_udeg?: number | null | undefined;
  is_active?: boolean | undefined;
}

export interface ShopOut {
  shop_id: string;
  name: string;
  address: string;
  city: string;
  latitude_udeg: number | null;
  longitude_udeg: number | null;
  is_active: boolean;
  created_at: string;
}

export interface SignatureIn {
  signer_name: string;
  signature_png: string;
  code: string;
}

export type State = "draft" | "submitted" | "checking" | "in_review" | "correction_wanted" | "approved" | "contract_offered" | "signed" | "refused" | "withdrawn" | "expired" | "in_force";

export type Status = "approved" | "declined" | "reversed" | "in_doubt";

export interface StatusTotalOut {
  count: number;
  amount: Amount;
  status: Status;
  words: string;
}

export interface StepOut {
  key: string;
  name: string;
  standing: string;
  done_at: string | null;
  promised_at: string | null;
  is_late: boolean;
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

export type Tier = "enterprise" | "sole_trader" | "micro";

export interface TierOut {
  tier: Tier;
  name: string;
  who: string;
  papers: readonly PaperRequirementOut[];
  account_kinds: readonly string[];
  limits: readonly LimitOut[];
  terminals_max: number;
}

export interface Operations {
  add_shop: {
    path: { merchant_id: string };
    query: object;
    body: NewShopIn;
    answer: ShopOut;
  };
  advise_device: {
    path: object;
    query: object;
    body: DeviceQuestion;
    answer: DeviceAdvicesOut;
  };
  begin_application: {
    path: object;
    query: object;
    body: NewApplication;
    answer: ApplicationOut;
  };
  change_category: {
    path: { merchant_id: string };
    query: object;
    body: NewCategoryIn;
    answer: ApplicationOut;
  };
  change_merchant: {
    path: { merchant_id: string };
    query: object;
    body: MerchantSettings;
    answer: MerchantOut;
  };
  change_settlement_account: {
    path: { merchant_id: string };
    query: object;
    body: NewAccountIn;
    answer: ApplicationOut;
  };
  change_shop: {
    path: { merchant_id: string; shop_id: string };
    query: object;
    body: ShopChanges;
    answer: ShopOut;
  };
  confirm_deposit: {
    path: { application_id: string };
    query: object;
    body: DepositCode;
    answer: ApplicationOut;
  };
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
  get_application: {
    path: { application_id: string };
    query: object;
    body: undefined;
    answer: ApplicationOut;
  };
  get_contract: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: ContractsOut;
  };
  get_contract_pdf: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: undefined;
  };
  get_csrf_token: {
    path: object;
    query: object;
    body: undefined;
    answer: CsrfToken;
  };
  get_fees: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: FeesOut;
  };
  get_limits: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: LimitsOut;
  };
  get_merchant: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: MerchantOut;
  };
  get_paper: {
    path: { application_id: string; paper_id: string };
    query: object;
    body: undefined;
    answer: undefined;
  };
  get_payment: {
    path: { merchant_id: string; rrn: string };
    query: object;
    body: undefined;
    answer: PaymentStoryOut;
  };
  get_price_sheet: {
    path: object;
    query: object;
    body: undefined;
    answer: PriceSheetOut;
  };
  get_settlement_account: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: SettlementAccountOut;
  };
  list_api_keys: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_ApiKeyOut;
  };
  list_applications: {
    path: object;
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_ApplicationBriefOut;
  };
  list_categories: {
    path: object;
    query: object;
    body: undefined;
    answer: CategoriesOut;
  };
  list_payments: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined; first_day?: string | null | undefined; last_day?: string | null | undefined; status?: Status | null | undefined; kind?: ("sale" | "mail_order" | "balance" | "void" | "refund" | "pre_authorisation" | "pre_authorisation_void" | "completion" | "completion_advice" | "completion_void" | "offline_sale" | "adjustment" | "tip" | "chip_offline_sale") | null | undefined; terminal_id?: string | null | undefined; shop_id?: string | null | undefined; amount_min_minor?: number | null | undefined; amount_max_minor?: number | null | undefined; card_last_four?: string | null | undefined; search?: string | null | undefined };
    body: undefined;
    answer: Page_PaymentOut;
  };
  list_requirements: {
    path: object;
    query: object;
    body: undefined;
    answer: RequirementsOut;
  };
  list_shops: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_ShopOut;
  };
  quote_fee: {
    path: object;
    query: object;
    body: FeeQuestion;
    answer: FeeQuoteOut;
  };
  read_paper: {
    path: { application_id: string; paper_id: string };
    query: object;
    body: undefined;
    answer: ReadingOut;
  };
  remove_paper: {
    path: { application_id: string; paper_id: string };
    query: object;
    body: undefined;
    answer: undefined;
  };
  revoke_api_key: {
    path: { merchant_id: string; key_id: string };
    query: object;
    body: undefined;
    answer: ApiKeyOut;
  };
  save_application: {
    path: { application_id: string };
    query: object;
    body: Draft;
    answer: ApplicationOut;
  };
  send_deposit: {
    path: { application_id: string };
    query: object;
    body: undefined;
    answer: DepositOut;
  };
  send_signing_code: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: CodeSentOut;
  };
  sign_contract: {
    path: { merchant_id: string };
    query: object;
    body: SignatureIn;
    answer: ContractOut;
  };
  submit_application: {
    path: { application_id: string };
    query: object;
    body: undefined;
    answer: ApplicationOut;
  };
  summarise_payments: {
    path: { merchant_id: string };
    query: { day?: string | null | undefined };
    body: undefined;
    answer: SummaryOut;
  };
  upload_paper: {
    path: { application_id: string };
    query: object;
    body: FormData;
    answer: PaperOut;
  };
  withdraw_application: {
    path: { application_id: string };
    query: object;
    body: undefined;
    answer: ApplicationOut;
  };
}

/** Method and address of each operation. */
export const OPERATIONS = {
  add_shop: ["POST", "/merchants/{merchant_id}/shops"],
  advise_device: ["POST", "/device-advice"],
  begin_application: ["POST", "/applications"],
  change_category: ["POST", "/merchants/{merchant_id}/category"],
  change_merchant: ["PATCH", "/merchants/{merchant_id}"],
  change_settlement_account: ["POST", "/merchants/{merchant_id}/settlement-account"],
  change_shop: ["PATCH", "/merchants/{merchant_id}/shops/{shop_id}"],
  confirm_deposit: ["POST", "/applications/{application_id}/deposit-check"],
  create_api_key: ["POST", "/merchants/{merchant_id}/api-keys"],
  export_payments_csv: ["GET", "/merchants/{merchant_id}/payments/export.csv"],
  export_payments_xlsx: ["GET", "/merchants/{merchant_id}/payments/export.xlsx"],
  follow_payments: ["GET", "/merchants/{merchant_id}/payments/feed"],
  get_application: ["GET", "/applications/{application_id}"],
  get_contract: ["GET", "/merchants/{merchant_id}/contract"],
  get_contract_pdf: ["GET", "/merchants/{merchant_id}/contract.pdf"],
  get_csrf_token: ["GET", "/csrf-token"],
  get_fees: ["GET", "/merchants/{merchant_id}/fees"],
  get_limits: ["GET", "/merchants/{merchant_id}/limits"],
  get_merchant: ["GET", "/merchants/{merchant_id}"],
  get_paper: ["GET", "/applications/{application_id}/papers/{paper_id}"],
  get_payment: ["GET", "/merchants/{merchant_id}/payments/{rrn}"],
  get_price_sheet: ["GET", "/price-sheet"],
  get_settlement_account: ["GET", "/merchants/{merchant_id}/settlement-account"],
  list_api_keys: ["GET", "/merchants/{merchant_id}/api-keys"],
  list_applications: ["GET", "/applications"],
  list_categories: ["GET", "/categories"],
  list_payments: ["GET", "/merchants/{merchant_id}/payments"],
  list_requirements: ["GET", "/document-requirements"],
  list_shops: ["GET", "/merchants/{merchant_id}/shops"],
  quote_fee: ["POST", "/fee-quote"],
  read_paper: ["POST", "/applications/{application_id}/papers/{paper_id}/reading"],
  remove_paper: ["DELETE", "/applications/{application_id}/papers/{paper_id}"],
  revoke_api_key: ["DELETE", "/merchants/{merchant_id}/api-keys/{key_id}"],
  save_application: ["PATCH", "/applications/{application_id}"],
  send_deposit: ["POST", "/applications/{application_id}/deposit"],
  send_signing_code: ["POST", "/merchants/{merchant_id}/contract/sms"],
  sign_contract: ["POST", "/merchants/{merchant_id}/contract/sign"],
  submit_application: ["POST", "/applications/{application_id}/submit"],
  summarise_payments: ["GET", "/merchants/{merchant_id}/payments/summary"],
  upload_paper: ["POST", "/applications/{application_id}/papers"],
  withdraw_application: ["POST", "/applications/{application_id}/withdraw"],
} as const satisfies Record<keyof Operations, readonly [string, string]>;

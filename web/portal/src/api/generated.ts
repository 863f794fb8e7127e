/* Made by scripts/api_types.py from the API's description; do not edit. */

export interface ActOut {
  act_id: string;
  kind: WordOut;
  state: WordOut;
  asked_by: string;
  asked_at: string;
  delivered_at: string | null;
  ended_at: string | null;
  words: string;
  detail: string;
}

export interface ActivationOut {
  activation_id: string;
  serial_number: string;
  terminal_id: string;
  state: WordOut;
  method: string;
  confirmed_by: string;
  confirmed_at: string | null;
  promised_at: string | null;
  is_late: boolean;
  ended_at: string | null;
  cause: WordOut | null;
  steps: readonly ActivationStepOut[];
}

export interface ActivationStepOut {
  step: WordOut;
  state: string;
}

export interface AgencyOut {
  role: "sold" | "serves";
  name: string;
  phone: string;
  is_active: boolean;
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
  steps: readonly ApplicationStepOut[];
  history: readonly HappenedOut[];
  deposit: DepositOut;
  agent: string;
  promises: readonly PromiseOut[];
  can: readonly string[];
  round_no: number;
}

export interface ApplicationStepOut {
  key: string;
  name: string;
  standing: string;
  done_at: string | null;
  promised_at: string | null;
  is_late: boolean;
}

export interface AttemptOut {
  at: string;
  took_ms: number;
  response_code: number | null;
  failure: string;
}

export interface AuditEntryOut {
  entry_id: number;
  at: string;
  actor_kind: string;
  actor_name: string;
  address: string;
  operation: string;
  outcome: string;
  target_type: string;
  target_id: string;
  before: Readonly<Record<string, unknown>> | null;
  after: Readonly<Record<string, unknown>> | null;
  detail: string;
}

export interface AuditQuery {
  cursor?: string | null | undefined;
  limit?: number | undefined;
  operation?: string | null | undefined;
  actor_id?: string | null | undefined;
  target_id?: string | null | undefined;
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

export interface ChangedMe {
  display_name?: string | null | undefined;
  language?: ("zh-hans" | "en") | null | undefined;
}

export interface ChangedMember {
  role: "owner" | "manager" | "accountant" | "support" | "read_only" | "custom";
  role_id?: string | null | undefined;
}

export interface Changes {
  settings: Readonly<Record<string, unknown>>;
}

export interface CodeIn {
  code: string;
}

export interface CodeOut {
  sent_to: string;
  expires_at: string;
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

export interface DeliveriesQuery {
  cursor?: string | null | undefined;
  limit?: number | undefined;
  state?: ("waiting" | "delivered" | "given_up") | null | undefined;
}

export interface DeliveryOut {
  delivery_id: string;
  event_id: string;
  event_type: string;
  event_number: number;
  state: "waiting" | "delivered" | "given_up";
  created_at: string;
  next_attempt_at: string | null;
  attempts: readonly AttemptOut[];
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

export interface DeviceOut {
  serial_number: string;
  model: string;
  state: WordOut;
  software_version: string;
  parts: Readonly<Record<string, string>>;
  warranty_until: string | null;
  is_lock_wanted: boolean;
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

export interface DriftOut {
  wanted_version: number;
  applied_version: number;
  is_in_step: boolean;
  differences: readonly Readonly<Record<string, string>>[];
  reported_at: string | null;
  outcome: WordOut | null;
  why: string;
}

export interface EndpointChange {
  url?: string | null | undefined;
  events?: (readonly string[]) | null | undefined;
  description?: string | null | undefined;
  is_active?: boolean | null | undefined;
}

export interface EndpointOut {
  endpoint_id: string;
  url: string;
  events: readonly string[];
  description: string;
  is_active: boolean;
  old_secret_until: string | null;
  created_by: string;
  created_at: string;
}

export interface EventOut {
  at: string;
  event: WordOut;
  who: string;
  note: string;
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

export type FunctionClass = "boot" | "function" | "password";

export interface FunctionCodeChange {
  function_class: FunctionClass;
  role: OperatorRole;
  password?: string | undefined;
}

export interface FunctionCodeOut {
  code: string;
  kind: string;
  function_class: FunctionClass;
  role: OperatorRole;
  has_password: boolean;
  version: number;
  valid_from: string | null;
}

export interface FunctionCodesOut {
  items: readonly FunctionCodeOut[];
  next_cursor?: string | null | undefined;
}

export interface HappenedOut {
  at: string;
  kind: string;
  status: string;
  status_name: string;
  note: string;
}

export interface HealthOut {
  score: number;
  is_healthy: boolean;
  reasons: readonly WordOut[];
  battery_percent: number | null;
  printer: string | null;
  network_kind: string | null;
  network_rtt_ms: number | null;
  network_loss_permille: number | null;
  storage_free_bytes: number | null;
  unsent: number;
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

export interface MeOut {
  user_id: string;
  name: string;
  display_name: string;
  phone: string | null;
  email: string | null;
  is_email_proven: boolean;
  language: string;
  is_staff: boolean;
  second_factor_at: string | null;
  unread_notices: number;
}

export interface MemberOut {
  membership_id: string;
  display_name: string;
  phone: string | null;
  role: string;
  role_id: string | null;
  role_name: string | null;
  permissions: readonly string[];
  since: string;
  is_waiting: boolean;
  last_log_in_at: string | null;
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

export interface MyMerchantOut {
  merchant_id: string;
  name: string;
  name_en: string;
  chain_id: string | null;
  status: string;
  role: string;
  permissions: readonly string[];
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

export interface NewAccountIn {
  holder: string;
  bank: string;
  bank_code?: string | undefined;
  number: string;
  kind: "corporate" | "personal";
  reason: string;
}

export interface NewAct {
  kind: "message" | "lock" | "unlock" | "restart" | "parameter_push" | "self_test" | "log_pull" | "wipe";
  words?: string | undefined;
}

export interface NewActivation {
  serial_number?: string | undefined;
  terminal_id?: string | undefined;
  code?: string | undefined;
  qr_text?: string | undefined;
  method?: "web" | "app" | undefined;
  latitude_udeg?: number | null | undefined;
  longitude_udeg?: number | null | undefined;
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

export interface NewEmail {
  email: string;
}

export interface NewEndpoint {
  url: string;
  events: readonly string[];
  description?: string | undefined;
}

export interface NewMember {
  phone: string;
  display_name: string;
  role: "owner" | "manager" | "accountant" | "support" | "read_only" | "custom";
  role_id?: string | null | undefined;
}

export interface NewOperatorIn {
  number: string;
  name: string;
  role: OperatorRole;
  terminal_id?: string | undefined;
}

export interface NewPhone {
  phone: string;
}

export interface NewPromise {
  subject: Subject;
  words: string;
}

export interface NewRole {
  name: string;
  permissions: readonly Permission[];
}

export interface NewShopIn {
  name: string;
  address: string;
  city: string;
  latitude_udeg?: number | null | undefined;
  longitude_udeg?: number | null | undefined;
}

export interface Note {
  note?: string | undefined;
}

export interface NoticeOut {
  notice_id: string;
  kind: string;
  words: string;
  at: string;
  read_at: string | null;
}

export interface OperatorChanges {
  name?: string | undefined;
  role?: OperatorRole | undefined;
  is_active?: boolean | undefined;
}

export interface OperatorOut {
  operator_id: string;
  number: string;
  name: string;
  role: OperatorRole;
  terminal_id: string | null;
  must_change: boolean;
  is_active: boolean;
  created_at: string;
  changed_at: string;
  ended_at: string | null;
}

export type OperatorRole = "cashier" | "supervisor" | "administrator";

export interface OperatorWithPinOut {
  operator_id: string;
  number: string;
  name: string;
  role: OperatorRole;
  terminal_id: string | null;
  must_change: boolean;
  is_active: boolean;
  created_at: string;
  changed_at: string;
  ended_at: string | null;
  first_pin: string;
}

export interface PageQuery {
  cursor?: string | null | undefined;
  limit?: number | undefined;
}

export interface Page_ActOut {
  items: readonly ActOut[];
  next_cursor: string | null;
}

export interface Page_ActivationOut {
  items: readonly ActivationOut[];
  next_cursor: string | null;
}

export interface Page_ApiKeyOut {
  items: readonly ApiKeyOut[];
  next_cursor: string | null;
}

export interface Page_ApplicationBriefOut {
  items: readonly ApplicationBriefOut[];
  next_cursor: string | null;
}

export interface Page_AuditEntryOut {
  items: readonly AuditEntryOut[];
  next_cursor: string | null;
}

export interface Page_DeliveryOut {
  items: readonly DeliveryOut[];
  next_cursor: string | null;
}

export interface Page_EndpointOut {
  items: readonly EndpointOut[];
  next_cursor: string | null;
}

export interface Page_MemberOut {
  items: readonly MemberOut[];
  next_cursor: string | null;
}

export interface Page_MyMerchantOut {
  items: readonly MyMerchantOut[];
  next_cursor: string | null;
}

export interface Page_NoticeOut {
  items: readonly NoticeOut[];
  next_cursor: string | null;
}

export interface Page_OperatorOut {
  items: readonly OperatorOut[];
  next_cursor: string | null;
}

export interface Page_PaymentOut {
  items: readonly PaymentOut[];
  next_cursor: string | null;
}

export interface Page_RoleOut {
  items: readonly RoleOut[];
  next_cursor: string | null;
}

export interface Page_SessionOut {
  items: readonly SessionOut[];
  next_cursor: string | null;
}

export interface Page_ShopOut {
  items: readonly ShopOut[];
  next_cursor: string | null;
}

export interface Page_TerminalOut {
  items: readonly TerminalOut[];
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

export interface PartOut {
  part: WordOut;
  outcome: string;
  detail: string;
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

export interface RoleOut {
  role_id: string;
  name: string;
  permissions: readonly string[];
  members: number;
}

export type Scene = "counter" | "table" | "stall" | "delivery" | "self_service";

export interface SecretChange {
  keep_old_hours?: number | undefined;
}

export interface SecretOut {
  endpoint_id: string;
  url: string;
  events: readonly string[];
  description: string;
  is_active: boolean;
  old_secret_until: string | null;
  created_by: string;
  created_at: string;
  secret: string;
}

export interface SelfTestOut {
  at: string;
  occasion: string;
  passed: boolean;
  parts: readonly PartOut[];
}

export interface SessionOut {
  session_id: number;
  device: string;
  address: string;
  place: string;
  since: string;
  last_seen_at: string;
  is_this_one: boolean;
}

export interface SettingOut {
  path: string;
  value: unknown;
  origin: WordOut;
  own: unknown;
}

export interface SettingsOut {
  scope: string;
  key: string;
  version: number;
  settings: readonly SettingOut[];
}

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

export interface ShopRefOut {
  shop_id: string;
  name: string;
  address: string;
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
  title: string;
  who: string;
  tone: string;
  at: string | null;
  since_us: number | null;
  words: readonly string[];
  messages: readonly MessageOut[];
}

export type Subject = "fees" | "device" | "delivery" | "service" | "other";

export interface SummaryOut {
  day: string;
  by_status: readonly StatusTotalOut[];
  by_hour: readonly HourTotalOut[];
  by_kind: readonly KindTotalOut[];
}

export interface SummaryQuery {
  day?: string | null | undefined;
}

export interface TerminalOut {
  terminal_id: string;
  label: string;
  shop: ShopRefOut | null;
  is_active: boolean;
  is_online: boolean;
  heard_at: string | null;
  device: DeviceOut | null;
  health: HealthOut | null;
  drift: DriftOut;
}

export interface TerminalStoryOut {
  terminal_id: string;
  label: string;
  shop: ShopRefOut | null;
  is_active: boolean;
  is_online: boolean;
  heard_at: string | null;
  device: DeviceOut | null;
  health: HealthOut | null;
  drift: DriftOut;
  events: readonly EventOut[];
  self_test: SelfTestOut | null;
}

export interface TestSentOut {
  event_id: string;
  event_number: number;
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

export interface WordOut {
  code: string;
  words: string;
}

export interface Operations {
  add_operator: {
    path: { merchant_id: string };
    query: object;
    body: NewOperatorIn;
    answer: OperatorWithPinOut;
  };
  add_role: {
    path: { merchant_id: string };
    query: object;
    body: NewRole;
    answer: RoleOut;
  };
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
  ask_act: {
    path: { merchant_id: string; terminal_id: string };
    query: object;
    body: NewAct;
    answer: ActOut;
  };
  ask_for_my_email: {
    path: object;
    query: object;
    body: NewEmail;
    answer: CodeOut;
  };
  ask_for_my_phone: {
    path: object;
    query: object;
    body: NewPhone;
    answer: CodeOut;
  };
  begin_application: {
    path: object;
    query: object;
    body: NewApplication;
    answer: ApplicationOut;
  };
  call_off_activation: {
    path: { merchant_id: string; activation_id: string };
    query: object;
    body: Note;
    answer: ActivationOut;
  };
  change_category: {
    path: { merchant_id: string };
    query: object;
    body: NewCategoryIn;
    answer: ApplicationOut;
  };
  change_function_code: {
    path: { merchant_id: string; code: string };
    query: object;
    body: FunctionCodeChange;
    answer: FunctionCodeOut;
  };
  change_me: {
    path: object;
    query: object;
    body: ChangedMe;
    answer: MeOut;
  };
  change_member: {
    path: { merchant_id: string; membership_id: string };
    query: object;
    body: ChangedMember;
    answer: MemberOut;
  };
  change_merchant: {
    path: { merchant_id: string };
    query: object;
    body: MerchantSettings;
    answer: MerchantOut;
  };
  change_operator: {
    path: { merchant_id: string; operator_id: string };
    query: object;
    body: OperatorChanges;
    answer: OperatorOut;
  };
  change_settings_of_all_terminals: {
    path: { merchant_id: string };
    query: object;
    body: Changes;
    answer: SettingsOut;
  };
  change_settings_of_shop: {
    path: { merchant_id: string; shop_id: string };
    query: object;
    body: Changes;
    answer: SettingsOut;
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
  change_terminal_settings: {
    path: { merchant_id: string; terminal_id: string };
    query: object;
    body: Changes;
    answer: SettingsOut;
  };
  change_webhook: {
    path: { merchant_id: string; endpoint_id: string };
    query: object;
    body: EndpointChange;
    answer: EndpointOut;
  };
  confirm_activation: {
    path: { merchant_id: string };
    query: object;
    body: NewActivation;
    answer: ActivationOut;
  };
  confirm_deposit: {
    path: { application_id: string };
    query: object;
    body: DepositCode;
    answer: ApplicationOut;
  };
  confirm_my_email: {
    path: object;
    query: object;
    body: CodeIn;
    answer: MeOut;
  };
  confirm_my_phone: {
    path: object;
    query: object;
    body: CodeIn;
    answer: MeOut;
  };
  confirm_receipt: {
    path: { merchant_id: string; terminal_id: string };
    query: object;
    body: Note;
    answer: TerminalStoryOut;
  };
  create_api_key: {
    path: { merchant_id: string };
    query: object;
    body: NewApiKey;
    answer: MadeApiKeyOut;
  };
  create_webhook: {
    path: { merchant_id: string };
    query: object;
    body: NewEndpoint;
    answer: SecretOut;
  };
  end_member: {
    path: { merchant_id: string; membership_id: string };
    query: object;
    body: undefined;
    answer: undefined;
  };
  end_my_session: {
    path: { session_id: number };
    query: object;
    body: undefined;
    answer: undefined;
  };
  end_role: {
    path: { merchant_id: string; role_id: string };
    query: object;
    body: undefined;
    answer: undefined;
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
  get_activation: {
    path: { merchant_id: string; activation_id: string };
    query: object;
    body: undefined;
    answer: ActivationOut;
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
  get_me: {
    path: object;
    query: object;
    body: undefined;
    answer: MeOut;
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
  get_settings_of_all_terminals: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: SettingsOut;
  };
  get_settings_of_shop: {
    path: { merchant_id: string; shop_id: string };
    query: object;
    body: undefined;
    answer: SettingsOut;
  };
  get_settlement_account: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: SettlementAccountOut;
  };
  get_terminal: {
    path: { merchant_id: string; terminal_id: string };
    query: object;
    body: undefined;
    answer: TerminalStoryOut;
  };
  get_terminal_settings: {
    path: { merchant_id: string; terminal_id: string };
    query: object;
    body: undefined;
    answer: SettingsOut;
  };
  invite_member: {
    path: { merchant_id: string };
    query: object;
    body: NewMember;
    answer: MemberOut;
  };
  list_activations: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_ActivationOut;
  };
  list_acts: {
    path: { merchant_id: string; terminal_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_ActOut;
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
  list_audit: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined; operation?: string | null | undefined; actor_id?: string | null | undefined; target_id?: string | null | undefined };
    body: undefined;
    answer: Page_AuditEntryOut;
  };
  list_categories: {
    path: object;
    query: object;
    body: undefined;
    answer: CategoriesOut;
  };
  list_function_codes: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: FunctionCodesOut;
  };
  list_members: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_MemberOut;
  };
  list_my_merchants: {
    path: object;
    query: object;
    body: undefined;
    answer: Page_MyMerchantOut;
  };
  list_my_notices: {
    path: object;
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_NoticeOut;
  };
  list_my_sessions: {
    path: object;
    query: object;
    body: undefined;
    answer: Page_SessionOut;
  };
  list_operators: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_OperatorOut;
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
  list_roles: {
    path: { merchant_id: string };
    query: object;
    body: undefined;
    answer: Page_RoleOut;
  };
  list_shops: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_ShopOut;
  };
  list_terminals: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_TerminalOut;
  };
  list_webhook_deliveries: {
    path: { merchant_id: string; endpoint_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined; state?: ("waiting" | "delivered" | "given_up") | null | undefined };
    body: undefined;
    answer: Page_DeliveryOut;
  };
  list_webhooks: {
    path: { merchant_id: string };
    query: { cursor?: string | null | undefined; limit?: number | undefined };
    body: undefined;
    answer: Page_EndpointOut;
  };
  quote_fee: {
    path: object;
    query: object;
    body: FeeQuestion;
    answer: FeeQuoteOut;
  };
  read_my_notice: {
    path: { notice_id: string };
    query: object;
    body: undefined;
    answer: NoticeOut;
  };
  read_paper: {
    path: { application_id: string; paper_id: string };
    query: object;
    body: undefined;
    answer: ReadingOut;
  };
  record_promise: {
    path: { application_id: string };
    query: object;
    body: NewPromise;
    answer: ApplicationOut;
  };
  remove_paper: {
    path: { application_id: string; paper_id: string };
    query: object;
    body: undefined;
    answer: undefined;
  };
  remove_webhook: {
    path: { merchant_id: string; endpoint_id: string };
    query: object;
    body: undefined;
    answer: undefined;
  };
  report_loss: {
    path: { merchant_id: string; terminal_id: string };
    query: object;
    body: Note;
    answer: TerminalStoryOut;
  };
  reset_operator_pin: {
    path: { merchant_id: string; operator_id: string };
    query: object;
    body: undefined;
    answer: OperatorWithPinOut;
  };
  revoke_api_key: {
    path: { merchant_id: string; key_id: string };
    query: object;
    body: undefined;
    answer: ApiKeyOut;
  };
  rotate_webhook_secret: {
    path: { merchant_id: string; endpoint_id: string };
    query: object;
    body: SecretChange;
    answer: SecretOut;
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
  send_test_webhook: {
    path: { merchant_id: string; endpoint_id: string };
    query: object;
    body: undefined;
    answer: TestSentOut;
  };
  send_webhook_again: {
    path: { merchant_id: string; endpoint_id: string; delivery_id: string };
    query: object;
    body: undefined;
    answer: DeliveryOut;
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
  withdraw_act: {
    path: { merchant_id: string; terminal_id: string; act_id: string };
    query: object;
    body: undefined;
    answer: ActOut;
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
  add_operator: ["POST", "/merchants/{merchant_id}/operators"],
  add_role: ["POST", "/merchants/{merchant_id}/roles"],
  add_shop: ["POST", "/merchants/{merchant_id}/shops"],
  advise_device: ["POST", "/device-advice"],
  ask_act: ["POST", "/merchants/{merchant_id}/terminals/{terminal_id}/acts"],
  ask_for_my_email: ["POST", "/me/email"],
  ask_for_my_phone: ["POST", "/me/phone"],
  begin_application: ["POST", "/applications"],
  call_off_activation: ["POST", "/merchants/{merchant_id}/activations/{activation_id}/call-off"],
  change_category: ["POST", "/merchants/{merchant_id}/category"],
  change_function_code: ["PATCH", "/merchants/{merchant_id}/function-codes/{code}"],
  change_me: ["PATCH", "/me"],
  change_member: ["PATCH", "/merchants/{merchant_id}/staff/{membership_id}"],
  change_merchant: ["PATCH", "/merchants/{merchant_id}"],
  change_operator: ["PATCH", "/merchants/{merchant_id}/operators/{operator_id}"],
  change_settings_of_all_terminals: ["PATCH", "/merchants/{merchant_id}/terminal-settings"],
  change_settings_of_shop: ["PATCH", "/merchants/{merchant_id}/shops/{shop_id}/terminal-settings"],
  change_settlement_account: ["POST", "/merchants/{merchant_id}/settlement-account"],
  change_shop: ["PATCH", "/merchants/{merchant_id}/shops/{shop_id}"],
  change_terminal_settings: ["PATCH", "/merchants/{merchant_id}/terminals/{terminal_id}/settings"],
  change_webhook: ["PATCH", "/merchants/{merchant_id}/webhooks/{endpoint_id}"],
  confirm_activation: ["POST", "/merchants/{merchant_id}/activations"],
  confirm_deposit: ["POST", "/applications/{application_id}/deposit-check"],
  confirm_my_email: ["POST", "/me/email/confirm"],
  confirm_my_phone: ["POST", "/me/phone/confirm"],
  confirm_receipt: ["POST", "/merchants/{merchant_id}/terminals/{terminal_id}/receipt"],
  create_api_key: ["POST", "/merchants/{merchant_id}/api-keys"],
  create_webhook: ["POST", "/merchants/{merchant_id}/webhooks"],
  end_member: ["DELETE", "/merchants/{merchant_id}/staff/{membership_id}"],
  end_my_session: ["DELETE", "/me/sessions/{session_id}"],
  end_role: ["DELETE", "/merchants/{merchant_id}/roles/{role_id}"],
  export_payments_csv: ["GET", "/merchants/{merchant_id}/payments/export.csv"],
  export_payments_xlsx: ["GET", "/merchants/{merchant_id}/payments/export.xlsx"],
  follow_payments: ["GET", "/merchants/{merchant_id}/payments/feed"],
  get_activation: ["GET", "/merchants/{merchant_id}/activations/{activation_id}"],
  get_application: ["GET", "/applications/{application_id}"],
  get_contract: ["GET", "/merchants/{merchant_id}/contract"],
  get_contract_pdf: ["GET", "/merchants/{merchant_id}/contract.pdf"],
  get_csrf_token: ["GET", "/csrf-token"],
  get_fees: ["GET", "/merchants/{merchant_id}/fees"],
  get_limits: ["GET", "/merchants/{merchant_id}/limits"],
  get_me: ["GET", "/me"],
  get_merchant: ["GET", "/merchants/{merchant_id}"],
  get_paper: ["GET", "/applications/{application_id}/papers/{paper_id}"],
  get_payment: ["GET", "/merchants/{merchant_id}/payments/{rrn}"],
  get_price_sheet: ["GET", "/price-sheet"],
  get_settings_of_all_terminals: ["GET", "/merchants/{merchant_id}/terminal-settings"],
  get_settings_of_shop: ["GET", "/merchants/{merchant_id}/shops/{shop_id}/terminal-settings"],
  get_settlement_account: ["GET", "/merchants/{merchant_id}/settlement-account"],
  get_terminal: ["GET", "/merchants/{merchant_id}/terminals/{terminal_id}"],
  get_terminal_settings: ["GET", "/merchants/{merchant_id}/terminals/{terminal_id}/settings"],
  invite_member: ["POST", "/merchants/{merchant_id}/staff"],
  list_activations: ["GET", "/merchants/{merchant_id}/activations"],
  list_acts: ["GET", "/merchants/{merchant_id}/terminals/{terminal_id}/acts"],
  list_api_keys: ["GET", "/merchants/{merchant_id}/api-keys"],
  list_applications: ["GET", "/applications"],
  list_audit: ["GET", "/merchants/{merchant_id}/audit"],
  list_categories: ["GET", "/categories"],
  list_function_codes: ["GET", "/merchants/{merchant_id}/function-codes"],
  list_members: ["GET", "/merchants/{merchant_id}/staff"],
  list_my_merchants: ["GET", "/me/merchants"],
  list_my_notices: ["GET", "/me/notices"],
  list_my_sessions: ["GET", "/me/sessions"],
  list_operators: ["GET", "/merchants/{merchant_id}/operators"],
  list_payments: ["GET", "/merchants/{merchant_id}/payments"],
  list_requirements: ["GET", "/document-requirements"],
  list_roles: ["GET", "/merchants/{merchant_id}/roles"],
  list_shops: ["GET", "/merchants/{merchant_id}/shops"],
  list_terminals: ["GET", "/merchants/{merchant_id}/terminals"],
  list_webhook_deliveries: ["GET", "/merchants/{merchant_id}/webhooks/{endpoint_id}/deliveries"],
  list_webhooks: ["GET", "/merchants/{merchant_id}/webhooks"],
  quote_fee: ["POST", "/fee-quote"],
  read_my_notice: ["POST", "/me/notices/{notice_id}/read"],
  read_paper: ["POST", "/applications/{application_id}/papers/{paper_id}/reading"],
  record_promise: ["POST", "/applications/{application_id}/promises"],
  remove_paper: ["DELETE", "/applications/{application_id}/papers/{paper_id}"],
  remove_webhook: ["DELETE", "/merchants/{merchant_id}/webhooks/{endpoint_id}"],
  report_loss: ["POST", "/merchants/{merchant_id}/terminals/{terminal_id}/loss"],
  reset_operator_pin: ["POST", "/merchants/{merchant_id}/operators/{operator_id}/pin"],
  revoke_api_key: ["DELETE", "/merchants/{merchant_id}/api-keys/{key_id}"],
  rotate_webhook_secret: ["POST", "/merchants/{merchant_id}/webhooks/{endpoint_id}/secret"],
  save_application: ["PATCH", "/applications/{application_id}"],
  send_deposit: ["POST", "/applications/{application_id}/deposit"],
  send_signing_code: ["POST", "/merchants/{merchant_id}/contract/sms"],
  send_test_webhook: ["POST", "/merchants/{merchant_id}/webhooks/{endpoint_id}/test"],
  send_webhook_again: ["POST", "/merchants/{merchant_id}/webhooks/{endpoint_id}/deliveries/{delivery_id}/send-again"],
  sign_contract: ["POST", "/merchants/{merchant_id}/contract/sign"],
  submit_application: ["POST", "/applications/{application_id}/submit"],
  summarise_payments: ["GET", "/merchants/{merchant_id}/payments/summary"],
  upload_paper: ["POST", "/applications/{application_id}/papers"],
  withdraw_act: ["DELETE", "/merchants/{merchant_id}/terminals/{terminal_id}/acts/{act_id}"],
  withdraw_application: ["POST", "/applications/{application_id}/withdraw"],
} as const satisfies Record<keyof Operations, readonly [string, string]>;

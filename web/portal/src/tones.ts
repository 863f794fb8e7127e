/** Colours of states; the words stand beside them always. */

export type Tone = "good" | "bad" | "wait" | "plain" | "gold";

const PAYMENT: Readonly<Record<string, Tone>> = {
  approved: "good",
  declined: "bad",
  reversed: "plain",
  in_doubt: "wait",
};

export function paymentTone(status: string): Tone {
  return PAYMENT[status] ?? "plain";
}

const APPLICATION: Readonly<Record<string, Tone>> = {
  draft: "plain",
  submitted: "wait",
  checking: "wait",
  in_review: "wait",
  correction_wanted: "gold",
  approved: "good",
  contract_offered: "gold",
  signed: "good",
  in_force: "good",
  refused: "bad",
};

export function applicationTone(status: string): Tone {
  return APPLICATION[status] ?? "plain";
}

const ACT: Readonly<Record<string, Tone>> = { done: "good", failed: "bad", refused: "bad", expired: "plain", withdrawn: "plain" };

export function actTone(state: string): Tone {
  return ACT[state] ?? "wait";
}

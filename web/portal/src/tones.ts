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

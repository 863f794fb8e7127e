/**
 * Secret digits being typed. They live in one plain array that no framework watches; screens see only
 * the length. Taking them or leaving the screen overwrites the array.
 */

import { onBeforeUnmount, ref, type Ref } from "vue";

export interface SecretDigits {
  readonly length: Readonly<Ref<number>>;
  push(digit: string): void;
  pop(): void;
  /** The digits as they stand, for a field whose typist must see them; the length tells when to look. */
  peek(): string;
  /** The digits as text, for the one message they are meant for; nothing is left here. */
  take(): string;
  wipe(): void;
  /** Keys after the checkpoint may turn out to be a scan; restore cuts them off again. */
  checkpoint(): void;
  restore(): void;
}

export function secretDigits(max: number): SecretDigits {
  const digits: number[] = [];
  const length = ref(0);
  let mark = 0;
  const cut = (to: number): void => {
    digits.fill(0, to);
    digits.length = Math.min(digits.length, to);
    length.value = digits.length;
  };
  return {
    length,
    push(digit) {
      if (digits.length < max && /^\d$/.test(digit)) {
        digits.push(Number(digit));
        length.value = digits.length;
      }
    },
    pop: () => cut(Math.max(0, digits.length - 1)),
    peek: () => digits.join(""),
    take() {
      const text = digits.join("");
      cut(0);
      return text;
    },
    wipe: () => cut(0),
    checkpoint() {
      mark = digits.length;
    },
    restore: () => cut(mark),
  };
}

/** Secret digits that are wiped when their screen goes. */
export function useSecretDigits(max: number): SecretDigits {
  const secret = secretDigits(max);
  onBeforeUnmount(() => secret.wipe());
  return secret;
}

/**
 * One listener for the whole keyboard. The shown screen says what digits, Enter, Esc and Backspace
 * mean; a button takes Enter only when it was reached with Tab, so that neither a scanner nor a
 * cashier's Enter presses whatever was touched last.
 */

import { onBeforeMount, onBeforeUnmount, onMounted } from "vue";
import { BurstGuard } from "./burst";

export type Direction = "Up" | "Down" | "Left" | "Right";

export interface KeyHandler {
  digit?(digit: string): void;
  point?(): void;
  /** A letter, for the few fields that take them; other letters are nobody's. */
  letter?(letter: string): void;
  /** The key beside the digits that calls a function by its number. */
  star?(): void;
  arrow?(direction: Direction): void;
  backspace?(): void;
  enter?(): void;
  escape?(): void;
  /** Remember the draft, because the keys that follow may turn out to be a scan. */
  checkpoint?(): void;
  /** The keys since the checkpoint were a scan: put the draft back. */
  restore?(): void;
}

/** A screen that has just appeared does not take Enter or Esc meant for the one before. */
export const SETTLE_MS = 300;

/** Keys that may be held down. */
const REPEATING = /^(Backspace|Arrow.*)$/;

interface FunctionKey {
  readonly command: () => void;
  /** Works even while the terminal is gone. */
  readonly always: boolean;
}

/** What the page as a whole says about keys. */
export interface Gate {
  /** May keys act at all? Not while the terminal is gone. */
  open(): boolean;
  /** Has the shown screen been there long enough to take Enter and Esc? */
  settled(): boolean;
  /** Hears of a scan that was swallowed. */
  scanned(): void;
}

const stack: { handler: KeyHandler; atOnce: boolean }[] = [];
const functionKeys = new Map<string, FunctionKey[]>();
const guard = new BurstGuard();
let gate: Gate = { open: () => true, settled: () => true, scanned: () => {} };
let byTab = false;

/** Is this element one that Enter would press, and did the person walk there by keyboard? */
function enterBelongsTo(element: Element | null): boolean {
  return byTab && element !== null && element.matches("button, a[href], input");
}

function act(key: string, handler: KeyHandler, settled: boolean): void {
  if (/^\d$/.test(key)) {
    handler.digit?.(key);
  } else if (key === "." || key === ",") {
    handler.point?.();
  } else if (key === "*") {
    handler.star?.();
  } else if (isLetter(key)) {
    handler.letter?.(key);
  } else if (key.startsWith("Arrow")) {
    handler.arrow?.(key.slice("Arrow".length) as Direction);
  } else if (key === "Backspace") {
    handler.backspace?.();
  } else if (key === "Enter" && settled) {
    handler.enter?.();
  } else if (key === "Escape" && settled) {
    handler.escape?.();
  }
}

function isLetter(key: string): boolean {
  return /^[a-z]$/i.test(key);
}

function isOurs(key: string, handler: KeyHandler | undefined): boolean {
  return (
    /^[\d.,*]$/.test(key) ||
    ["Backspace", "Enter", "Escape"].includes(key) ||
    (isLetter(key) && handler?.letter !== undefined) ||
    (key.startsWith("Arrow") && handler?.arrow !== undefined)
  );
}

/** True when the key may act; a scan is swallowed and the draft it touched is put back. */
function passesGuard(event: KeyboardEvent, handler: KeyHandler | undefined): boolean {
  const verdict = guard.key(event.timeStamp);
  if (verdict === "first") {
    handler?.checkpoint?.();
  }
  if (verdict === "scan-begins") {
    handler?.restore?.();
    gate.scanned();
  }
  return verdict === "first" || verdict === "key";
}

function onKeydown(event: KeyboardEvent): void {
  if (event.key === "Tab" || event.key.startsWith("Arrow")) {
    byTab = true;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) {
    return;
  }
  if (event.target instanceof HTMLInputElement && !["Enter", "Escape"].includes(event.key)) {
    return; // A name is being typed.
  }
  const open = gate.open();
  const functionKey = functionKeys.get(event.key)?.at(-1);
  if (functionKey !== undefined) {
    event.preventDefault();
    if (!event.repeat && (open || functionKey.always)) {
      functionKey.command();
    }
    return;
  }
  const top = stack.at(-1);
  if (!isOurs(event.key, top?.handler)) {
    return;
  }
  const ordinary = passesGuard(event, open ? top?.handler : undefined);
  const native = event.key === "Enter" && enterBelongsTo(document.activeElement);
  if (ordinary && native && !event.repeat) {
    return; // The focused button takes it.
  }
  event.preventDefault();
  event.stopPropagation();
  if (!ordinary || !open || top === undefined || (event.repeat && !REPEATING.test(event.key))) {
    return;
  }
  act(event.key, top.handler, top.atOnce || gate.settled());
}

/** Start listening. */
export function listenToKeys(page: Gate): () => void {
  const byPointer = (): void => {
    byTab = false;
  };
  gate = page;
  window.addEventListener("keydown", onKeydown, { capture: true });
  window.addEventListener("pointerdown", byPointer, { capture: true });
  return () => {
    window.removeEventListener("keydown", onKeydown, { capture: true });
    window.removeEventListener("pointerdown", byPointer, { capture: true });
  };
}

/**
 * Give the keyboard to the calling screen, dialog or menu for as long as it is shown. `atOnce` is for
 * those that move no money and need not wait for the screen to settle.
 */
export function useKeys(handler: KeyHandler, atOnce = false): void {
  const entry = { handler, atOnce };
  // Before the children mount: what a screen holds stands above the screen itself.
  onBeforeMount(() => {
    byTab = false;
    stack.push(entry);
  });
  onBeforeUnmount(() => {
    stack.splice(stack.indexOf(entry), 1);
  });
}

/** A function key, for as long as the place that hints at it is shown. */
export function useFunctionKey(key: string, command: () => void, always = false): void {
  const entry: FunctionKey = { command, always };
  onMounted(() => {
    functionKeys.set(key, [...(functionKeys.get(key) ?? []), entry]);
  });
  onBeforeUnmount(() => {
    functionKeys.set(
      key,
      (functionKeys.get(key) ?? []).filter((other) => other !== entry),
    );
  });
}

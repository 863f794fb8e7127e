/** Choices that belong to this screen and not to the terminal: language, theme, sound. */

export type Language = "zh" | "en";
export type Theme = "auto" | "light" | "dark";

/** What is needed of a browser's storage; a page without storage works and forgets. */
export interface Store {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

/** Read one of the allowed words, or the default when nothing valid is stored. */
export function readChoice<T extends string>(
  store: Store | null,
  key: string,
  allowed: readonly T[],
  fallback: T,
): T {
  try {
    const value = store?.getItem(key);
    return allowed.find((word) => word === value) ?? fallback;
  } catch {
    return fallback; // A browser may refuse storage; the choice then lasts as long as the page.
  }
}

/** Keep a choice, if the browser lets us. */
export function keepChoice(store: Store | null, key: string, value: string): void {
  try {
    store?.setItem(key, value);
  } catch {
    // See readChoice.
  }
}

/** Chinese for any Chinese browser, English for all others. */
export function languageOf(browserLanguages: readonly string[]): Language {
  return browserLanguages[0]?.toLowerCase().startsWith("zh") ? "zh" : "en";
}

/** The storage of this browser, or null where it is switched off. */
export function browserStore(): Store | null {
  try {
    return window.localStorage;
  } catch {
    return null;
  }
}

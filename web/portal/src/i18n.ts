/** Chinese and English, both complete (the compiler checks that), nothing fetched. */

import { createI18n } from "vue-i18n";
import {
  browserStore,
  keepChoice,
  languageOf,
  readChoice,
  type Language,
} from "@tongbao/shared/preference.ts";
import { en } from "./messages/en";
import { zh, type Messages } from "./messages/zh";

const KEY = "tongbao.portal.language";

export const i18n = createI18n<[Messages], Language, false>({
  legacy: false,
  locale: "zh",
  fallbackLocale: "en",
  messages: { zh, en },
});

export function language(): Language {
  return i18n.global.locale.value;
}

/** The language as HTTP names it. */
export function languageTag(): string {
  return language() === "zh" ? "zh-Hans" : "en";
}

export function setLanguage(wanted: Language): void {
  i18n.global.locale.value = wanted;
  document.documentElement.lang = languageTag();
  keepChoice(browserStore(), KEY, wanted);
}

/** The language chosen here before, or the browser's. */
export function firstLanguage(): Language {
  return readChoice(browserStore(), KEY, ["zh", "en"], languageOf(navigator.languages));
}

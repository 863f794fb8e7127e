/** Chinese and English, both complete (the compiler checks that), nothing fetched. */

import { createI18n } from "vue-i18n";
import type { Language } from "@tongbao/shared/preference.ts";
import { en } from "./messages/en";
import { zh, type Messages } from "./messages/zh";

export const i18n = createI18n<[Messages], Language, false>({
  legacy: false,
  locale: "zh",
  fallbackLocale: "en",
  messages: { zh, en },
});

export function setLanguage(language: Language): void {
  i18n.global.locale.value = language;
  document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
}

/** The same word in the other language: cashier and customer may not read the same one. */
export function otherLanguage(key: string): string {
  const { locale, t } = i18n.global;
  return t(key, {}, { locale: locale.value === "zh" ? "en" : "zh" });
}

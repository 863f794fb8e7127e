/** Light or dark: as the system says, until somebody chooses. */

import { Dark } from "quasar";
import { ref } from "vue";
import { browserStore, keepChoice, readChoice, type Theme } from "@tongbao/shared/preference.ts";

const KEY = "tongbao.portal.theme";
const THEMES: readonly Theme[] = ["auto", "light", "dark"];

export const theme = ref<Theme>("auto");

function show(): void {
  const system = window.matchMedia("(prefers-color-scheme: dark)").matches;
  const dark = theme.value === "dark" || (theme.value === "auto" && system);
  Dark.set(dark);
  document.documentElement.dataset["theme"] = dark ? "dark" : "light";
}

export function setTheme(wanted: Theme): void {
  theme.value = wanted;
  keepChoice(browserStore(), KEY, wanted);
  show();
}

export function startTheme(): void {
  theme.value = readChoice(browserStore(), KEY, THEMES, "auto");
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

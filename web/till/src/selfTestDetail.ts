/** What a self-test's part found: the terminal writes it once, in a short form; a reader gets words. */

export type DetailWords = { readonly form: DetailForm; readonly numbers: readonly string[] };
export type DetailForm = "person" | "printed" | "scanner" | "network" | "storage" | "sale";

const FORMS: readonly (readonly [RegExp, DetailForm])[] = [
  [/^person$/, "person"],
  [/^(\d+) dots, (\d+) code$/, "printed"],
  [/^virtual scanner$/, "scanner"],
  [/^platform (\d+) ms, host (\d+) ms$/, "network"],
  [/^(\d+) MiB free$/, "storage"],
  [/^approved, (\d+) slips$/, "sale"],
];

/** The form of a detail with its numbers, or null for one that is shown as it was written. */
export function detailWords(detail: string): DetailWords | null {
  for (const [form, name] of FORMS) {
    const found = form.exec(detail);
    if (found !== null) {
      return { form: name, numbers: found.slice(1) };
    }
  }
  return null;
}

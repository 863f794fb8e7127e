/** Words for what the code of an answer means, in the language of the page. */

import type { Problem } from "./api/problem";
import { i18n } from "./i18n";

export interface ProblemWords {
  readonly title: string;
  readonly todo: string;
}

/** The server's own words where it has some; ours for what happened on the way. */
export function problemWords(problem: Problem): ProblemWords {
  const { t, te } = i18n.global;
  if (te(`problem.${problem.code}.title`)) {
    return { title: t(`problem.${problem.code}.title`), todo: t(`problem.${problem.code}.todo`) };
  }
  if (problem.detail !== "" || problem.title !== "") {
    const [title, todo] = problem.title === "" ? [problem.detail, ""] : [problem.title, problem.detail];
    return { title, todo };
  }
  const kind = problem.status === 429 ? "slow" : problem.status === 404 ? "missing" : "server";
  return { title: t(`problem.${kind}.title`), todo: t(`problem.${kind}.todo`) };
}

/** The same in one line, for beside a button. */
export function problemLine(problem: Problem): string {
  const { title, todo } = problemWords(problem);
  return todo === "" ? title : `${title} ${todo}`;
}

/** Sends a file and tells how far it is: the one thing that `fetch` cannot do. */

import type { Client } from "./client";
import { ownProblem, problemOf } from "./problem";

export interface UploadOptions {
  readonly key: string;
  /** Told the share that has been sent, 0 to 1. */
  readonly progress: (share: number) => void;
  readonly signal?: AbortSignal;
}

/** POST a form with a file in it. Throws a Problem when it is refused or does not arrive. */
export async function upload<T>(
  client: Client,
  path: string,
  form: FormData,
  options: UploadOptions,
): Promise<T> {
  const headers = await client.headers({ key: options.key });
  return new Promise<T>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", path);
    for (const [name, value] of Object.entries(headers)) {
      request.setRequestHeader(name, value);
    }
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable && event.total > 0) {
        options.progress(event.loaded / event.total);
      }
    });
    request.addEventListener("load", () => {
      const retry = request.getResponseHeader("Retry-After");
      const answer = new Response(request.responseText, {
        status: request.status,
        headers: retry === null ? {} : { "Retry-After": retry },
      });
      if (answer.ok) {
        answer.json().then(resolve as (value: unknown) => void, () => reject(ownProblem("bad_answer")));
      } else {
        problemOf(answer).then(reject, reject);
      }
    });
    request.addEventListener("error", () => reject(ownProblem("network")));
    request.addEventListener("abort", () => reject(ownProblem("dropped")));
    options.signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

/**
 * The page's only line to its terminal. It reconnects by itself, queues nothing, gives every command
 * an id and the state it was meant for, and does a double tap once.
 */

import type { Commands, CommandName, Phase, Said, ServerMessage, StateMessage } from "./protocol";
import { parseMessage } from "./protocol";

export type LinkStatus = "connecting" | "up" | "down";

export type Answer = { readonly ok: true } | { readonly ok: false; readonly error: Said };

export interface Socket {
  onopen: ((event: Event) => void) | null;
  onmessage: ((event: MessageEvent) => void) | null;
  onclose: ((event: CloseEvent) => void) | null;
  onerror: ((event: Event) => void) | null;
  send(text: string): void;
  close(): void;
}

/** Everything the link needs from outside, so that tests can turn the clock by hand. */
export interface Surroundings {
  readonly connect: () => Socket;
  readonly later: (ms: number, act: () => void) => () => void;
  readonly newId: () => string;
  readonly now: () => number;
}

export interface Listener {
  status(status: LinkStatus): void;
  state(message: StateMessage, first: boolean): void;
}

const RETRY_MS = [250, 500, 1000, 2000] as const;
/** A terminal that does not acknowledge in this time is treated as gone. */
export const ACK_LIMIT_MS = 5000;
/** A connection that brings no state in this time is given up and made anew. */
export const FIRST_STATE_LIMIT_MS = 5000;
/** After a success the same command is deaf until the state moves on, at most this long. */
export const ECHO_LIMIT_MS = 1000;

const LOST: Said = { code: "link_lost", zh: "与终端的连接中断", en: "Lost the terminal" };
const BLOCKED: Said = { code: "link_down", zh: "未连接终端", en: "Not connected to the terminal" };
const ALREADY: Said = { code: "already_sent", zh: "已发送", en: "Already sent" };

interface Pending {
  readonly settle: (answer: Answer) => void;
  readonly stopTimer: () => void;
}

export class TerminalLink {
  #status: LinkStatus = "connecting";
  #socket: Socket | null = null;
  #attempt = 0;
  #seq = -1;
  #phase: Phase | null = null;
  #stopTimer: () => void = () => {};
  #closed = false;
  readonly #pending = new Map<string, Pending>();
  readonly #inFlight = new Map<CommandName, Promise<Answer>>();
  readonly #done = new Map<CommandName, { seq: number; at: number }>();

  constructor(
    private readonly around: Surroundings,
    private readonly listener: Listener,
  ) {}

  get status(): LinkStatus {
    return this.#status;
  }

  open(): void {
    const socket = this.around.connect();
    this.#socket = socket;
    this.#seq = -1; // A restarted terminal counts from the beginning again.
    this.#phase = null;
    this.#stopTimer = this.around.later(FIRST_STATE_LIMIT_MS, () => this.#drop(socket));
    socket.onmessage = (event) => {
      const message = typeof event.data === "string" ? parseMessage(event.data) : null;
      if (message !== null && this.#socket === socket) {
        this.#take(message);
      }
    };
    socket.onclose = () => this.#lost(socket);
    socket.onerror = () => this.#drop(socket);
  }

  close(): void {
    this.#closed = true;
    this.#stopTimer();
    this.#socket?.close();
  }

  /**
   * Send a command now or not at all. A second tap on a command that is under way gets the first
   * tap's answer; one on a command just done, before the screen moved on, is refused here.
   */
  send<Name extends CommandName>(command: Name, args: Commands[Name]): Promise<Answer> {
    const running = this.#inFlight.get(command);
    if (running !== undefined) {
      return running;
    }
    if (this.#status !== "up" || this.#socket === null || this.#phase === null) {
      return Promise.resolve({ ok: false, error: BLOCKED });
    }
    const done = this.#done.get(command);
    if (done?.seq === this.#seq && this.around.now() - done.at < ECHO_LIMIT_MS) {
      return Promise.resolve({ ok: false, error: ALREADY });
    }
    const socket = this.#socket;
    const seq = this.#seq;
    const id = this.around.newId();
    const answer = new Promise<Answer>((resolve) => {
      const settle = (result: Answer): void => {
        this.#pending.delete(id);
        this.#inFlight.delete(command);
        if (result.ok) {
          this.#done.set(command, { seq, at: this.around.now() });
        }
        resolve(result);
      };
      const stopTimer = this.around.later(ACK_LIMIT_MS, () => this.#drop(socket));
      this.#pending.set(id, { settle, stopTimer });
    });
    this.#inFlight.set(command, answer);
    socket.send(JSON.stringify({ id, command, seq, phase: this.#phase, ...args }));
    return answer;
  }

  #take(message: ServerMessage): void {
    if (message.type === "ack") {
      const pending = this.#pending.get(message.id);
      pending?.stopTimer();
      pending?.settle(message.ok ? { ok: true } : { ok: false, error: message.error ?? LOST });
      return;
    }
    if (message.seq <= this.#seq) {
      return; // An older picture never overwrites a newer one.
    }
    const first = this.#seq < 0;
    this.#seq = message.seq;
    this.#phase = message.state.phase;
    if (first) {
      this.#stopTimer();
      this.#attempt = 0;
    }
    this.listener.state(message, first);
    this.#become("up");
  }

  /** Give a silent connection up; its close event may come late or never. */
  #drop(socket: Socket): void {
    socket.close();
    this.#lost(socket);
  }

  #lost(socket: Socket): void {
    if (this.#socket !== socket) {
      return;
    }
    this.#socket = null;
    this.#stopTimer();
    for (const pending of [...this.#pending.values()]) {
      pending.stopTimer();
      pending.settle({ ok: false, error: LOST });
    }
    this.#done.clear();
    this.#become("down");
    if (!this.#closed) {
      const wait = RETRY_MS[Math.min(this.#attempt, RETRY_MS.length - 1)] ?? 2000;
      this.#attempt += 1;
      this.#stopTimer = this.around.later(wait, () => this.open());
    }
  }

  #become(status: LinkStatus): void {
    if (this.#status !== status) {
      this.#status = status;
      this.listener.status(status);
    }
  }
}

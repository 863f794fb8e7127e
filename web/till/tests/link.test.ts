import { beforeEach, describe, expect, it } from "vitest";
import {
  ACK_LIMIT_MS,
  ECHO_LIMIT_MS,
  FIRST_STATE_LIMIT_MS,
  TerminalLink,
  type LinkStatus,
  type Socket,
} from "../src/link";
import type { StateMessage } from "../src/protocol";

class FakeSocket implements Socket {
  onopen: ((event: Event) => void) | null = null;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onclose: ((event: CloseEvent) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  closed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text) as Record<string, unknown>);
  }
  close(): void {
    this.closed = true;
  }
  say(message: unknown): void {
    this.onmessage?.({ data: JSON.stringify(message) } as MessageEvent);
  }
  state(seq: number, phase = "idle"): void {
    this.say({ type: "state", seq, state: { phase } });
  }
  hangUp(): void {
    this.onclose?.({} as CloseEvent);
  }
}

/** The world around a link with a clock that only the test turns. */
class World {
  time = 0;
  readonly sockets: FakeSocket[] = [];
  readonly statuses: LinkStatus[] = [];
  readonly states: { seq: number; first: boolean }[] = [];
  private timers: { at: number; act: () => void }[] = [];
  private ids = 0;
  readonly link = new TerminalLink(
    {
      connect: () => {
        const socket = new FakeSocket();
        this.sockets.push(socket);
        return socket;
      },
      later: (ms, act) => {
        const timer = { at: this.time + ms, act };
        this.timers.push(timer);
        return () => {
          this.timers = this.timers.filter((other) => other !== timer);
        };
      },
      newId: () => `id-${(this.ids += 1)}`,
      now: () => this.time,
    },
    {
      status: (status) => this.statuses.push(status),
      state: (message: StateMessage, first) => this.states.push({ seq: message.seq, first }),
    },
  );

  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) {
      throw new Error("the link has not connected yet");
    }
    return socket;
  }
  pass(ms: number): void {
    this.time += ms;
    for (;;) {
      const due = this.timers.filter((timer) => timer.at <= this.time)[0];
      if (due === undefined) {
        return;
      }
      this.timers = this.timers.filter((other) => other !== due);
      due.act();
    }
  }
}

describe("the link to the terminal", () => {
  let world: World;
  beforeEach(() => {
    world = new World();
    world.link.open();
  });

  it("is up only when the first state has come", () => {
    expect(world.link.status).toBe("connecting");
    world.socket.state(7);
    expect(world.link.status).toBe("up");
    expect(world.states).toEqual([{ seq: 7, first: true }]);
  });

  it("sends a command with id, the seq seen and the phase meant", async () => {
    world.socket.state(7, "idle");
    const answer = world.link.send("start", { kind: "sale", amount_minor: 1250 });
    expect(world.socket.sent).toEqual([
      { id: "id-1", command: "start", seq: 7, phase: "idle", kind: "sale", amount_minor: 1250 },
    ]);
    world.socket.say({ type: "ack", id: "id-1", ok: true, error: null });
    expect(await answer).toEqual({ ok: true });
  });

  it("sends a double tap once and gives both taps the one answer", async () => {
    world.socket.state(1);
    const first = world.link.send("start", { kind: "sale", amount_minor: 1 });
    const second = world.link.send("start", { kind: "sale", amount_minor: 1 });
    world.socket.say({ type: "ack", id: "id-1", ok: true, error: null });
    expect(await first).toEqual({ ok: true });
    expect(await second).toEqual({ ok: true });
    expect(world.socket.sent).toHaveLength(1);
  });

  it("is deaf to the same command after its success until the state moves on", async () => {
    world.socket.state(1);
    const first = world.link.send("start", { kind: "sale", amount_minor: 1 });
    world.socket.say({ type: "ack", id: "id-1", ok: true, error: null });
    await first;
    const echo = await world.link.send("start", { kind: "sale", amount_minor: 1 });
    expect(echo).toMatchObject({ ok: false, error: { code: "already_sent" } });
    world.socket.state(2);
    void world.link.send("start", { kind: "sale", amount_minor: 1 });
    expect(world.socket.sent.map((sent) => sent["seq"])).toEqual([1, 2]);
  });

  it("hears the same command again when nothing moved for a while", async () => {
    world.socket.state(1);
    const first = world.link.send("resolve_now", {});
    world.socket.say({ type: "ack", id: "id-1", ok: true, error: null });
    await first;
    world.pass(ECHO_LIMIT_MS);
    void world.link.send("resolve_now", {});
    expect(world.socket.sent).toHaveLength(2);
  });

  it("lets a refused command be given again at once", async () => {
    world.socket.state(1, "logged_out");
    const wrong = world.link.send("log_in", { operator: "01", password: "9999" });
    const error = { code: "wrong_password", zh: "密码错误", en: "Wrong password" };
    world.socket.say({ type: "ack", id: "id-1", ok: false, error });
    expect(await wrong).toEqual({ ok: false, error });
    void world.link.send("log_in", { operator: "01", password: "0000" });
    expect(world.socket.sent).toHaveLength(2);
  });

  it("sends and queues nothing while the terminal is gone", async () => {
    world.socket.state(1);
    world.socket.hangUp();
    expect(world.link.status).toBe("down");
    const answer = await world.link.send("start", { kind: "sale", amount_minor: 1 });
    expect(answer).toMatchObject({ ok: false, error: { code: "link_down" } });
    world.pass(250);
    world.socket.state(1);
    expect(world.link.status).toBe("up");
    expect(world.sockets).toHaveLength(2);
    expect(world.sockets.flatMap((socket) => socket.sent)).toEqual([]);
  });

  it("sends nothing before the new connection has brought a state", async () => {
    world.socket.state(5);
    world.socket.hangUp();
    world.pass(250);
    const answer = await world.link.send("dismiss", {});
    expect(answer.ok).toBe(false);
    expect(world.socket.sent).toEqual([]);
  });

  it("ends a command under way when the connection breaks", async () => {
    world.socket.state(1);
    const answer = world.link.send("enter_pin", { pin: "123456" });
    world.socket.hangUp();
    expect(await answer).toMatchObject({ ok: false, error: { code: "link_lost" } });
  });

  it("gives a terminal up that does not acknowledge, and takes no late word from it", async () => {
    world.socket.state(1);
    const mute = world.socket;
    const answer = world.link.send("dismiss", {});
    world.pass(ACK_LIMIT_MS);
    expect(await answer).toMatchObject({ ok: false, error: { code: "link_lost" } });
    expect(mute.closed).toBe(true);
    expect(world.link.status).toBe("down");
    mute.state(9);
    expect(world.states).toHaveLength(1);
  });

  it("gives a connection up that brings no first state", () => {
    world.pass(FIRST_STATE_LIMIT_MS);
    expect(world.socket.closed).toBe(true);
    expect(world.link.status).toBe("down");
    world.pass(250);
    expect(world.sockets).toHaveLength(2);
  });

  it("waits longer between tries, at most two seconds, and starts short again", () => {
    world.socket.hangUp();
    for (const wait of [250, 500, 1000, 2000, 2000]) {
      const before = world.sockets.length;
      world.pass(wait - 1);
      expect(world.sockets).toHaveLength(before);
      world.pass(1);
      expect(world.sockets).toHaveLength(before + 1);
      world.socket.hangUp();
    }
    world.pass(2000);
    world.socket.state(1);
    world.socket.hangUp();
    const before = world.sockets.length;
    world.pass(250);
    expect(world.sockets).toHaveLength(before + 1);
  });

  it("never lets an older picture overwrite a newer one", () => {
    world.socket.state(5);
    world.socket.state(4);
    world.socket.state(5);
    expect(world.states.map((state) => state.seq)).toEqual([5]);
  });

  it("accepts a restarted terminal that counts from the beginning", () => {
    world.socket.state(500);
    world.socket.hangUp();
    world.pass(250);
    world.socket.state(1);
    expect(world.states).toEqual([
      { seq: 500, first: true },
      { seq: 1, first: true },
    ]);
  });

  it("ignores what is not a message of the protocol", () => {
    world.socket.onmessage?.({ data: "not json" } as MessageEvent);
    world.socket.onmessage?.({ data: new ArrayBuffer(2) } as MessageEvent);
    world.socket.say({ type: "state", seq: 1, state: { phase: "dancing" } });
    world.socket.say({ type: "ack", id: "nobody", ok: true });
    world.socket.say(null);
    expect(world.link.status).toBe("connecting");
    expect(world.states).toEqual([]);
  });

  it("stays closed once the page closes it", () => {
    world.socket.state(1);
    world.link.close();
    world.socket.hangUp();
    world.pass(10_000);
    expect(world.sockets).toHaveLength(1);
  });
});

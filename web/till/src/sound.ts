/** The till's voice, made of oscillators: no sound file, nothing to fetch. */

interface Note {
  readonly hertz: number;
  readonly start_s: number;
  readonly length_s: number;
  readonly shape: OscillatorType;
  readonly loudness: number;
}

function note(
  hertz: number,
  start_s: number,
  length_s: number,
  shape: OscillatorType = "sine",
  loudness = 0.18,
): Note {
  return { hertz, start_s, length_s, shape, loudness };
}

/** Rising is good news, falling is bad news, one tone repeated is "wait". */
export const TUNES: Readonly<Record<string, readonly Note[]>> = {
  power_on: [note(523.25, 0, 0.16), note(783.99, 0.12, 0.18), note(1046.5, 0.26, 0.5, "sine", 0.14)],
  key: [note(1318.5, 0, 0.03, "triangle", 0.07)],
  approved: [note(659.25, 0, 0.14), note(987.77, 0.12, 0.42)],
  declined: [note(392, 0, 0.2, "triangle"), note(261.63, 0.2, 0.46, "triangle")],
  doubt: [note(587.33, 0, 0.14), note(587.33, 0.24, 0.14), note(587.33, 0.48, 0.3)],
  error: [note(220, 0, 0.1, "triangle"), note(220, 0.14, 0.14, "triangle")],
};

export class Sounds {
  #context: AudioContext | null = null;
  muted = false;

  constructor(private readonly makeContext: () => AudioContext) {}

  /** Browsers let a page sound only after a person touched it; call this from a gesture. */
  unlock(): void {
    try {
      this.#context ??= this.makeContext();
      void this.#context.resume();
    } catch {
      this.#context = null; // A device without sound is still a till.
    }
  }

  play(name: string): void {
    const tune = TUNES[name];
    const context = this.#context;
    if (this.muted || tune === undefined || context === null || context.state === "closed") {
      return;
    }
    for (const { hertz, start_s, length_s, shape, loudness } of tune) {
      const from = context.currentTime + start_s;
      const oscillator = context.createOscillator();
      const gain = context.createGain();
      oscillator.type = shape;
      oscillator.frequency.value = hertz;
      // A soft edge on both sides; a hard one clicks.
      gain.gain.setValueAtTime(0.0001, from);
      gain.gain.exponentialRampToValueAtTime(loudness, from + 0.012);
      gain.gain.exponentialRampToValueAtTime(0.0001, from + length_s);
      oscillator.connect(gain).connect(context.destination);
      oscillator.start(from);
      oscillator.stop(from + length_s + 0.02);
    }
  }
}

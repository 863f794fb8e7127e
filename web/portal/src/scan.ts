/** The code on a new terminal's screen: what it says, and the browser's own reader for it. */

export interface ActivationCode {
  readonly serial: string;
  readonly terminal: string;
  readonly code: string;
}

interface Detector {
  detect(picture: ImageBitmapSource): Promise<readonly { rawValue: string }[]>;
}
type DetectorMaker = new (options: { formats: string[] }) => Detector;

/** Read `tongbao-activate:<serial>:<terminal>:<code>`; anything else is another code. */
export function activationCodeOf(text: string): ActivationCode | null {
  const parts = /^tongbao-activate:([A-Za-z0-9-]{4,32}):([A-Za-z0-9]{8}):(\d{8})$/.exec(text.trim());
  const [, serial, terminal, code] = parts ?? [];
  return serial === undefined || terminal === undefined || code === undefined ? null : { serial, terminal, code };
}

function maker(): DetectorMaker | null {
  const found = (globalThis as { BarcodeDetector?: DetectorMaker }).BarcodeDetector;
  return found ?? null;
}

export function scanningWorks(): boolean {
  return maker() !== null;
}

/** The first code in a picture, or null. */
export async function readCode(picture: ImageBitmapSource): Promise<string | null> {
  const make = maker();
  if (make === null) {
    return null;
  }
  const [found] = await new make({ formats: ["qr_code"] }).detect(picture);
  return found?.rawValue ?? null;
}

/**
 * A signature on its way from a finger to the terminal: strokes stay on this page, one small picture
 * of black and white leaves it. Pure but for the canvas that turns lines into dots.
 */

export interface Point {
  /** Both from 0 to 1 across the signing field. */
  readonly x: number;
  readonly y: number;
}
export type Stroke = readonly Point[];

/** The size of the picture that is kept: enough to know a hand by, small enough for one message. */
export const SIGNATURE_WIDTH = 256;
export const SIGNATURE_HEIGHT = 96;
/** Less ink than this part of the field's width is a slip of the finger. */
const LEAST_INK = 0.25;
const PEN_PX = 2.2;

/** How far the pen went, in widths of the field. */
export function inkOf(strokes: readonly Stroke[]): number {
  const ratio = SIGNATURE_HEIGHT / SIGNATURE_WIDTH;
  return strokes
    .flatMap((stroke) =>
      stroke.slice(1).map((point, place) => {
        const before = stroke[place] ?? point;
        return Math.hypot(point.x - before.x, (point.y - before.y) * ratio);
      }),
    )
    .reduce((sum, length) => sum + length, 0);
}

export function isSignature(strokes: readonly Stroke[]): boolean {
  return inkOf(strokes) >= LEAST_INK;
}

/** Pack darkness values (0 to 255, row by row) into rows of whole bytes, 1 = black. */
export function packBits(darkness: ArrayLike<number>, width: number, height: number): Uint8Array {
  const rowBytes = Math.ceil(width / 8);
  const packed = new Uint8Array(rowBytes * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if ((darkness[y * width + x] ?? 0) >= 96) {
        const place = y * rowBytes + (x >> 3);
        packed[place] = (packed[place] ?? 0) | (0x80 >> (x & 7));
      }
    }
  }
  return packed;
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Draw strokes with a round pen on a canvas of this size. */
export function drawStrokes(
  pen: CanvasRenderingContext2D,
  strokes: readonly Stroke[],
  width: number,
  height: number,
): void {
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.lineWidth = (PEN_PX * width) / SIGNATURE_WIDTH;
  for (const stroke of strokes) {
    pen.beginPath();
    stroke.forEach(({ x, y }, place) => {
      if (place === 0) {
        pen.moveTo(x * width, y * height);
      }
      pen.lineTo(x * width, y * height);
    });
    pen.stroke();
  }
}

/** The picture that the terminal keeps, as base64 of its bits. */
export function bitmapOf(strokes: readonly Stroke[]): string {
  const canvas = document.createElement("canvas");
  canvas.width = SIGNATURE_WIDTH;
  canvas.height = SIGNATURE_HEIGHT;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (pen === null) {
    throw new Error("this browser cannot draw");
  }
  drawStrokes(pen, strokes, SIGNATURE_WIDTH, SIGNATURE_HEIGHT);
  const { data } = pen.getImageData(0, 0, SIGNATURE_WIDTH, SIGNATURE_HEIGHT);
  const alpha = data.filter((_, place) => place % 4 === 3);
  return toBase64(packBits(alpha, SIGNATURE_WIDTH, SIGNATURE_HEIGHT));
}

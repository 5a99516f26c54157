/** The characters of curves in ASCII, and of several curves without colours. */
const MARKERS = '*o+x#%@&';
/** Dots of a braille character, by row and column. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;
const BRAILLE = 0x2800;

/** Returns the character of a curve where there are no dots. */
export function markerOf(curve: number): string {
  return MARKERS[curve % MARKERS.length] as string;
}

/** A rectangle of characters to draw on: of braille, which has 2 by 4 dots in a character, or of one mark in each. */
export class Canvas {
  readonly #columns: number;
  readonly #rows: number;
  readonly #isBraille: boolean;
  readonly #dots: Uint8Array;
  /** The curve of a character, counted from 1: the one that was drawn last. */
  readonly #curves: Uint16Array;

  constructor(columns: number, rows: number, isBraille: boolean) {
    this.#columns = columns;
    this.#rows = rows;
    this.#isBraille = isBraille;
    this.#dots = new Uint8Array(columns * rows);
    this.#curves = new Uint16Array(columns * rows);
  }

  /** The number of dots from left to right. */
  get width(): number {
    return this.#columns * (this.#isBraille ? 2 : 1);
  }

  /** The number of dots from top to bottom. */
  get height(): number {
    return this.#rows * (this.#isBraille ? 4 : 1);
  }

  /** Draws a point that can be seen alone. Dots are counted from the upper left. */
  point(x: number, y: number, curve: number): void {
    for (const [dx, dy] of this.#isBraille
      ? ([
          [0, 0],
          [1, 0],
          [0, 1],
          [1, 1],
        ] as const)
      : ([[0, 0]] as const))
      this.#set(x + dx, y + dy, curve);
  }

  /** Draws a straight line, with both of its ends. */
  line([x1, y1]: readonly [number, number], [x2, y2]: readonly [number, number], curve: number): void {
    const steps = Math.max(Math.abs(x2 - x1), Math.abs(y2 - y1), 1);
    for (let step = 0; step <= steps; step++) {
      const part = step / steps;
      this.#set(Math.round(x1 + (x2 - x1) * part), Math.round(y1 + (y2 - y1) * part), curve);
    }
  }

  /**
   * Returns the rows.
   *
   * @param paint - colours the text of a curve
   */
  toRows(paint: (text: string, curve: number) => string): string[] {
    return Array.from({ length: this.#rows }, (_, row) => {
      const start = row * this.#columns;
      return Array.from({ length: this.#columns }, (_, column) => {
        const curve = (this.#curves[start + column] as number) - 1;
        if (curve < 0) return ' ';
        const dots = this.#dots[start + column] as number;
        return paint(this.#isBraille ? String.fromCharCode(BRAILLE + dots) : markerOf(curve), curve);
      })
        .join('')
        .trimEnd();
    });
  }

  #set(x: number, y: number, curve: number): void {
    if (x < 0 || y < 0 || x >= this.width || y >= this.height) return;
    const [column, row] = this.#isBraille ? [x >> 1, y >> 2] : [x, y];
    const index = row * this.#columns + column;
    this.#dots[index] = (this.#dots[index] as number) | (DOTS[y % 4]?.[x % 2] as number);
    this.#curves[index] = curve + 1;
  }
}

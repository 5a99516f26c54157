import stringWidth from 'string-width';
import { escapeControls } from '../../util/control-characters.js';
import { Canvas, markerOf } from './canvas.js';
import type { Curve, Picture } from './picture.js';
import { createScale, type Scale } from './scale.js';

/** How a picture is drawn with characters. */
export interface TerminalOptions {
  /** The columns at most. @defaultValue `80` */
  readonly width?: number | undefined;
  /** The rows, without the legend. @defaultValue `20` */
  readonly height?: number | undefined;
  /** Whether the y axis is logarithmic. Then absolute values are drawn. */
  readonly isLogY?: boolean | undefined;
  readonly isColoured?: boolean | undefined;
  /** Whether only ASCII characters are used. */
  readonly isAscii?: boolean | undefined;
}

/** Characters of axes. */
const FRAMES = {
  unicode: { side: '│', sideTick: '┤', corner: '└', bottom: '─', bottomTick: '┬' },
  ascii: { side: '|', sideTick: '+', corner: '+', bottom: '-', bottomTick: '+' },
} as const;
/** Cyan, yellow, magenta, green, blue, red. */
const COLOURS = [36, 33, 35, 32, 34, 31];
/** The smallest plot, in characters. */
const [LEAST_COLUMNS, LEAST_ROWS] = [10, 4];
/** The rows of a tick, and the columns. */
const [TICK_ROWS, TICK_COLUMNS] = [4, 11];
/** The rows of the title, the labels and the x axis. */
const OTHER_ROWS = 5;

/** Draws a picture with characters, for a terminal. */
export function toTerminal(picture: Picture, options: TerminalOptions = {}): string {
  const { width = 80, height = 20, isLogY = false, isColoured = false, isAscii = false } = options;
  const { curves } = picture;
  const rows = Math.max(LEAST_ROWS, height - OTHER_ROWS);
  const plain = isAscii ? toAscii : (text: string): string => text;
  const y = createScale(
    curves.flatMap((curve) => curve.y),
    { intervals: Math.max(1, Math.floor(rows / TICK_ROWS)), isLog: isLogY },
  );
  const tickTexts = y.ticks.map(({ text }) => plain(text));
  const margin = Math.max(...tickTexts.map((text) => text.length)) + 1;
  const columns = Math.max(LEAST_COLUMNS, width - margin - 1);
  const x = createScale(
    curves.flatMap((curve) => curve.x),
    { intervals: Math.max(1, Math.floor(columns / TICK_COLUMNS)) },
  );
  // Without colours, different marks tell curves apart.
  const isBraille = !isAscii && (isColoured || curves.length === 1);
  const canvas = new Canvas(columns, rows, isBraille);
  for (const [index, curve] of curves.entries()) draw(canvas, curve, index, { x, y });
  const paint = (text: string, curve: number): string =>
    isColoured ? `\u001b[${COLOURS[curve % COLOURS.length]}m${text}\u001b[39m` : text;
  const frame = isAscii ? FRAMES.ascii : FRAMES.unicode;
  const dots = { x: canvas.width / columns, y: canvas.height / rows };
  const sideTexts = new Map(
    y.ticks.map(({ position }, index) => [
      Math.floor(rowOf(position, canvas.height) / dots.y),
      tickTexts[index],
    ]),
  );
  const oneLine = (text: string): string => clip(plain(escapeControls(text.replace(/\s+/g, ' '))), width);
  const legend = curves.map(
    ({ name }, index) =>
      `${paint(isBraille ? '━━' : markerOf(index), index)} ${clip(plain(escapeControls(name)), width - 3)}`,
  );
  return [
    oneLine(picture.title),
    oneLine(picture.yLabel + y.note),
    ...canvas.toRows(paint).map((row, index) => {
      const text = sideTexts.get(index);
      return `${(text ?? '').padStart(margin)}${text === undefined ? frame.side : frame.sideTick}${row}`;
    }),
    ...xAxis(
      x.ticks.map(({ position, text }) => ({
        column: Math.floor(columnOf(position, canvas.width) / dots.x),
        text: plain(text),
      })),
      { margin, columns, frame },
    ),
    oneLine(picture.xLabel + x.note).padStart(Math.min(width, margin + 1 + columns)),
    ...(curves.length > 1 ? legend : []),
  ].join('\n');
}

function rowOf(position: number, rows: number): number {
  return Math.round((1 - position) * (rows - 1));
}

function columnOf(position: number, columns: number): number {
  return Math.round(position * (columns - 1));
}

/** Draws the curve: lines between points that follow each other, and a point that has no neighbour. */
function draw(canvas: Canvas, { x, y }: Curve, index: number, scales: { x: Scale; y: Scale }): void {
  const { width, height } = canvas;
  const places = x.map((value, position): readonly [number, number] | undefined => {
    const other = y[position] ?? null;
    if (value === null || other === null) return undefined;
    const [left, up] = [scales.x.position(value), scales.y.position(other)];
    // The logarithm of 0 has no place.
    if (!Number.isFinite(up)) return undefined;
    return [columnOf(left, width), rowOf(up, height)];
  });
  for (const [position, place] of places.entries()) {
    const [before, next] = [places[position - 1], places[position + 1]];
    if (place === undefined) continue;
    if (next !== undefined) canvas.line(place, next, index);
    else if (before === undefined) canvas.point(...place, index);
  }
}

interface AxisOptions {
  readonly margin: number;
  readonly columns: number;
  readonly frame: (typeof FRAMES)[keyof typeof FRAMES];
}

/** Draws the x axis, and below it the numbers of its ticks as far as there is room. */
function xAxis(
  ticks: readonly { readonly column: number; readonly text: string }[],
  { margin, columns, frame }: AxisOptions,
): string[] {
  const line = new Array<string>(columns).fill(frame.bottom);
  const width = margin + 1 + columns;
  let numbers = '';
  for (const { column, text } of ticks) {
    line[column] = frame.bottomTick;
    const middle = margin + 1 + column - Math.floor(text.length / 2);
    const start = Math.min(Math.max(0, middle), width - text.length);
    if (numbers === '' || start >= numbers.length + 2) numbers = numbers.padEnd(start) + text;
  }
  return [`${' '.repeat(margin)}${frame.corner}${line.join('')}`, numbers];
}

/** Shortens a text to a number of columns. */
function clip(text: string, width: number): string {
  if (stringWidth(text) <= width) return text;
  let [clipped, columns] = ['', 0];
  for (const character of text) {
    columns += stringWidth(character);
    if (columns > width - 3) break;
    clipped += character;
  }
  return `${clipped}...`;
}

const SUPERSCRIPTS = '⁰¹²³⁴⁵⁶⁷⁸⁹';
const ASCII: Readonly<Record<string, string>> = {
  '×': 'x',
  '−': '-',
  '·': '-',
  µ: 'u',
  μ: 'u',
  '°': 'deg ',
  Ω: 'Ohm',
  '…': '...',
};

/** Writes a text in ASCII: `10⁻⁹` as `10^-9`. */
function toAscii(text: string): string {
  return text
    .replace(
      /[⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+/g,
      (power) => `^${[...power].map((one) => (one === '⁻' ? '-' : SUPERSCRIPTS.indexOf(one))).join('')}`,
    )
    .replace(/[^\x20-\x7e]/gu, (character) => ASCII[character] ?? '?');
}

import { type Html, html } from '../output/html.js';
import type { Curve, Picture } from './picture.js';
import { createScale, type Scale } from './scale.js';

/** Of the whole picture, in pixels. */
const WIDTH = 640;
/** The edges of the plot. */
const [LEFT, RIGHT, TOP, BOTTOM] = [72, 624, 60, 320];
const LEGEND_TOP = 382;
const LEGEND_ROW = 18;
const [X_INTERVALS, Y_INTERVALS] = [7, 5];
/** Colours that differ clearly, on white and on black. */
const COLOURS = ['#2b7fd4', '#d9650f', '#219a6c', '#c24a9c', '#8f7a1b', '#7b6fd6'];
/** Dashes of lines, for more curves than colours. */
const DASHES = ['', '6 3', '2 3', '8 3 2 3'];
/** The points at most that are drawn as such, and the groups that the points of a longer curve are drawn in. */
const [MOST_MARKS, GROUPS] = [150, 500];
const [LONGEST_TITLE, LONGEST_LABEL] = [74, 90];

/** How a picture is drawn as SVG. */
export interface SvgOptions {
  /** Whether the y axis is logarithmic. Then absolute values are drawn. */
  readonly isLogY?: boolean | undefined;
}

/** Draws a picture as an SVG file. */
export function toSvg(picture: Picture, options: SvgOptions = {}): string {
  return `${drawSvg(picture, options)}\n`;
}

/** Draws a picture as an SVG element without styles, scripts or references. A page can style it by its classes. */
export function drawSvg(
  { title, xLabel, yLabel, curves }: Picture,
  { isLogY = false }: SvgOptions = {},
): Html {
  const x = createScale(
    curves.flatMap((curve) => curve.x),
    { intervals: X_INTERVALS },
  );
  const y = createScale(
    curves.flatMap((curve) => curve.y),
    { intervals: Y_INTERVALS, isLog: isLogY },
  );
  const height = curves.length > 1 ? LEGEND_TOP + LEGEND_ROW * curves.length : LEGEND_TOP - 6;
  return html`<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="system-ui, sans-serif" font-size="12" fill="#333">
<title>${title}: ${yLabel} against ${xLabel}</title>
<rect class="paper" width="${WIDTH}" height="${height}" fill="#fff"/>
<text class="title" x="16" y="24" font-size="14" font-weight="600">${clip(title, LONGEST_TITLE)}</text>
<g class="grid" stroke="#ddd">${x.ticks.map(({ position }) => html`<path d="M${xAt(position)} ${TOP}V${BOTTOM}"/>`)}${y.ticks.map(({ position }) => html`<path d="M${LEFT} ${yAt(position)}H${RIGHT}"/>`)}</g>
<rect class="frame" x="${LEFT}" y="${TOP}" width="${RIGHT - LEFT}" height="${BOTTOM - TOP}" fill="none" stroke="#888"/>
<g text-anchor="middle">${x.ticks.map(({ position, text }) => html`<text x="${xAt(position)}" y="${BOTTOM + 18}">${minus(text)}</text>`)}</g>
<g text-anchor="end">${y.ticks.map(({ position, text }) => html`<text x="${LEFT - 8}" y="${yAt(position) + 4}">${minus(text)}</text>`)}</g>
<text x="${RIGHT}" y="${BOTTOM + 40}" text-anchor="end">${clip(xLabel + x.note, LONGEST_LABEL)}</text>
<text x="16" y="${TOP - 14}">${clip(yLabel + y.note, LONGEST_LABEL)}</text>
${curves.map((curve, index) => drawCurve(curve, index, { x, y }))}${curves.length > 1 ? curves.map(drawLegend) : ''}</svg>`;
}

interface Scales {
  readonly x: Scale;
  readonly y: Scale;
}

function drawCurve({ x, y }: Curve, index: number, scales: Scales): Html {
  const places = x.map((value, position): Place | undefined => {
    const other = y[position] ?? null;
    if (value === null || other === null) return undefined;
    const place = { x: xAt(scales.x.position(value)), y: yAt(scales.y.position(other)) };
    // The logarithm of 0 has no place.
    return Number.isFinite(place.y) ? place : undefined;
  });
  const shown = places.length > GROUPS * 4 ? thinOut(places) : places;
  const line = shown
    .map(
      (place, position) => place && `${shown[position - 1] === undefined ? 'M' : 'L'}${place.x} ${place.y}`,
    )
    .join('');
  const isAlone = (position: number): boolean =>
    shown[position - 1] === undefined && shown[position + 1] === undefined;
  const marks = shown.map((place, position) =>
    place !== undefined && (shown.length <= MOST_MARKS || isAlone(position))
      ? html`<circle cx="${place.x}" cy="${place.y}" r="2.5"/>`
      : '',
  );
  return html`<g class="curve"><path d="${line}" fill="none" ${stroke(index)} stroke-width="1.5" stroke-linejoin="round"/><g fill="${colour(index)}">${marks}</g></g>
`;
}

function drawLegend({ name }: Curve, index: number): Html {
  const y = LEGEND_TOP + index * LEGEND_ROW;
  return html`<path d="M16 ${y - 4}H44" ${stroke(index)} stroke-width="2"/><text x="52" y="${y}">${clip(name, LONGEST_LABEL)}</text>
`;
}

/** In pixels. */
interface Place {
  readonly x: number;
  readonly y: number;
}

/** Keeps of each group of points the first, the last, the lowest and the highest one: the picture is the same. */
function thinOut(places: readonly (Place | undefined)[]): (Place | undefined)[] {
  const size = Math.ceil(places.length / GROUPS);
  return Array.from({ length: GROUPS }, (_, group) => places.slice(group * size, (group + 1) * size)).flatMap(
    (all) => {
      const order = all.map((_, index) => index).filter((index) => all[index] !== undefined);
      const height = (index: number): number => (all[index] as Place).y;
      const byHeight = [...order].sort((a, b) => height(a) - height(b));
      const kept = new Set([order[0], order.at(-1), byHeight[0], byHeight.at(-1)]);
      return all.filter((place, index) => place === undefined || kept.has(index));
    },
  );
}

function xAt(position: number): number {
  return round(LEFT + position * (RIGHT - LEFT));
}

function yAt(position: number): number {
  return round(BOTTOM - position * (BOTTOM - TOP));
}

/** A hundredth of a pixel cannot be seen. */
function round(value: number): number {
  return Math.round(value * 100) / 100;
}

function colour(index: number): string {
  return COLOURS[index % COLOURS.length] as string;
}

function stroke(index: number): Html {
  const dash = DASHES[Math.floor(index / COLOURS.length) % DASHES.length] as string;
  return html`stroke="${colour(index)}"${dash === '' ? '' : html` stroke-dasharray="${dash}"`}`;
}

function minus(text: string): string {
  return text.replace('-', '−');
}

function clip(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

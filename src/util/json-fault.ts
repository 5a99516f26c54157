const SPACE = /[ \t\r\n]*/y;
/** The parts of a JSON text, and the numbers that Python writes into it. */
const TOKEN =
  /"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null|NaN|-?Infinity)(?!\w)|[{}[\],:]/uy;
/** The text that a message shows at a place where JSON has no such part. */
const ANYTHING = /[^\s,:[\]{}"]+|./suy;
/** The longest part that is shown, in characters. */
const LONGEST = 30;
const QUOTE = /^['`´‘’‚“”„«»]/u;

/** What may come next. */
type Wanted = 'value' | 'name' | 'colon' | 'comma' | 'end';

/** A bracket that is not closed yet. */
interface Open {
  readonly sign: '{' | '[';
  readonly at: number;
}

/**
 * Finds the first mistake in a text that is not JSON.
 *
 * @returns the place and the mistake, such as `line 4, column 3: a comma is missing before "CURRENT"`; undefined where there
 * is none
 */
export function findJsonFault(text: string): string | undefined {
  const open: Open[] = [];
  let wanted: Wanted = 'value';
  let before = '';
  for (let at = 0; ; at += before.length) {
    at += (matchAt(SPACE, text, at) ?? '').length;
    const here = (fault: string): string => `${whereIs(text, at)}: ${fault}`;
    if (at === text.length) return wanted === 'end' ? undefined : here(faultOfEnd(text, open.at(-1)));
    const token = matchAt(TOKEN, text, at);
    if (token === undefined) return here(faultOfSign(text, at, wanted, before));
    const last = open.at(-1)?.sign;
    const isClosing = token === '}' || token === ']';
    if (isClosing && last === openingOf(token) && (wanted === 'comma' || before === last)) open.pop();
    else if (!isWanted(token, wanted)) return here(faultOf(token, wanted, before));
    else if (token === '{' || token === '[') open.push({ sign: token, at });
    wanted = afterToken(token, wanted, open.at(-1)?.sign);
    before = token;
  }
}

function isWanted(token: string, wanted: Wanted): boolean {
  if (wanted === 'value') return !/^[}\],:]$/.test(token);
  if (wanted === 'name') return token.startsWith('"');
  return token === { colon: ':', comma: ',', end: '' }[wanted];
}

/** @param inside - the bracket that is open after the token */
function afterToken(token: string, wanted: Wanted, inside: Open['sign'] | undefined): Wanted {
  if (token === '{') return 'name';
  if (token === ',') return inside === '{' ? 'name' : 'value';
  if (token === '[' || token === ':') return 'value';
  if (wanted === 'name' && token !== '}') return 'colon';
  return inside === undefined ? 'end' : 'comma';
}

function faultOf(token: string, wanted: Wanted, before: string): string {
  const shown = clip(token);
  const isClosing = token === '}' || token === ']';
  if (before === ',' && isClosing) return `the comma before ${token} is one too many`;
  switch (wanted) {
    case 'value':
      return `a value is missing before ${shown}`;
    case 'name':
      return `a name in double quotation marks must be here, not ${shown}`;
    case 'colon':
      return `a colon is missing before ${shown}`;
    case 'comma':
      return isClosing ? `the bracket before ${token} is not closed` : `a comma is missing before ${shown}`;
    default:
      return `nothing may follow the end, but there is ${shown}`;
  }
}

/** The mistake where there is no part of a JSON text. */
function faultOfSign(text: string, at: number, wanted: Wanted, before: string): string {
  const shown = matchAt(ANYTHING, text, at) ?? '';
  if (shown === '"')
    return 'the quotation mark is not closed in this line, or a \\ is before a wrong character';
  const quote = QUOTE.exec(shown)?.[0];
  if (quote !== undefined) return `the quotation mark ${quote} must be "`;
  return wanted === 'value' ? `a value cannot be written as ${clip(shown)}` : faultOf(shown, wanted, before);
}

function faultOfEnd(text: string, open: Open | undefined): string {
  if (open === undefined) return text.trim() === '' ? 'there is no text' : 'the text ends too early';
  return `the text ends, but the ${open.sign} of ${whereIs(text, open.at)} is not closed`;
}

function openingOf(closing: '}' | ']'): Open['sign'] {
  return closing === '}' ? '{' : '[';
}

function whereIs(text: string, at: number): string {
  const lines = text.slice(0, at).split(/\r\n|\r|\n/);
  return `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function clip(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

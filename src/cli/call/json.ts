import { CliError } from '../errors.js';

/** The strings and the numbers of a JSON text. */
const TOKEN = /"(?:\\.|[^"\\])*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** More digits are not compared. */
const MOST_DIGITS = 100;

/**
 * Reads JSON.
 *
 * @param where - where it is from, for a message
 * @throws CliError where it is not JSON, or a number in it would lose digits
 */
export function parseJson(text: string, where: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new CliError(`${where} is not JSON (${(error as Error).message})`, {
      advice: 'A text is given with key=TEXT, JSON with key:=JSON. JSON can be in a file: key=@file.json',
    });
  }
  const number = text.match(TOKEN)?.find((token) => !token.startsWith('"') && !isExact(token));
  if (number === undefined) return value;
  throw new CliError(`${where}: the number ${number} would lose digits`, {
    advice: `Give it with fewer digits, or as a text: "${number}"`,
  });
}

/** Whether a number is sent with all digits that it was written with. */
function isExact(literal: string): boolean {
  const number = Number(literal);
  if (/^-?\d+$/.test(literal)) return Number.isSafeInteger(number) || String(number) === literal;
  const digits = digitsOf(literal);
  if (digits === '') return true;
  return digits.length <= MOST_DIGITS && digitsOf(number.toPrecision(digits.length)) === digits;
}

/** Returns the significant digits. */
function digitsOf(literal: string): string {
  return literal.replace(/e.*$/i, '').replace(/[-.]/g, '').replace(/^0+/, '');
}

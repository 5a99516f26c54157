import type { ShownRequest, ShownResponse } from '../redaction/exchange.js';
import { isFilledString, isRecord } from '../util/guards.js';
import { type AppError, parseAppErrors } from './app-errors.js';
import { clipLine, LONGEST_LINE } from './base.js';

/** The longest name of a request in a first line, in characters. */
const LONGEST_NAME = 120;
/** A longer parameter of a server's error is not shown in a first line. */
const LONGEST_PARAMETER = 60;
/** A longer text is not the reason, but a page of some kind. Neither is markup. */
const SENTENCE = /^[^<{[\n]{1,200}$/;
/** Members of an error's `paramMap` that hold texts on single keys of the input, by the path of the key. */
const KEY_MAPS = ['missingKeyMap', 'invalidTypeKeyMap', 'invalidValueKeyMap'];
/** The most unknown keys that a message names. */
const MOST_KEYS = 5;
/** The URL of a file on EOS, whose tokens are short-lived. */
const EOS = /^https?:\/\/[^/?#]+\/(?:[^?#]*\/)?eos\//i;

const ADVICE: Readonly<Record<number, string>> = {
  404: 'Check the name of the command, or the URL.',
  413: 'Send less at once.',
  429: 'Send fewer requests at once: see `maxConcurrency` and `minInterval`.',
};

/** Formats the first line of a message, such as `getComponent: Component does not exist (400)`. */
export function formatFirstLine(name: string, reason: string, status: number): string {
  const start = `${clipLine(name, LONGEST_NAME)}: `;
  const end = ` (${status})`;
  return start + withoutStop(clipLine(reason, LONGEST_LINE - start.length - end.length)) + end;
}

/** Returns the command where the path of a request is one, else its method and path. */
export function nameOfRequest({ method, url }: ShownRequest): string {
  const [, path = '/'] = /^[a-z]+:\/\/[^/?#]*(\/[^?#]*)/i.exec(url) ?? [];
  const isCommand = /^(?:GET|POST)$/.test(method) && /^\/[A-Za-z]\w*$/.test(path);
  return isCommand ? path.slice(1) : `${method} ${path}`;
}

/** Returns the server's own sentence: that of its first error, else the one of another kind of body or of the status. */
export function reasonOf({ data, statusText }: ShownResponse): string {
  const entry = firstError(data);
  if (entry !== undefined) return sentenceOf(entry);
  if (saysSomething(data) && SENTENCE.test(data.trim())) return data;
  const { message, error_description: description, error } = isRecord(data) ? data : {};
  return [message, description, error, statusText].find(saysSomething) ?? 'the server gave no reason';
}

/** Returns what to do, where that is known: what is wrong with single keys of the input, else what the status means. */
export function adviceOf({ data, status, request }: ShownResponse): string {
  const { paramMap = {} } = firstError(data)?.[1] ?? {};
  const texts = KEY_MAPS.flatMap((name) => textsOf(paramMap[name]));
  const unknown = nameUnknownKeys(paramMap);
  if (unknown !== '') texts.push(unknown);
  return clipLine(texts.join(' ')) || (status === 403 && adviceOnEos(request)) || (ADVICE[status] ?? '');
}

/** Names the keys of the input that the server does not know, such as `Unknown key: filterMap.colour.`; `''` if there are none. */
export function nameUnknownKeys({ unsupportedKeyList: list }: AppError['paramMap']): string {
  const keys = Array.isArray(list) ? list.filter(isFilledString).map(withoutRoot) : [];
  if (keys.length === 0) return '';
  const more = keys.length > MOST_KEYS ? `, and ${keys.length - MOST_KEYS} more` : '';
  return `Unknown key${keys.length === 1 ? '' : 's'}: ${keys.slice(0, MOST_KEYS).join(', ')}${more}.`;
}

/** Returns what the server says of single keys. If a text does not name its key, the key is put before it. */
function textsOf(keyMap: unknown): string[] {
  return Object.entries(isRecord(keyMap) ? keyMap : {}).flatMap(([path, reasons]) => {
    const key = withoutRoot(path);
    const name = key
      .replace(/\[\d+\]$/, '')
      .replace(/^.*\./, '')
      .toLowerCase();
    const isNamedIn = (text: string): boolean => text.toLowerCase().split(/\W+/).includes(name);
    return valuesOf(reasons)
      .filter(isFilledString)
      .map((text) => (name === '' || isNamedIn(text) ? text : `\`${key}\`: ${text}`));
  });
}

/** Returns the path of a key below the input: `filterMap.state` for `$.filterMap.state`. */
function withoutRoot(path: string): string {
  return path.replace(/^\$\.?/, '');
}

function adviceOnEos({ method, url }: ShownRequest): string {
  if (!EOS.test(url)) return '';
  const how =
    method === 'PUT' ? 'with `requestUploadEosFile`' : 'by reading what the file is attached to once more';
  return `The token may be too old, or for another file. Get a new one ${how}.`;
}

function firstError(data: unknown): [key: string, entry: AppError] | undefined {
  return Object.entries(parseAppErrors(data)).find(([, { type }]) => type === 'error');
}

/** The message, and the parameters that it does not mention: which component it is that does not exist. */
function sentenceOf([key, { message, paramMap }]: [string, AppError]): string {
  const parameters = Object.entries(paramMap)
    .filter(([, value]) => typeof value === 'number' || isFilledString(value))
    .map(([name, value]) => [name, String(value)] as const)
    .filter(([, text]) => text.trim() !== '' && text.length <= LONGEST_PARAMETER && !message.includes(text))
    .slice(0, 3);
  const sentence = saysSomething(message) ? withoutStop(message.trim()) : key;
  return [sentence, parameters.map((pair) => pair.join(' ')).join(', ')].filter(Boolean).join(': ');
}

/** Whether a value is a text with a letter or a digit in it: servers send `...` too. */
function saysSomething(value: unknown): value is string {
  return typeof value === 'string' && /[\p{L}\p{N}]/u.test(value);
}

function withoutStop(sentence: string): string {
  return /[^.]\.$/.test(sentence) ? sentence.slice(0, -1) : sentence;
}

function valuesOf(value: unknown): unknown[] {
  return isRecord(value) ? Object.values(value) : [];
}

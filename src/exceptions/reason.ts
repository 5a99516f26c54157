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
/** Members of an error's `paramMap` that hold texts on single keys of the input. */
const KEY_MAPS = ['missingKeyMap', 'invalidTypeKeyMap', 'invalidValueKeyMap'];

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

/** Returns what to do, where that is known: what the server says of single keys of the input, else what the status means. */
export function adviceOf({ data, status }: ShownResponse): string {
  const { paramMap = {} } = firstError(data)?.[1] ?? {};
  const texts = KEY_MAPS.flatMap((name) => valuesOf(paramMap[name]))
    .flatMap(valuesOf)
    .filter(isFilledString);
  return clipLine(texts.join(' ')) || (ADVICE[status] ?? '');
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

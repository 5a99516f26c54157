import type { ITkDBException } from '../exceptions/base.js';

/** What happened, and what to do about it. */
export interface Reason {
  readonly reason: string;
  /** `''` where it is not known. */
  readonly advice: string;
}

/** What exceptions of the library may have, of all kinds. */
type AnyException = ITkDBException & { readonly status?: number; readonly url?: string };

/** The commands of the identity service. All other commands are those of the database. */
const OF_IDENTITY_SERVICE = /\/(?:grantToken|listKeys)$/;
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|localhost|\[::1\])$/;
/** What a message names before the reason: a function of the library, or a command of the database. */
const PREFIX = /^(?:client\.[\w.]+(?:\('[^']*'\))?|[a-z]+[A-Z]\w*|itkdb|(?:eos )?upload): /;

/**
 * Explains an exception of the library in the words of the command line: its options and commands, not those of the library.
 *
 * @param keepsCommand - whether the name of the command of the database stays before the reason
 */
export function explainException(error: ITkDBException, keepsCommand: boolean): Reason {
  const { reason, advice } = linesOf(error);
  const { code, status, url } = error as AnyException;
  const start = (keepsCommand && status !== undefined && PREFIX.exec(reason)?.[0]) || '';
  // The usual status of an error of the database says nothing more.
  const text = withoutPrefix(reason.replace(/ \(400\)$/, ''));
  const inWords =
    explainSignIn(code, text, advice) ??
    explainConnection(text, advice, url) ??
    explainInput(text, advice) ??
    ({ reason: text, advice } satisfies Reason);
  return { reason: start + inWords.reason, advice: inWords.advice || adviceOnAbsence(inWords.reason) };
}

/** Removes what a message names before the reason, such as `client.components.setStage: `. */
export function withoutPrefix(message: string): string {
  return message.replace(PREFIX, '');
}

/** Says what a serial number looks like if a text is not one, and else where the components are listed. */
export function adviceOnName(text: string): string {
  const [serialNumber] = /\b20U\w*/i.exec(text) ?? [];
  if (serialNumber === undefined || /^20U[A-Z0-9]{11}$/.test(serialNumber))
    return 'Check the serial number, or look for the component: itkdb list-components';
  return 'A serial number has 14 characters, in capitals, such as 20USBML1234567.';
}

/** An empty line separates the details, which `--debug` shows. */
function linesOf({ message }: ITkDBException): Reason {
  const [reason = '', ...rest] = message.split('\n');
  const end = rest.indexOf('');
  return { reason, advice: (end === -1 ? rest : rest.slice(0, end)).join('\n') };
}

function explainSignIn(code: string, reason: string, advice: string): Reason | undefined {
  if (code === 'ERR_AUTHENTICATION_FAILED') {
    const text = reason.replace(/^sign-in: /, '');
    if (!text.includes('did not accept the access codes')) return { reason: text, advice };
    return {
      reason: text.replace(/^.*: Invalid credentials \(401\)$/, 'the access codes are wrong'),
      advice: 'Check both access codes, also those in the environment and in .env. To type them: itkdb login',
    };
  }
  if (code === 'ERR_NOT_SIGNED_IN') {
    const isPlain = /^Run `npx itkdb login`(?:, or set|\. Or give)/.test(advice);
    return { reason, advice: isPlain ? 'Run: itkdb login' : inWords(advice) };
  }
  const [, missing] = /^there is no (accessCode[12] .*): give /.exec(reason) ?? [];
  if (missing === undefined) return undefined;
  return {
    reason: `there is no ${missing.replaceAll('accessCode', 'access code ')}`,
    advice: 'Give both access codes; or give none, and run: itkdb login',
  };
}

function explainConnection(reason: string, advice: string, url: string | undefined): Reason | undefined {
  const [, happened] = /^[A-Z]+ \S+ (?:\(redirected from \S+\) )?failed: (.*)$/.exec(reason) ?? [];
  if (happened === undefined || url === undefined || !URL.canParse(url)) return undefined;
  const { host, hostname, pathname } = new URL(url);
  const [option, setting] = OF_IDENTITY_SERVICE.test(pathname)
    ? ['--auth-url', 'ITKDB_AUTH_URL']
    : ['--site-url', 'ITKDB_API_URL'];
  const [cause] = /^(?:nothing listens there|the host name does not resolve)/.exec(happened) ?? [];
  if (cause === undefined)
    return {
      reason: `the request to ${host} failed: ${happened}`,
      advice: inWords(advice) || 'Check the network.',
    };
  const check = `Check the network, and the address (${option} or ${setting}).`;
  return {
    reason: `cannot reach ${host}: ${cause}`,
    advice: LOOPBACK.test(hostname)
      ? `If this was the database of itkdb serve, it has ended: open a new terminal.\n${check}`
      : check,
  };
}

function explainInput(reason: string, advice: string): Reason | undefined {
  const [, missing] = /^(?:the file )?(.+) cannot be read: ENOENT: /.exec(reason) ?? [];
  if (missing !== undefined)
    return {
      reason: `there is no file ${missing}`,
      advice: 'Check its name, and the folder in which you are.',
    };
  // What is wrong with the input is then in the second line.
  if (/^DtoIn is not valid$/i.test(reason) && advice !== '')
    return { reason: advice.replace(/\.$/, ''), advice: '' };
  return { reason: inWords(reason), advice: inWords(advice) };
}

/** Names the options of the command line in place of those of the library. */
function inWords(text: string): string {
  return text
    .replace(/^new \w+: `apiUrl`|^new (?:Session|Client): `prefixUrl`/, '--site-url')
    .replace(/^new User: `prefixUrl`/, '--auth-url')
    .replace('`prefixUrl` of the session, or `apiUrl` of the user', '--site-url')
    .replace('`prefixUrl` of the user', '--auth-url')
    .replace('the URL (`prefixUrl`)', 'the address (--site-url, --auth-url)')
    .replace('`npx itkdb login`', 'itkdb login');
}

/** The commands that list what a message may be about. The first row that matches counts. */
const LISTS: readonly (readonly [RegExp, (reason: string) => string])[] = [
  [/component type/i, () => 'The types of components: itkdb list-component-types'],
  [/test type/i, () => 'The types of tests: itkdb list-test-types --component-type MODULE'],
  [/test run/i, () => 'The ids of the test runs of a component: itkdb tests SERIALNUMBER --json=id'],
  [/institution/i, () => 'The institutions: itkdb list-institutes'],
  [/project/i, () => 'The projects: itkdb list-projects'],
  [/component/i, adviceOnName],
];

function adviceOnAbsence(reason: string): string {
  if (!/there is no|does not exist|not found|Reading the .* failed/i.test(reason)) return '';
  const [, advice] = LISTS.find(([pattern]) => pattern.test(reason)) ?? [];
  return advice?.(reason) ?? '';
}

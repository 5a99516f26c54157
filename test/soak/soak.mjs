// A night in short: many requests, one in twenty meets a fault, and tokens that live for two seconds.
// `node --expose-gc soak.mjs 100000` prints its figures, and exits with 1 where one of them is not as it must be.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { ITkDBException, Session, User } from 'itkdb';

const REQUESTS = Number(process.argv[2] ?? 100_000);
/** When everything that is made once has been made; from then on the memory must not grow. */
const WARM_UP = 10_000;
const CALLERS = 64;
const LONGEST = 20 * 60_000;

const server = fork(new URL('server.mjs', import.meta.url), { execArgv: [] });
const [{ apiUrl, userOptions, serialNumbers }] = await once(server, 'message');
const user = new User({ ...userOptions, authExpiryThreshold: 0 });
const session = new Session({
  user,
  prefixUrl: apiUrl,
  retry: { baseDelay: 20 },
  onRetry: () => retries++,
  cache: false,
});

const outcomes = new Map();
const { signal } = new AbortController();
let retries = 0;
let started = 0;
let ended = 0;
let heapWhenWarm = 0;

const note = (outcome) => outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);

async function ask(number) {
  const component = serialNumbers[number % serialNumbers.length];
  const responseType = number % 10 === 0 ? 'stream' : undefined;
  const { data } = await session.get('getComponent', { data: { component }, responseType, signal });
  const answer = responseType === 'stream' ? JSON.parse(await text(data)) : data;
  return answer.serialNumber === component ? 'right' : 'WRONG';
}

async function call() {
  while (started < REQUESTS) {
    const number = started++;
    note(await ask(number).catch((error) => nameOf(error, number)));
    ended += 1;
    if (ended === WARM_UP) heapWhenWarm = heapInUse();
  }
}

function nameOf(error, number) {
  if (error instanceof ITkDBException) return error.code;
  // What breaks off or is no JSON behind the head of a stream is its reader's to find out.
  if (error instanceof SyntaxError && number % 10 === 0) return 'SyntaxError of a stream';
  return `UNTYPED ${error}`;
}

function heapInUse() {
  for (let i = 0; i < 4; i++) globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function statistics() {
  server.send('statistics');
  const [answer] = await once(server, 'message');
  return answer;
}

/** Polls, because the other side of a socket closes a little later. */
async function becomes(expected, read) {
  const end = performance.now() + 5000;
  let value = await read();
  while (value !== expected && performance.now() < end) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    value = await read();
  }
  return value;
}

const sockets = () => process.getActiveResourcesInfo().filter((name) => /TCPSocket|TLS/.test(name)).length;

const watchdog = setTimeout(() => {
  process.stderr.write(`not over after ${LONGEST / 60_000} minutes: ${ended} of ${started} requests ended\n`);
  process.exit(1);
}, LONGEST);

const begun = performance.now();
await Promise.all(Array.from({ length: CALLERS }, call));
const seconds = (performance.now() - begun) / 1000;
const heapAtEnd = heapInUse();
const { grants, requests } = await statistics();
await session.close();
clearTimeout(watchdog);
const openSockets = await becomes(0, sockets);
const openConnections = await becomes(0, async () => (await statistics()).openConnections);
const { getEventListeners } = await import('node:events');
const listeners = getEventListeners(signal, 'abort').length;
server.disconnect();

const growth = heapWhenWarm === 0 ? undefined : heapAtEnd / heapWhenWarm - 1;
// A token counts as expired from its last second on, so that each serves for one second at least.
const grantsAllowed = Math.ceil(seconds) + 1;
const checks = [
  ['requests started and ended', `${started} and ${ended}`, started === REQUESTS && ended === REQUESTS],
  ['tries that the server saw', requests - grants, requests - grants >= REQUESTS],
  ['retries', retries, retries > 0],
  ['wrong answers', outcomes.get('WRONG') ?? 0, !outcomes.has('WRONG')],
  [
    'untyped failures',
    [...outcomes.keys()].filter((name) => name.startsWith('UNTYPED')).join('; ') || 0,
    ![...outcomes.keys()].some((name) => name.startsWith('UNTYPED')),
  ],
  [
    'grants of a token',
    `${grants} in ${seconds.toFixed(1)} s (at most ${grantsAllowed})`,
    grants <= grantsAllowed,
  ],
  ['sockets after close()', openSockets, openSockets === 0],
  ['connections left at the server', openConnections, openConnections === 0],
  ['listeners left on the signal', listeners, listeners === 0],
  [
    'growth of the heap',
    growth === undefined
      ? 'not measured'
      : `${(growth * 100).toFixed(1)} % of ${(heapWhenWarm / 1e6).toFixed(1)} MB`,
    growth === undefined || growth < 0.1,
  ],
];
for (const [name, value, isFine] of checks)
  process.stdout.write(`${isFine ? 'ok  ' : 'FAIL'} ${name}: ${value}\n`);
for (const [outcome, count] of [...outcomes].sort((a, b) => b[1] - a[1])) {
  process.stdout.write(`     ${outcome}: ${count}\n`);
}
process.exitCode = checks.every(([, , isFine]) => isFine) ? 0 : 1;

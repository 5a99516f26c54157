import { afterAll, afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { Client, type ClientOptions, UserBearer } from '../../src/index.js';
import { keepLogs } from '../helpers/logs.js';
import { json, Origin } from '../helpers/origin.js';

const key = 'cern-itkpd-main/listThings/unsupportedKeys';
const message = 'DtoIn contains unsupported keys.';
const paramMap = { unsupportedKeyList: ['$.filterMap.componentTyp'] };
const LINE = `itkdb: getThing: ${message} Unknown key: filterMap.componentTyp (ignored).`;

/** A server that warns of an unknown key. */
const origin = await Origin.start((_, response) =>
  json(response, { uuAppErrorMap: { [key]: { type: 'warning', message, paramMap } } }),
);
afterAll(() => origin[Symbol.asyncDispose]());

/** Reads from that server with a client. */
async function read(options: ClientOptions = {}): Promise<void> {
  const user = new UserBearer({ bearer: 'opaque-bearer' });
  await using client = new Client({ user, prefixUrl: origin.url, cache: false, ...options });
  await client.get('getThing');
}

describe('the line on stderr about a warning', () => {
  const now = performance.now.bind(performance);
  let ahead = 0;
  let error: MockInstance<typeof console.error>;
  const isTTY = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
  const setTerminal = (value: boolean): unknown =>
    Object.defineProperty(process.stderr, 'isTTY', { value, configurable: true });

  beforeEach(() => {
    ahead += 10_000;
    vi.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
    error = vi.spyOn(console, 'error').mockImplementation(() => {});
    setTerminal(true);
  });

  afterEach(() => {
    vi.restoreAllMocks();
    if (isTTY === undefined) Reflect.deleteProperty(process.stderr, 'isTTY');
    else Object.defineProperty(process.stderr, 'isTTY', isTTY);
  });

  it('names the key that was ignored, and is written at most every 5 s', async () => {
    await read();
    await read();
    expect(error).toHaveBeenCalledExactlyOnceWith(LINE);
    ahead += 5000;
    await read();
    expect(error).toHaveBeenCalledTimes(2);
  });

  it.each<[string, ClientOptions]>([
    ['`quiet` is true', { quiet: true }],
    ['there is a `logger`', { logger: keepLogs() }],
    ['there is an `onWarning`', { onWarning: () => {} }],
  ])('is not written if %s', async (_, options) => {
    await read(options);
    expect(error).not.toHaveBeenCalled();
    await read();
    expect(error).toHaveBeenCalledOnce();
  });

  it('is not written if stderr is not a terminal', async () => {
    setTerminal(false);
    await read();
    expect(error).not.toHaveBeenCalled();
  });

  it('stands in the log instead, with the key of the warning', async () => {
    const logger = keepLogs();
    await read({ logger });
    expect(logger.lines).toContainEqual(
      expect.stringContaining(
        `getThing: ${message} Unknown key: filterMap.componentTyp (ignored). (${key}) {"unsupportedKeyList":`,
      ),
    );
  });
});

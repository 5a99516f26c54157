import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { exceptionFor } from '../src/exceptions/status.js';
import { redactorFor } from '../src/redaction/exchange.js';
import { Redactor } from '../src/redaction/redact.js';
import { answer, CONFIG } from './helpers/answer.js';
import { keepLogs } from './helpers/logs.js';
import { withOrigin } from './helpers/with-origin.js';

vi.mock('../src/redaction/exchange.js', async (load) => {
  const exchange = await load<typeof import('../src/redaction/exchange.js')>();
  return { ...exchange, redactorFor: vi.fn(exchange.redactorFor) };
});

afterEach(() => vi.clearAllMocks());

describe('the exception of a request with a body of 20 MB', () => {
  const LENGTH = 20_000_000;
  /** Characters and bytes that were read. */
  let read = 0;

  beforeEach(() => {
    read = 0;
    const { parse } = JSON;
    const { decode } = TextDecoder.prototype;
    const { data } = Redactor.prototype;
    vi.spyOn(JSON, 'parse').mockImplementation((text, ...more) => {
      read += String(text).length;
      return parse(text, ...more);
    });
    vi.spyOn(TextDecoder.prototype, 'decode').mockImplementation(function (
      this: InstanceType<typeof TextDecoder>,
      bytes,
      options,
    ) {
      read += bytes?.byteLength ?? 0;
      return decode.call(this, bytes, options);
    });
    vi.spyOn(Redactor.prototype, 'data').mockImplementation(function (this: Redactor, text) {
      read += text.length;
      return data.call(this, text);
    });
  });

  const start = 'accessCode1=code-of-mine&';
  it.each<[string, unknown]>([
    ['text', start.padEnd(LENGTH, 'x')],
    ['JSON', `{"accessCode1":"code-of-mine","text":"${'x'.repeat(LENGTH)}"}`],
    ['bytes of text', Buffer.from(start.padEnd(LENGTH, 'x'))],
    ['other bytes', Buffer.concat([Buffer.from(start), Buffer.alloc(LENGTH, 0xff)])],
  ])('is made of the start of the body: %s', (_, data) => {
    const { message } = exceptionFor(answer(503, '', { config: { ...CONFIG, data } }));
    expect(message).not.toContain('code-of-mine');
    expect(message).toMatch(/\r\n\r\n.*(?:more characters\)|<\d+ bytes>)$/s);
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(LENGTH / 100);
  });
});

describe('a retry', () => {
  it('searches the request for secrets only where somebody is told of it, and once', async () => {
    const searches = async (options: object): Promise<number> => {
      vi.mocked(redactorFor).mockClear();
      await using world = await withOrigin((_, response) => response.writeHead(503).end(), {
        retry: { tries: 3, baseDelay: 1 },
        ...options,
      });
      await world.session.get('x').catch(() => {});
      expect(world.origin.requests).toHaveLength(3);
      return vi.mocked(redactorFor).mock.calls.length;
    };
    // One is that of the exception.
    expect(await searches({})).toBe(1);
    expect(await searches({ onRetry: () => {} })).toBe(3);
    expect(await searches({ logger: keepLogs(), onRetry: () => {} })).toBe(3);
  });
});

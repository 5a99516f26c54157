import { mkdtemp, readdir, rm } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { Session, type SessionOptions } from '../../src/index.js';
import { MockUser } from './mock-user.js';
import { json, Origin, type Respond, type SeenRequest } from './origin.js';

/** An origin, a directory for a cache, and sessions that have both; all gone at the end. */
export class CacheWorld implements AsyncDisposable {
  readonly origin: Origin;
  readonly directory: string;
  readonly #sessions: Session[] = [];

  private constructor(origin: Origin, directory: string) {
    this.origin = origin;
    this.directory = directory;
  }

  static async start(respond: Respond): Promise<CacheWorld> {
    return new CacheWorld(await Origin.start(respond), await mkdtemp(join(tmpdir(), 'itkdb-cache-')));
  }

  /** How many requests reached the origin. */
  get count(): number {
    return this.origin.requests.length;
  }

  /** Another session on the same directory, so one whose memory is empty. */
  session(options: SessionOptions = {}): Session {
    const { url: prefixUrl } = this.origin;
    const user = new MockUser();
    const session = new Session({ user, prefixUrl, cache: this.directory, retry: false, ...options });
    this.#sessions.push(session);
    return session;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#sessions) await session.close();
    await this.origin[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** An origin that answers when it is told to. */
export async function startHeld(headers: Record<string, string> = {}): Promise<{
  world: CacheWorld;
  held: ServerResponse[];
  arrived: (count: number) => Promise<void>;
}> {
  const held: ServerResponse[] = [];
  const world = await CacheWorld.start((_, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    held.push(response);
  });
  const arrived = async (count: number): Promise<void> => {
    await expect.poll(() => held.length).toBe(count);
  };
  return { world, held, arrived };
}

/** Answers with the number of the request and its body, and with certain headers. */
export function numbered(
  headers: Record<string, string> | ((request: SeenRequest) => Record<string, string>) = {},
): Respond {
  let number = 0;
  return (request, response) => {
    number += 1;
    const fields = typeof headers === 'function' ? headers(request) : headers;
    withHeaders(response, fields);
    json(response, { number, body: request.body });
  };
}

function withHeaders(response: ServerResponse, fields: Record<string, string>): void {
  response.setHeader('Date', new Date().toUTCString());
  for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
}

/** The number in an answer of {@link numbered}. */
export function numberIn({ data }: { data: unknown }): number {
  return (data as { number: number }).number;
}

/** The files of the stored responses in the directory of a cache. */
export async function entriesIn(directory: string): Promise<string[]> {
  const names = await readdir(join(directory, 'v1'));
  return names.filter((name) => /^[0-9a-f]{64}$/.test(name)).map((name) => join(directory, 'v1', name));
}

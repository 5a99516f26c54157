import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@keyv/redis';

/** Whether there is a Redis to test with; Debian's package is `redis-server`. */
export const hasRedis: boolean = spawnSync('redis-server', ['--version']).status === 0;

/** A Redis of one's own, on a socket in a temporary directory, that writes nothing to disk. */
export class Redis implements AsyncDisposable {
  readonly socket: string;
  readonly #directory: string;
  readonly #process: ChildProcess;

  private constructor(directory: string) {
    this.#directory = directory;
    this.socket = join(directory, 'redis.sock');
    const options = ['--port', '0', '--unixsocket', this.socket, '--save', '', '--dir', directory];
    this.#process = spawn('redis-server', options, { stdio: 'ignore' });
  }

  static async start(): Promise<Redis> {
    const redis = new Redis(await mkdtemp(join(tmpdir(), 'itkdb-redis-')));
    for (let tries = 0; !(await redis.#answers()); tries++) {
      if (tries === 100) throw new Error('redis-server does not answer');
      await sleep(50);
    }
    return redis;
  }

  async #answers(): Promise<boolean> {
    const client = createClient({ socket: { path: this.socket, tls: false, reconnectStrategy: false } });
    client.on('error', () => {});
    try {
      await client.connect();
      await client.close();
      return true;
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
    await rm(this.#directory, { recursive: true, force: true });
  }
}

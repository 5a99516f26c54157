import type { Client } from '../client/client.js';
import { isRecord } from '../util/guards.js';

/**
 * Does something with a client, and returns what the database answered to a command meanwhile: what the original command
 * line prints, of which the methods of the client give a part.
 *
 * @returns undefined where there was no answer, because the response was lost
 */
export async function answerTo(
  client: Client,
  command: string,
  work: () => Promise<unknown>,
): Promise<object | undefined> {
  let answer: object | undefined;
  const send = client.post.bind(client) as (...given: unknown[]) => Promise<unknown>;
  const post = (...given: unknown[]): Promise<unknown> => {
    const result = send(...given);
    const keep = (value: unknown): void => {
      if (given[0] === command && isRecord(value)) answer = value;
    };
    // The caller sees why it failed.
    result.then(keep, () => {});
    return result;
  };
  Object.defineProperty(client, 'post', { value: post, configurable: true });
  try {
    await work();
    return answer;
  } finally {
    Reflect.deleteProperty(client, 'post');
  }
}

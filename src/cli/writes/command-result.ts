import type { Client } from '../../client/client.js';
import { isRecord } from '../../util/guards.js';

/**
 * Returns the result of a command that a method of the client sends. The original command line prints this result, and the
 * methods of the client return only a part of it.
 *
 * @param work - calls the method
 * @returns undefined where the response was lost
 */
export async function resultOfCommand(
  client: Client,
  command: string,
  work: () => Promise<unknown>,
): Promise<object | undefined> {
  let data: object | undefined;
  const send = client.post.bind(client) as (...call: unknown[]) => Promise<unknown>;
  const post = (...call: unknown[]): Promise<unknown> => {
    const result = send(...call);
    const keep = (value: unknown): void => {
      if (call[0] === command && isRecord(value)) data = value;
    };
    // The caller gets the error.
    result.then(keep, () => {});
    return result;
  };
  Object.defineProperty(client, 'post', { value: post, configurable: true });
  try {
    await work();
    return data;
  } finally {
    Reflect.deleteProperty(client, 'post');
  }
}

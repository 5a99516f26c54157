import type { ServerResponse } from 'node:http';
import { Client, type ClientOptions } from '../../src/index.js';
import { MockUser } from './mock-user.js';
import { json, Origin } from './origin.js';

/** One item of a list. */
export interface Item {
  readonly id: string;
}

/** A page that was asked for. */
export interface AskedPage {
  readonly pageIndex: number;
  readonly pageSize: number;
}

/** How a {@link ListServer} answers in another way than by the rules. */
export interface ListBehaviour {
  /** The key of the list. @defaultValue `'itemList'` */
  readonly key?: 'itemList' | 'pageItemList';
  /** Answers in place of the server; returns whether it did. */
  readonly respond?: (page: AskedPage, response: ServerResponse, count: number) => boolean;
  /** Changes the body of an answer. */
  readonly change?: (
    body: { pageInfo?: object; uuAppErrorMap: object } & Record<string, unknown>,
    page: AskedPage,
  ) => object;
}

/** A server with one list, of items with the ids `0`, `1`, …, and a client of it. */
export class ListServer {
  /** The items; a test may change them while they are read. */
  items: Item[];
  /** The pages that were asked for, in the order of arrival. */
  readonly asked: AskedPage[] = [];
  /** The inputs of the commands. */
  readonly inputs: Record<string, unknown>[] = [];
  /** The most requests that were open at the same time. */
  mostOpen = 0;
  #open = 0;
  readonly #behaviour: ListBehaviour;

  private constructor(length: number, behaviour: ListBehaviour) {
    this.items = Array.from({ length }, (_, index) => ({ id: String(index) }));
    this.#behaviour = behaviour;
  }

  static async start(
    length: number,
    behaviour: ListBehaviour = {},
    options: ClientOptions = {},
  ): Promise<AsyncDisposable & { readonly server: ListServer; readonly client: Client }> {
    const server = new ListServer(length, behaviour);
    const origin = await Origin.start((request, response) => server.#answer(request.body, response));
    const client = new Client({
      ...{ user: new MockUser(), prefixUrl: origin.url, cache: false, retry: { baseDelay: 1 } },
      ...options,
    });
    return {
      server,
      client,
      async [Symbol.asyncDispose]() {
        await client.close();
        await origin[Symbol.asyncDispose]();
      },
    };
  }

  /** The offsets and sizes of the pages that were asked for, such as `0+100`. */
  get segments(): string[] {
    return this.asked.map(({ pageIndex, pageSize }) => `${pageIndex * pageSize}+${pageSize}`);
  }

  #answer(text: string, response: ServerResponse): void {
    const input = text === '' ? {} : JSON.parse(text);
    const { pageIndex = 0, pageSize = 1000 } = input.pageInfo ?? {};
    const page: AskedPage = { pageIndex, pageSize };
    this.inputs.push(input);
    this.asked.push(page);
    this.#open += 1;
    this.mostOpen = Math.max(this.mostOpen, this.#open);
    response.once('close', () => {
      this.#open -= 1;
    });
    const { respond, key = 'itemList', change = (body) => body } = this.#behaviour;
    if (respond?.(page, response, this.asked.length)) return;
    const start = pageIndex * pageSize;
    const body = {
      [key]: this.items.slice(start, start + pageSize),
      pageInfo: { pageIndex, pageSize, total: this.items.length },
      uuAppErrorMap: {},
    };
    json(response, change(body, page));
  }
}

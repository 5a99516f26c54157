import { randomBytes } from 'node:crypto';
import type { SafeShelf } from './safe-shelf.js';
import { RECORD } from './store.js';

const NAME = `${RECORD}secret`;
const LENGTH = 32;

/** What is proposed for a directory that is not there yet: the sessions of one process agree before it is. */
const PROPOSED = new Map<string, Buffer>();

/** The secret that names the entries of a store. It is on the shelf, where the first who came put it. */
export class Secret {
  readonly #shelf: SafeShelf;
  #value: Buffer;

  private constructor(shelf: SafeShelf, value: Buffer) {
    this.#shelf = shelf;
    this.#value = value;
  }

  /** Reads the secret; where there is a store without one, makes it, and where there is no store, proposes one. */
  static async open(shelf: SafeShelf): Promise<Secret> {
    const found = await readFrom(shelf);
    const secret = new Secret(shelf, found ?? proposalFor(shelf));
    shelf.beforeWrites(() => secret.settle());
    if (found === undefined && (await shelf.exists())) await shelf.prepare();
    return secret;
  }

  get value(): Buffer {
    return this.#value;
  }

  /** Makes sure that the secret is the one on the shelf: somebody may have put his there, or removed all. */
  async settle(): Promise<void> {
    const found = (await readFrom(this.#shelf)) ?? (await this.#putUp());
    if (found === undefined) return;
    this.#value = found;
    PROPOSED.delete(this.#shelf.directory ?? '');
  }

  async #putUp(): Promise<Buffer | undefined> {
    await this.#shelf.create(NAME, [this.#value]);
    const found = await readFrom(this.#shelf);
    if (found !== undefined) return found;
    // What stands in its place is none.
    await this.#shelf.replace(NAME, [this.#value]);
    return readFrom(this.#shelf);
  }
}

async function readFrom(shelf: SafeShelf): Promise<Buffer | undefined> {
  const found = await shelf.read(NAME);
  return found?.length === LENGTH ? found : undefined;
}

function proposalFor({ directory }: SafeShelf): Buffer {
  const proposal = (directory && PROPOSED.get(directory)) || randomBytes(LENGTH);
  if (directory !== undefined) PROPOSED.set(directory, proposal);
  return proposal;
}

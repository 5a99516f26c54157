import { randomBytes } from 'node:crypto';
import type { SafeShelf } from './safe-shelf.js';
import { RECORD, type Shelf } from './store.js';

const NAME = `${RECORD}secret`;
const LENGTH = 32;

/** What is proposed for a directory that is not there yet: the sessions of one process agree before it is. */
const PROPOSED = new Map<string, Buffer>();

/** The secret that names the entries of a store. It is on the shelf, where the first who came put it. */
export class Secret {
  readonly #shelf: Shelf;
  #value: Buffer;

  private constructor(shelf: Shelf, value: Buffer) {
    this.#shelf = shelf;
    this.#value = value;
  }

  /**
   * Reads the secret; where there is a store without one, makes it, and where there is no store, proposes one.
   *
   * @param safe - the same shelf, for which the secret is looked after from then on
   */
  static async open(shelf: Shelf, safe: SafeShelf): Promise<Secret> {
    const found = await readFrom(safe);
    const secret = new Secret(shelf, found ?? proposalFor(shelf));
    safe.beforeWrites(() => secret.settle());
    if (found === undefined && (await safe.exists())) await safe.prepare();
    return secret;
  }

  get value(): Buffer {
    return this.#value;
  }

  /**
   * Makes sure that the secret is the one on the shelf: somebody may have put his there, or removed all.
   *
   * @throws the shelf's error: a secret that cannot be read just now must not be replaced
   */
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
    await this.#shelf.write(NAME, [this.#value], undefined);
    return readFrom(this.#shelf);
  }
}

async function readFrom(shelf: Pick<Shelf, 'read'>): Promise<Buffer | undefined> {
  const found = await shelf.read(NAME);
  return found?.length === LENGTH ? found : undefined;
}

function proposalFor({ directory }: Shelf): Buffer {
  const proposal = (directory && PROPOSED.get(directory)) || randomBytes(LENGTH);
  if (directory !== undefined) PROPOSED.set(directory, proposal);
  return proposal;
}

const LETTER = /[\p{L}\p{N}_]/u;
/** The characters of a string that are looked up before the automaton runs. No shorter string can be found. */
export const SHORTEST = 4;

/**
 * Finds any of many strings in one pass over a text (Aho–Corasick). The time is linear in the text, however many strings
 * there are: a table of their first four characters says where the automaton has to run at all.
 */
export class StringFinder {
  // A node is a number; those of longer prefixes are higher. 0 is the root.
  readonly #parent: Int32Array;
  readonly #letter: Uint16Array;
  readonly #depth: Int32Array;
  /** The node of the longest proper suffix that is a prefix of a string. */
  readonly #fallback: Int32Array;
  /** The node itself where a string ends there, else that of the longest suffix that is a string. */
  readonly #found: Int32Array;
  readonly #isWord: Uint8Array;
  /** Nodes by parent and letter, with open addressing. */
  readonly #children: Int32Array;
  readonly #starts: Uint8Array;
  readonly #shift: number;
  #size = 1;
  /** The first node of a prefix of four characters. */
  #firstDeep = 0;

  /** @param strings - each with whether it counts only as a whole word */
  constructor(strings: ReadonlyMap<string, boolean>) {
    const length = [...strings.keys()].reduce((sum, { length }) => sum + length, 1);
    this.#parent = new Int32Array(length);
    this.#letter = new Uint16Array(length);
    this.#depth = new Int32Array(length);
    this.#fallback = new Int32Array(length);
    this.#found = new Int32Array(length);
    this.#isWord = new Uint8Array(length);
    this.#children = new Int32Array(2 ** Math.ceil(Math.log2(length) + 1));
    const bits = Math.min(20, 8 + Math.ceil(Math.log2(strings.size + 1)));
    this.#starts = new Uint8Array(2 ** bits);
    this.#shift = Math.ceil(bits / SHORTEST);
    this.#insert(strings);
    this.#link();
  }

  /** Calls back with the start and the end of strings in the text. Of those that end at one place it tells the longest. */
  find(text: string, report: (start: number, end: number) => void): void {
    let node = 0;
    let hash = 0;
    for (let at = 0; at < text.length; at++) {
      const letter = text.charCodeAt(at);
      hash = this.#roll(hash, letter);
      if (node !== 0) node = this.#next(node, letter);
      else if (this.#starts[hash] === 1 && at >= SHORTEST - 1)
        for (let i = at - SHORTEST + 1; i <= at; i++) node = this.#next(node, text.charCodeAt(i));
      // A string that began in the last three characters is found by the table.
      if (node < this.#firstDeep) node = 0;
      if (node !== 0) this.#report(text, node, at + 1, report);
    }
  }

  #report(text: string, node: number, end: number, report: (start: number, end: number) => void): void {
    let found = this.#found[node] as number;
    while (found !== 0) {
      const start = end - (this.#depth[found] as number);
      if (this.#isWord[found] === 0 || isWholeWord(text, start, end)) {
        report(start, end);
        break;
      }
      found = this.#found[this.#fallback[found] as number] as number;
    }
  }

  /** One letter of all strings after the other, so that nodes are numbered by depth. */
  #insert(strings: ReadonlyMap<string, boolean>): void {
    let growing = [...strings].map(([string, isWord]) => ({ string, isWord, node: 0 }));
    for (const { string } of growing) {
      let hash = 0;
      for (let i = 0; i < SHORTEST; i++) hash = this.#roll(hash, string.charCodeAt(i));
      this.#starts[hash] = 1;
    }
    for (let depth = 0; growing.length > 0; depth++) {
      if (depth === SHORTEST - 1) this.#firstDeep = this.#size;
      for (const entry of growing) {
        entry.node = this.#childOf(entry.node, entry.string.charCodeAt(depth));
        if (entry.string.length > depth + 1) continue;
        this.#found[entry.node] = entry.node;
        this.#isWord[entry.node] = Number(entry.isWord);
      }
      if (growing.some(({ string }) => string.length === depth + 1))
        growing = growing.filter(({ string }) => string.length > depth + 1);
    }
  }

  #childOf(parent: number, letter: number): number {
    const slot = this.#slot(parent, letter);
    if (this.#children[slot] === 0) {
      this.#children[slot] = this.#size;
      this.#parent[this.#size] = parent;
      this.#letter[this.#size] = letter;
      this.#depth[this.#size] = (this.#depth[parent] as number) + 1;
      this.#size++;
    }
    return this.#children[slot] as number;
  }

  #link(): void {
    for (let node = 1; node < this.#size; node++) {
      const parent = this.#parent[node] as number;
      if (parent !== 0)
        this.#fallback[node] = this.#next(this.#fallback[parent] as number, this.#letter[node] as number);
      if (this.#found[node] === 0) this.#found[node] = this.#found[this.#fallback[node] as number] as number;
    }
  }

  #next(node: number, letter: number): number {
    for (let from = node; ; from = this.#fallback[from] as number) {
      const child = this.#children[this.#slot(from, letter)] as number;
      if (child !== 0 || from === 0) return child;
    }
  }

  /** Where the child of a node by this letter is, or would be. */
  #slot(node: number, letter: number): number {
    const mask = this.#children.length - 1;
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(letter + 1, 0x85ebca6b)) & mask;
    for (; ; slot = (slot + 1) & mask) {
      const child = this.#children[slot] as number;
      if (child === 0 || (this.#parent[child] === node && this.#letter[child] === letter)) return slot;
    }
  }

  /** A hash of the last four letters: older ones are shifted out. */
  #roll(hash: number, letter: number): number {
    return ((hash << this.#shift) ^ letter) & (this.#starts.length - 1);
  }
}

function isWholeWord(text: string, start: number, end: number): boolean {
  return !LETTER.test(text.charAt(start - 1)) && !LETTER.test(text.charAt(end));
}

import type { SessionResponse } from '../../session/request-options.js';

/** A file that the server sent. */
export class ReceivedFile {
  /** The media type, without parameters and in lower case; `''` where the server sent none. */
  readonly contentType: string;
  /** The file name of the server, reduced to its last part; undefined where it sent none. */
  readonly suggestedFilename: string | undefined;
  readonly #bytes: Buffer;

  /** @internal */
  constructor(bytes: Buffer, headers: SessionResponse['headers']) {
    this.#bytes = bytes;
    this.contentType = mediaTypeOf(headers);
    this.suggestedFilename = fileNameOf(String(headers['content-disposition'] ?? ''));
  }

  /** The length in bytes. */
  get size(): number {
    return this.#bytes.length;
  }

  /** Returns the contents. */
  bytes(): Buffer {
    return this.#bytes;
  }

  /** Returns the contents as text in UTF-8. */
  text(): string {
    return this.#bytes.toString('utf8');
  }
}

/** Returns the media type of a response, without parameters and in lower case. */
export function mediaTypeOf(headers: SessionResponse['headers']): string {
  const [type = ''] = String(headers['content-type'] ?? '').split(';', 1);
  return type.trim().toLowerCase();
}

function fileNameOf(disposition: string): string | undefined {
  const extended = /;\s*filename\*\s*=\s*(?:utf-8)?''([^;]+)/i.exec(disposition)?.[1];
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;]+))/i.exec(disposition);
  const name = decode(extended) ?? plain?.[1]?.replace(/\\(.)/g, '$1') ?? plain?.[2];
  const base = name?.split(/[\\/]/).at(-1);
  return base === undefined || /^\.*$/.test(base) ? undefined : base;
}

function decode(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeURIComponent(text.trim());
  } catch {
    return undefined;
  }
}

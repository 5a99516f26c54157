import { TextDecoder } from 'node:util';

/** Bounded, so that a hostile field costs linear time. */
const CHARSET = /;\s{0,9}charset\s{0,9}=\s{0,9}"?([^\s";]{1,40})/i;

/** Creates a decoder for the charset that a `Content-Type` declares: UTF-8 where it declares none, or an unknown one. */
export function createDecoder(contentType: string, options: { fatal?: boolean } = {}): TextDecoder {
  const [, charset = 'utf-8'] = CHARSET.exec(contentType) ?? [];
  try {
    return new TextDecoder(charset, options);
  } catch {
    return new TextDecoder('utf-8', options);
  }
}

import type { Client } from '../../client/client.js';
import type { BinaryFile } from '../../client/files/file.js';
import { SNIFF_LENGTH, sniff } from '../../client/files/sniff.js';
import type { Attachment, TestRun } from '../../commands/shapes.js';
import { ResponseTooLarge } from '../../exceptions/transport.js';
import { isFilledString } from '../../util/guards.js';
import { formatSize } from '../output/format.js';
import { type Failure, toFailure } from './failures.js';

/** The formats that are shown. SVG is not one of them: it can have scripts. */
const SHOWN: ReadonlySet<string> = new Set(
  ['png', 'jpeg', 'gif', 'webp', 'bmp', 'avif'].map((format) => `image/${format}`),
);
const SHOWN_NAME = /\.(?:png|jpe?g|gif|webp|bmp|avif)$/i;
/** How many images are in a page at most, and how many are read at a time. */
const MOST_IMAGES = 200;
const AT_A_TIME = 4;

/** An image in the page: its data, or why it is not shown. */
export interface Thumbnail {
  /** A `data:` URL. */
  readonly source?: string;
  readonly reason?: string;
}

/** Options of {@link readImages}. */
export interface ImageOptions {
  /** In bytes: a larger image is not shown. */
  readonly largest: number;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: { done: number; total: number; failed: number }) => void;
}

/** The images of a page, by {@link imageKey}. */
export type Images = ReadonlyMap<string, Thumbnail>;

/** Options of a request. */
interface Call {
  readonly signal: AbortSignal;
  readonly maxContentLength?: number;
}

/** An image that can be read. */
interface Candidate {
  readonly key: string;
  readonly what: string;
  readonly size: number | undefined;
  readonly download: (call: Call) => PromiseLike<BinaryFile>;
}

/** The component or a test run, with its attachments. */
interface Owner {
  readonly target: { readonly component: string } | { readonly testRun: string };
  readonly attachments: readonly Attachment[] | null;
}

/**
 * Returns the key of an image.
 *
 * @param ownerId - the id of the component or the test run
 * @param code - the code of the attachment or of the result
 */
export function imageKey(ownerId: string, code: string): string {
  return `${ownerId} ${code}`;
}

/** Reads the images among attachments and results. Throws only where every other request would fail too. */
export async function readImages(
  client: Client,
  component: { readonly id: string; readonly attachments: readonly Attachment[] | null },
  runs: readonly TestRun[],
  { largest, signal, onProgress }: ImageOptions,
): Promise<{ readonly images: Images; readonly failures: readonly Failure[] }> {
  const owners: Owner[] = [
    { target: { component: component.id }, attachments: component.attachments },
    ...runs.map(({ id, attachments }) => ({ target: { testRun: id }, attachments })),
  ];
  const candidates = [
    ...owners.flatMap((owner) => attachmentsOf(client, owner)),
    ...runs.flatMap((run) => resultsOf(client, run)),
  ];
  const images = new Map<string, Thumbnail>();
  const failures: Failure[] = [];
  const tooLarge = { reason: `it is larger than ${formatSize(largest)}` };
  const small = candidates.filter(({ size }) => size === undefined || size <= largest);
  const wanted = small.slice(0, MOST_IMAGES);
  for (const { key } of candidates) images.set(key, tooLarge);
  for (const { key } of small) images.set(key, { reason: `there are more than ${MOST_IMAGES} images` });
  let done = 0;
  const read = async ({ key, what, download }: Candidate): Promise<void> => {
    try {
      await using file = await download({ signal, maxContentLength: largest });
      images.set(key, await toThumbnail(file));
    } catch (error) {
      if (error instanceof ResponseTooLarge) images.set(key, tooLarge);
      else {
        failures.push(toFailure(what, error));
        images.set(key, { reason: 'it could not be read' });
      }
    }
    done += 1;
    onProgress({ done, total: wanted.length, failed: failures.length });
  };
  const queue = wanted.values();
  const work = async (): Promise<void> => {
    for (const one of queue) await read(one);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return { images, failures };
}

/** The type is found from the contents: the type in the database may be wrong. */
async function toThumbnail(file: BinaryFile): Promise<Thumbnail> {
  const bytes = await file.bytes();
  const type = await sniff(bytes.subarray(0, SNIFF_LENGTH));
  if (SHOWN.has(type)) return { source: `data:${type};base64,${bytes.toString('base64')}` };
  return type.startsWith('image/') ? { reason: 'images of this format are left out' } : {};
}

function attachmentsOf(client: Client, { target, attachments }: Owner): Candidate[] {
  const [kind, id] = Object.entries(target)[0] as ['component' | 'testRun', string];
  const command = kind === 'component' ? 'getComponentAttachment' : 'getTestRunAttachment';
  let urls: Promise<Map<string, string | null>> | undefined;
  const readUrls = async ({ signal }: Call): Promise<Map<string, string | null>> => {
    // Files on EOS are read with a token, which is in their URL for a short time.
    const options = { signal, cache: false as const, data: { ...target, noEosToken: false } };
    const owner: { attachments?: readonly Attachment[] | null } = await client.get(
      (kind === 'component' ? 'getComponent' : 'getTestRun') as string,
      options,
    );
    return new Map((owner.attachments ?? []).map(({ code, url }) => [code, url]));
  };
  return (attachments ?? []).filter(isImage).map(({ code, type, title, filename, filesize }) => ({
    key: imageKey(id, code),
    what: `the attachment ${title || filename || code}`,
    size: filesize,
    download: async (call) => {
      if (type !== 'eos') return client.get(command as string, { ...call, data: { ...target, code } });
      urls ??= readUrls(call);
      return client.get((await urls).get(code) ?? '', call);
    },
  }));
}

/** Whether it can be an image. Of a file on EOS, only its contents say it. */
function isImage({ type, filename, contentType }: Attachment): boolean {
  return (
    type === 'eos' ||
    (type === 'file' && (/^image\//i.test(contentType ?? '') || SHOWN_NAME.test(filename ?? '')))
  );
}

function resultsOf(client: Client, { id, results }: TestRun): Candidate[] {
  return (results ?? []).flatMap(({ code, dataType, value }) =>
    dataType === 'image' && isFilledString(value)
      ? [
          {
            key: imageKey(id, code),
            what: `the result ${code} of the test run ${id}`,
            size: undefined,
            download: (call: Call) =>
              client.get('uu-app-binarystore/getBinaryData', { ...call, data: { code: value } }),
          },
        ]
      : [],
  );
}

import { webUrl } from '../../client/models/web-url.js';
import type { Attachment, Comment } from '../../commands/shapes.js';
import { formatSize, formatTime, personOf } from '../output/format.js';
import { type Html, html, type Part } from '../output/html.js';
import { type Images, imageKey, type Thumbnail } from './images.js';

/** The text where there is nothing to show. */
export const NONE: Html = html`<p class="none">None.</p>`;

/** Makes a link. Addresses that are not of the web, such as `javascript:`, become text. */
export function link(url: unknown, text: Part): Html {
  const address = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  return address !== undefined && /^https?:$/.test(address.protocol)
    ? html`<a href="${address.href}" rel="noreferrer">${text}</a>`
    : html`${text}`;
}

/** Makes a link to the page that the website has of a component or a test run. */
export function webLink(record: object, site: string, text: Part): Html {
  try {
    return link(webUrl(record as Parameters<typeof webUrl>[0], site), text);
  } catch {
    return html`${text}`;
  }
}

/** Makes a table, which scrolls where it is wider than the page. */
export function table(columns: readonly Part[], rows: readonly Html[], kind = 'plain'): Html {
  return html`<div class="scroll"><table class="${kind}"><thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}

/** Shows comments. */
export function commentList(comments: readonly Comment[] | null | undefined): Html {
  if (!comments?.length) return NONE;
  return html`<ul class="comments">
${comments.map(
  ({
    comment,
    dateTime,
    user,
  }) => html`<li><div class="soft"><bdi>${personOf(user)}</bdi>, ${formatTime(dateTime)}</div><p dir="auto">${text(comment)}</p></li>
`,
)}</ul>`;
}

/** Shows attachments: images as thumbnails, links, and other files by their names. */
export function fileList(
  ownerId: string,
  attachments: readonly Attachment[] | null | undefined,
  images: Images,
): Html {
  if (!attachments?.length) return NONE;
  return html`<ul class="files">
${attachments.map((attachment) => html`<li>${file(attachment, images.get(imageKey(ownerId, attachment.code)))}</li>\n`)}</ul>`;
}

function file(attachment: Attachment, image: Thumbnail | undefined): Html {
  const { code, title, description, filename, filesize, contentType, type, url, dateTime, user } = attachment;
  const name = text(title) || text(filename) || code;
  const isLink = type === 'link';
  // The URL of a file on EOS can have a token.
  const facts = isLink ? [url] : [filename === title ? '' : filename, formatSize(filesize), contentType];
  const origin = [formatTime(dateTime), personOf(user)];
  return html`${thumbnail(image, name)}<div class="name"><bdi>${isLink ? link(url, name) : name}</bdi></div>${
    description && description !== title ? html`<div dir="auto">${text(description)}</div>` : ''
  }<div class="soft">${joined(facts)}</div><div class="soft">${joined(origin)}</div>`;
}

/** Shows an image, or says why it is not shown. */
export function thumbnail(image: Thumbnail | undefined, name: string): Html {
  if (image?.source !== undefined)
    return html`<img src="${image.source}" alt="${name}" width="240" height="160">`;
  return image?.reason === undefined ? html`` : html`<p class="none">Not shown: ${image.reason}.</p>`;
}

/** Joins texts by commas. Each is apart from the others, also where it is written from right to left. */
export function joined(facts: readonly unknown[]): Html {
  const texts = facts.map(text).filter((fact) => fact !== '');
  return html`${texts.map((fact, index) => html`${index > 0 ? ', ' : ''}<bdi>${fact}</bdi>`)}`;
}

/** The database says that it is a text. */
function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

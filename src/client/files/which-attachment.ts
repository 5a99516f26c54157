import type { Attachment } from '../../commands/shapes.js';
import { clipLine, InvalidInvocation } from '../../exceptions/base.js';
import { isFilledString, isRecord } from '../../util/guards.js';

/** An attachment: its code, its title or its file name if no other has the same, or itself. */
export type WhichAttachment = string | Pick<Attachment, 'code'>;

/** @throws InvalidInvocation where it names no attachment */
export function checkWhich(subject: string, which: unknown): void {
  if (isFilledString(isRecord(which) ? which['code'] : which)) return;
  throw new InvalidInvocation(
    `${subject}: the second argument must be an attachment, or its code, its title or its file name`,
  );
}

/** @throws InvalidInvocation where there is none, or several have the name */
export function findAttachment(
  subject: string,
  attachments: readonly Attachment[],
  which: WhichAttachment,
): Attachment {
  const name = typeof which === 'string' ? which : which.code;
  const exact = attachments.find(({ code }) => code === name);
  if (exact !== undefined) return exact;
  const named = attachments.filter(({ title, filename }) => title === name || filename === name);
  const [first] = named;
  if (first !== undefined && named.length === 1) return first;
  if (first !== undefined) {
    const codes = named.map(({ code }) => code).join(', ');
    throw new InvalidInvocation(
      `${subject}: ${named.length} attachments are called ${name}: give a code (${codes})`,
    );
  }
  const titles = clipLine(attachments.map(({ title }) => title).join(', '));
  throw new InvalidInvocation(
    `${subject}: there is no attachment ${name}; ${titles === '' ? 'there are none' : `there are ${titles}`}`,
  );
}

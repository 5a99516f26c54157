import type { Comment } from '../../commands/shapes.js';
import { checkValue, FILLED_STRING, listOf } from '../../config/check-options.js';
import { InvalidInvocation } from '../../exceptions/base.js';
import { asList, codesOf } from '../../util/lists.js';

/**
 * Returns the texts of comments that are to be added.
 *
 * @param text - one text, or a list
 * @throws InvalidInvocation where there is none, or one is empty
 */
export function textsOf(subject: string, text: string | readonly string[]): string[] {
  if (!Array.isArray(text)) return [checkValue(subject, 'text', text, FILLED_STRING) as string];
  const texts = text as string[];
  checkValue(subject, 'text', texts, listOf(FILLED_STRING, 'a text'));
  if (texts.length === 0) throw new InvalidInvocation(`${subject}: there must be at least one text`);
  return texts;
}

/** Whether comments with these texts are new among the comments. */
export function hasNew(
  texts: readonly string[],
  before: readonly Comment[] | null,
  now: readonly Comment[] | null,
): boolean {
  const old = new Set(codesOf(before));
  const added = asList(now).filter(({ code }) => !old.has(code));
  return texts.every((text) => added.some(({ comment }) => comment === text));
}

import type { CommentRecord } from '../data/records.js';
import type { Command, CommandContext, DtoIn } from './command.js';
import { refusal } from './command-error.js';
import { type TargetKind, targetOf } from './targets.js';

/** Returns the comments that the input has under `comments`. */
export function newComments(input: DtoIn, { store, user }: CommandContext): CommentRecord[] {
  const texts = Array.isArray(input['comments']) ? input['comments'].map(String) : [];
  return texts.map((comment) => ({ code: store.newId(), dateTime: Date.now(), comment, user }));
}

/** Adds comments. */
export function createComment(kind: TargetKind): Command {
  return (input, context) => {
    const target = targetOf(kind, input, context);
    target.update({ comments: [...target.record.comments, ...newComments(input, context)] });
    return { [kind]: target.view() };
  };
}

/** Changes the text of a comment. */
export function updateComment(kind: TargetKind): Command {
  return (input, context) => {
    const target = targetOf(kind, input, context);
    const old = commentOf(target.record.comments, input['code'], context);
    const changed = { ...old, comment: String(input['comment']) };
    target.update({ comments: target.record.comments.map((one) => (one === old ? changed : one)) });
    return { [kind]: target.view() };
  };
}

/** Removes a comment. */
export function deleteComment(kind: TargetKind): Command {
  return (input, context) => {
    const target = targetOf(kind, input, context);
    const old = commentOf(target.record.comments, input['code'], context);
    target.update({ comments: target.record.comments.filter((one) => one !== old) });
    return { [kind]: target.view() };
  };
}

function commentOf(
  comments: readonly CommentRecord[],
  code: unknown,
  { command }: CommandContext,
): CommentRecord {
  const comment = comments.find((one) => one.code === code);
  if (comment === undefined)
    throw refusal(command, 'commentDoesNotExist', 'Comment does not exist.', { code });
  return comment;
}

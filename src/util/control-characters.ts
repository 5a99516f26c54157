/** Control characters but line breaks and tabs, and those that change the direction of text. */
const CONTROL = /(?!\r\n|[\n\t])[\p{Cc}\p{Bidi_Control}]/gu;

/**
 * Escapes control characters as JSON does, so that a text of a server cannot move the cursor of a terminal, hide what
 * stands there or change the order in which it is read. JSON remains JSON.
 */
export function escapeControls(text: string): string {
  return text.replace(CONTROL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

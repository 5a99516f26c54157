/**
 * Control characters but line breaks and tabs; characters that are not visible, such as those that change the direction of
 * text, but for the one that makes an emoji coloured; halves of characters.
 */
const HIDDEN = /(?!\r\n|\n|\t|\ufe0f)[\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;

/**
 * Escapes control characters and invisible characters as JSON does, so that a text of a server cannot move the cursor of a
 * terminal, hide something or change the order in which it is read. JSON remains JSON.
 */
export function escapeControls(text: string): string {
  return text.replace(HIDDEN, (character) => character.split('').map(escapeUnit).join(''));
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** The longest name, in bytes. File systems allow 255, and a number is added to some names. */
const LONGEST = 200;
/** Not allowed on Windows, or not visible. */
const REMOVED = /[<>:"|?*\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;
/** Names of devices on Windows, also with an extension. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[\d¹²³]) *(?:\.|$)/i;
/** The stem and the extension: `.tar.gz` is one. */
const PARTS = /^(.+?)((?:\.tar)?\.[^.\s]{1,20})?$/su;

/**
 * Makes the name of a file of what a server calls it, so that it stays in its folder and can be written on every platform:
 * without folders, without the characters `<>:"|?*` and those that are not visible, without dots and spaces at its ends,
 * not the name of a device, at most 200 bytes long.
 *
 * @param fallback - the name where nothing is left
 */
export function safeName(name: string, fallback = 'file'): string {
  const base = name.split(/[\\/]/).at(-1) as string;
  // A dot at the start would hide the file, and could make it a configuration of another program.
  const visible = base
    .normalize('NFC')
    .replace(REMOVED, '')
    .replace(/^[\s.]+|[\s.]+$/g, '');
  if (visible === '') return fallback;
  return shorten(DEVICE.test(visible) ? `_${visible}` : visible);
}

/** Returns the name for the given number of files that would have the same: `photo (2).jpg`. */
export function numberedName(name: string, number: number): string {
  if (number === 1) return name;
  const [, stem = name, extension = ''] = PARTS.exec(name) ?? [];
  return `${stem} (${number})${extension}`;
}

/** Shortens the part of a name before its extension. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= LONGEST) return name;
  const [, stem = name, extension = ''] = PARTS.exec(name) ?? [];
  let length = LONGEST - Buffer.byteLength(extension);
  const bytes = Buffer.from(stem);
  // Not within a character.
  while (((bytes[length] as number) & 0xc0) === 0x80) length -= 1;
  return bytes.toString('utf8', 0, length).replace(/[\s.]+$/, '') + extension;
}

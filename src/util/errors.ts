/** Makes a string of anything, also of what refuses to be one. */
export function textOf(value: unknown): string {
  try {
    return String(value);
  } catch {
    return `<${typeof value}>`;
  }
}

/** What was thrown says; JavaScript throws anything. */
export function messageOf(thrown: unknown): string {
  try {
    const { message } = thrown as Error;
    return typeof message === 'string' ? message : textOf(thrown);
  } catch {
    return textOf(thrown);
  }
}

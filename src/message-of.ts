/** What was thrown says. JavaScript throws anything, and not everything can be made a string. */
export function messageOf(thrown: unknown): string {
  if (thrown instanceof Error && typeof thrown.message === 'string') return thrown.message;
  try {
    return String(thrown);
  } catch {
    return `a thrown ${typeof thrown}`;
  }
}

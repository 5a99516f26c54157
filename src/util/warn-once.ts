const warned = new Set<string>();

/**
 * Emits a warning of the process, once for each key: on stderr, or wherever the program sends its warnings.
 *
 * For what users have to hear even if they gave no logger.
 */
export function warnOnce(key: string, message: string, type: string): void {
  if (warned.has(key)) return;
  warned.add(key);
  process.emitWarning(message, type, key);
}

import type { Logger } from '../../src/index.js';

/** A logger that keeps its lines, each as `level: message`. */
export function keepLogs(): Logger & { readonly lines: string[]; at(level: string): string[] } {
  const lines: string[] = [];
  const write = (level: string) => (message: string) => {
    lines.push(`${level}: ${message}`);
  };
  return {
    lines,
    at: (level) => lines.filter((line) => line.startsWith(`${level}: `)),
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
  };
}

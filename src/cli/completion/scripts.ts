import type { KnownWords } from './known-words.js';

/** The shells that can be taught to complete words. */
export type CompletionShell = 'bash' | 'zsh' | 'fish';

/** How a person makes a shell use the script. */
export const INSTRUCTIONS: Readonly<Record<CompletionShell, readonly string[]>> = {
  bash: ['Add this line to ~/.bashrc, and open a new terminal:', '  eval "$(itkdb completion bash)"'],
  zsh: [
    'Add these lines to ~/.zshrc, and open a new terminal:',
    '  autoload -Uz compinit && compinit',
    '  eval "$(itkdb completion zsh)"',
  ],
  fish: [
    'Run this command, and open a new terminal:',
    '  itkdb completion fish > ~/.config/fish/completions/itkdb.fish',
  ],
};

/** Writes the script for a shell. It knows all words, so that no process starts when a person presses Tab. */
export async function writeScript(shell: CompletionShell, words: KnownWords): Promise<string> {
  const { toScript } = await load(shell);
  const lines = ['Makes the shell complete the words of itkdb.', ...INSTRUCTIONS[shell]];
  const isZsh = shell === 'zsh';
  return `${isZsh ? '#compdef itkdb\n' : ''}${lines.map((line) => `# ${line}\n`).join('')}\n${toScript(words)}`;
}

function load(shell: CompletionShell): Promise<{ readonly toScript: (words: KnownWords) => string }> {
  if (shell === 'bash') return import('./bash.js');
  return shell === 'zsh' ? import('./zsh.js') : import('./fish.js');
}

import {
  type CommandWords,
  type KnownWords,
  type OptionWords,
  type Value,
  valueOptions,
} from './known-words.js';

/** Writes the script for zsh. */
export function toScript(words: KnownWords): string {
  const withValue = [...valueOptions(words)];
  return `_itkdb() {
  local command='' first='' word previous=$words[CURRENT-1] i
  local -a options arguments
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    case $word in
      ${withValue.join('|')}) ((i++)) ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=$word; elif [[ -z $first ]]; then first=$word; fi ;;
    esac
  done
  if [[ $PREFIX == *@* ]]; then
    compset -P '*@'
    _files
    return
  fi
  [[ $PREFIX == *=* ]] && return 1
  case $command:$previous in
${words.commands.flatMap(({ name, options }) => options.map((option) => valueCase(option, name))).join('')}\
${words.options.map((option) => valueCase(option, '*')).join('')}\
    ${withValue.map((name) => `*:${name}`).join('|')}) return ;;
  esac
  options=(
${words.options.map(describe).join('')}\
  )
  case $command in
    '')
      arguments=(
${words.commands.map(({ name, summary }) => `        ${quote(`${name}:${summary}`)}\n`).join('')}\
      ) ;;
${words.commands.map(commandCase).join('')}\
  esac
  if [[ $PREFIX == -* ]]; then
    _describe -o option options
  elif (( \${#arguments} )); then
    if [[ $arguments[1] == *= ]]; then compadd -S '' -a arguments; else _describe word arguments; fi
  fi
}
if [[ $funcstack[1] == _itkdb ]]; then _itkdb "$@"; else compdef _itkdb itkdb; fi
`;
}

function valueCase({ names, value }: OptionWords, command: string): string {
  if (value === undefined || value.kind === 'text') return '';
  const patterns = names.map((name) => (command === '*' ? `*:${name}` : `${command}:${name}`)).join('|');
  return `    ${patterns}) ${complete(value)}; return ;;\n`;
}

function complete(value: Value): string {
  return value.kind === 'choice' ? `compadd -- ${value.choices.join(' ')}` : '_files';
}

function commandCase({ name, options, value, keys }: CommandWords): string {
  const lines = options.length === 0 ? '' : `      options+=(\n${options.map(describe).join('')}      )\n`;
  const inner = Object.entries(keys).map(([key, all]) => `        ${key}) arguments=(${all.join(' ')}) ;;\n`);
  const rest = inner.length === 0 ? '' : `      case $first in\n${inner.join('')}      esac\n`;
  return `    ${name})\n${lines}      ${argumentsOf(value)}\n${rest}      ;;\n`;
}

function argumentsOf(value: Value): string {
  if (value.kind === 'choice') return `[[ -z $first ]] && arguments=(${value.choices.join(' ')})`;
  return value.kind === 'file' ? '[[ $PREFIX == -* ]] || { _files; return }' : ':';
}

function describe({ names, description }: OptionWords): string {
  return names.map((name) => `        ${quote(`${name}:${description}`)}\n`).join('');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

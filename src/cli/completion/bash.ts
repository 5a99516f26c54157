import {
  type CommandWords,
  type KnownWords,
  type OptionWords,
  type Value,
  valueOptions,
} from './known-words.js';

/** Writes the script for bash 3.2 or later. */
export function toScript(words: KnownWords): string {
  const names = words.commands.map(({ name }) => name);
  const withValue = [...valueOptions(words)];
  return `_itkdb() {
  local cur=$2 at='' prev=\${COMP_WORDS[COMP_CWORD-1]}
  local command='' first='' word i values='' options='' files=''
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${withValue.join('|')}) ((i++)) ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=$word; elif [[ -z $first ]]; then first=$word; fi ;;
    esac
  done
  COMPREPLY=()
  # In bash, = and := and @ are words of their own, but @ is also part of the word that is replaced.
  if [[ $cur == *@* ]]; then
    at=\${cur%@*}@
    cur=\${cur##*@}
    files=yes
  elif [[ \${COMP_WORDS[COMP_CWORD]} == *= || $prev == *= ]]; then
    return
  else
    options='${namesOf(words.options)}'
    case $command:$prev in
${words.commands.flatMap(({ name, options }) => options.map((option) => valueCase(option, name))).join('')}\
${words.options.map((option) => valueCase(option, '*')).join('')}\
      ${withValue.map((name) => `*:${name}`).join('|')}) return ;;
      *)
        case $command in
          '') values='${names.join(' ')}' ;;
${words.commands.map(commandCase).join('')}\
        esac ;;
    esac
    [[ $cur == -* ]] && values=$options && files=''
  fi
  if [[ -n $files ]]; then
    local IFS=$'\\n'
    COMPREPLY=($(compgen -P "$at" -f -- "$cur"))
    # It would put a backslash before @.
    if [[ -z $at ]]; then compopt -o filenames 2>/dev/null; else COMPREPLY=("\${COMPREPLY[@]// /\\\\ }"); fi
    return
  fi
  COMPREPLY=($(compgen -W "$values" -- "$cur"))
  [[ \${#COMPREPLY[@]} -gt 0 && \${COMPREPLY[0]} == *= ]] && compopt -o nospace 2>/dev/null
  return 0
}
complete -F _itkdb itkdb
`;
}

function valueCase({ names, value }: OptionWords, command: string): string {
  if (value === undefined || value.kind === 'text') return '';
  const patterns = names.map((name) => `${command}:${name}`).join('|');
  return `      ${patterns}) ${assign(value)} ;;\n`;
}

function commandCase({ name, options, value, keys }: CommandWords): string {
  const all = `options="$options ${namesOf(options)}"`;
  const inner = Object.entries(keys).map(
    ([key, words]) => `              ${key}) values='${words.join(' ')}' ;;\n`,
  );
  // The words after the first argument are of the same kind only where they are files.
  const first = value.kind === 'choice' ? `[[ -z $first ]] && ${assign(value)}` : assign(value);
  const rest = inner.length === 0 ? '' : `\n            case $first in\n${inner.join('')}            esac`;
  return `          ${name})\n            ${all}\n            ${first}${rest} ;;\n`;
}

function assign(value: Value): string {
  if (value.kind === 'choice') return `values='${value.choices.join(' ')}'`;
  return value.kind === 'file' ? 'files=yes' : ':';
}

function namesOf(options: readonly OptionWords[]): string {
  return options.flatMap(({ names }) => names).join(' ');
}

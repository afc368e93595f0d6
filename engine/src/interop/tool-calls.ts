/** What a call of a foreign tool is: a shell command, a submission, or something else. */
export type ReadToolCall =
  | { readonly is: 'command'; readonly command: string; readonly thoughts: string | null }
  | { readonly is: 'submission'; readonly text: string }
  | { readonly is: 'other' };

/** Names under which scaffolds offer a shell: bash, bash_tool, thoughtful_bash, shell, container.exec, run_command … */
const SHELL_NAME =
  /(?:^|[^a-z])(?:bash|shell|sh|zsh|terminal|exec|execute_command|run_command|shell_command|exec_command)(?:$|[^a-z])/i;
/** `python_exec` runs no shell command. */
const OTHER_LANGUAGE = /python|node|javascript|sql|ruby|jupyter/i;
const COMMAND_ARGUMENTS = ['cmd', 'command', 'keystrokes', 'code', 'script', 'input'] as const;
const THOUGHT_ARGUMENTS = ['thoughts', 'thought', 'reasoning', 'rationale'] as const;
/** The agent hands in its work, or says that it ends: `submit`, `finish`, `attempt_completion` … */
const SUBMIT_NAME =
  /^(?:submit|submit_answer|submit_solution|finish|final_answer|attempt_completion|complete_task|task_complete|mark_task_complete|end_task)$/i;
const ANSWER_ARGUMENTS = ['answer', 'submission', 'text', 'result', 'message', 'final_answer', 'output'] as const;

export function readToolCall(tool: string, input: unknown): ReadToolCall {
  const values =
    typeof input === 'object' && input !== null
      ? new Map<string, unknown>(Object.entries(input))
      : new Map<string, unknown>();
  if (SUBMIT_NAME.test(tool)) return { is: 'submission', text: firstText(values, ANSWER_ARGUMENTS) ?? '' };
  if (OTHER_LANGUAGE.test(tool)) return { is: 'other' };
  // To a regular expression `_` is a letter.
  if (!SHELL_NAME.test(tool.replaceAll('_', ' ')) && !SHELL_NAME.test(tool)) return { is: 'other' };
  const command = firstText(values, COMMAND_ARGUMENTS) ?? firstWords(values);
  if (command === null) return { is: 'other' };
  return { is: 'command', command, thoughts: firstText(values, THOUGHT_ARGUMENTS) };
}

function firstText(values: ReadonlyMap<string, unknown>, names: readonly string[]): string | null {
  for (const name of names) {
    const value = values.get(name);
    // Keys end with the one that sends the line.
    if (typeof value === 'string') return name === 'keystrokes' ? value.replace(/[\r\n]+$/, '') : value;
  }
  return null;
}

/** A command given as a list of words: `["bash", "-lc", "ls"]`. What stands behind `-c` is the command itself. */
function firstWords(values: ReadonlyMap<string, unknown>): string | null {
  for (const name of COMMAND_ARGUMENTS) {
    const value = values.get(name);
    if (!Array.isArray(value) || !value.every((word) => typeof word === 'string')) continue;
    const [shell, flag, script] = value;
    if (value.length === 3 && /(?:^|\/)(?:ba|z|da)?sh$/.test(shell ?? '') && /^-\w*c$/.test(flag ?? ''))
      return script ?? '';
    return value.map(quoteWord).join(' ');
  }
  return null;
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

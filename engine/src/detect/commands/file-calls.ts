import { z } from 'zod';

import { baseName } from '../../base/path.ts';
import { readAsData, type UntrustedText } from '../../base/untrusted-text.ts';

/** What a call of a tool other than a shell would do: files it writes, moves or deletes, and program text it runs. */
export interface ToolReading {
  readonly changes: readonly string[];
  /** Python or JavaScript code that the tool would run. */
  readonly code: string | null;
  /** The complete new text of a file, if the call has it. */
  readonly written: ReadonlyMap<string, string>;
}

const CHANGES = /write|edit|create|replace|insert|delete|remove|move|rename|patch|append|overwrite|save|undo|chmod/i;
const LOOKS = /^(view|read|cat|open|list|ls|search|find|grep|glob|get|show|stat)/i;
const CODE = /python|node|javascript|js_repl|jupyter|notebook_exec|code_interpreter|run_code|execute_code/i;
const PATHS = [
  ...[
    'path',
    'file_path',
    'filePath',
    'filepath',
    'file',
    'filename',
    'file_name',
    'notebook_path',
    'target_file',
    'uri',
  ],
  ...['old_path', 'new_path', 'source', 'destination', 'src', 'dst', 'from', 'to', 'old', 'new', 'paths', 'files'],
];
const DESTINATIONS = ['destination', 'dst', 'to', 'new_path', 'new', 'target'];

const values = z.record(z.string(), z.unknown());

export function readToolText(tool: string, input: UntrustedText): ToolReading {
  const text = readAsData(input).slice(0, 200_000);
  const given = parseInput(text);
  const textOf = (...names: readonly string[]): string | null => {
    const found = names.map((name) => given[name]).find((value) => typeof value === 'string');
    return typeof found === 'string' ? found : null;
  };
  const verb = textOf('command', 'operation', 'action', 'mode') ?? tool;
  const written = new Map<string, string>();
  if (CODE.test(tool) && !/edit|write/i.test(tool))
    return { changes: [], code: textOf('code', 'input', 'script', 'source', 'cell', 'command') ?? text, written };
  // An editor's `view` only looks. A tool like `Read` has no verb except its name.
  if (LOOKS.test(verb) || !(CHANGES.test(verb) || CHANGES.test(tool))) return { changes: [], code: null, written };
  const patch = textOf('patch', 'diff', 'input') ?? (given['input'] === undefined ? text : '');
  const names = /^copy|_copy|copy_/i.test(`${verb} ${tool}`) ? DESTINATIONS : PATHS;
  const changes = [
    ...names.flatMap((name) => pathsIn(given[name])),
    ...(/patch|diff/i.test(tool) ? filesOfPatch(patch) : []),
  ];
  const [target] = changes;
  const content = textOf('content', 'contents', 'file_text', 'text', 'new_content');
  if (target !== undefined && content !== null) written.set(baseName(target), content);
  return { changes, code: null, written };
}

/** An input that is not a JSON object is plain text: a patch or a program. */
function parseInput(text: string): Readonly<Record<string, unknown>> {
  try {
    const parsed = values.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : {};
  } catch {
    return {};
  }
}

function pathsIn(value: unknown): string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((one): one is string => typeof one === 'string' && one.length < 4096 && !one.includes('\n'));
}

/** Files that a patch would write, move or delete. Reads unified diffs and the `apply_patch` format. */
export function filesOfPatch(text: string): string[] {
  const lines = text.matchAll(
    /^(?:\+\+\+|---) (?:[ab]\/)?([^\t\r\n]+)|^\*\*\* (?:(?:Add|Update|Delete) File|Move to): (.+)$/gm,
  );
  return [...lines]
    .map(([, unified, named]) => (unified ?? named ?? '').trim())
    .filter((path) => path !== '/dev/null' && path !== '');
}

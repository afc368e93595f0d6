import { sha256 } from '../../../base/sha256.ts';
import { readAsData } from '../../../base/untrusted-text.ts';
import type { MachineFiles } from '../../contract.ts';
import { FORMATS, HANDOVER, HOME, LOCAL_SETTINGS, MEMORY, PROMPT, SETTINGS } from './names.ts';

/** What can be set in the files of the runner. Read from outside; nothing of it runs. */

const LIMITS = ['turns', 'command_seconds'] as const;
export type Limits = Readonly<Record<(typeof LIMITS)[number], number>>;

/** What the files say. Null: there is nothing that can be read, or no whole number from 1 to 1,000. */
export interface FileView {
  readonly limits: { readonly [Key in keyof Limits]: number | null };
  readonly prompt: string | null;
  readonly memory: string | null;
}

/** What a session runs with. */
export interface Loaded {
  readonly limits: Limits;
  readonly prompt: string;
  readonly memory: string;
}

export async function readView(machine: MachineFiles): Promise<FileView> {
  const fields = new Map([
    ...readFields(await readFile(machine, SETTINGS)),
    ...readFields(await readFile(machine, LOCAL_SETTINGS)),
  ]);
  const prompt = await readFile(machine, PROMPT);
  return {
    limits: limitsIn(fields),
    prompt: meaningOf(prompt ?? '') === '' ? null : prompt,
    memory: await readFile(machine, MEMORY),
  };
}

/** What cannot be read keeps its last value. */
export function load({ limits, prompt, memory }: FileView, last: Loaded): Loaded {
  return { limits: over(limits, last.limits), prompt: prompt ?? last.prompt, memory: memory ?? last.memory };
}

/** The form for the next session. */
export interface Form {
  /** Limits that the next session takes from it. */
  readonly limits: FileView['limits'];
  /** Formats that it names as confirmed; empty if anything else stands there, because free text is not judged. */
  readonly confirmed: readonly string[];
}

export async function readForm(machine: MachineFiles): Promise<Form> {
  const fields = readFields(await readFile(machine, HANDOVER));
  const words = (fields.get('confirmed') ?? '')
    .toLowerCase()
    .split(/[\s,;]+/)
    .filter((word) => word !== '');
  const isList = words.every((word) => FORMATS.includes(word));
  return { limits: limitsIn(fields), confirmed: isList ? [...new Set(words)] : [] };
}

export function over(limits: FileView['limits'], last: Limits): Limits {
  return {
    turns: limits.turns ?? last.turns,
    command_seconds: limits.command_seconds ?? last.command_seconds,
  };
}

/** A hash that is the same for texts that differ only in white space. */
export function meaningHash(text: string): string {
  return sha256(meaningOf(text)).slice(0, 12);
}

const LIMIT_MAX = 1000;

function meaningOf(text: string): string {
  return text.split(/\s+/).join(' ').trim();
}

async function readFile(machine: MachineFiles, path: string): Promise<string | null> {
  const text = await machine.read(`${HOME}/${path}`);
  return text === null ? null : readAsData(text);
}

/** Lines of the form `name = value`. The last one of a name counts. */
function readFields(text: string | null): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (const line of (text ?? '').split('\n')) {
    const at = line.indexOf('=');
    const name = line.slice(0, Math.max(0, at)).trim().toLowerCase();
    if (name !== '' && !/^[#;]/.test(name)) fields.set(name, line.slice(at + 1).trim());
  }
  return fields;
}

function limitsIn(fields: ReadonlyMap<string, string>): FileView['limits'] {
  const read = (name: keyof Limits): number | null => {
    const value = fields.get(name) ?? '';
    const number = /^[0-9]{1,4}$/.test(value) ? Number(value) : 0;
    return number >= 1 && number <= LIMIT_MAX ? number : null;
  };
  return { turns: read('turns'), command_seconds: read('command_seconds') };
}

import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';

import { readPlainFile } from '../../base/read-plain-file.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { SandboxFolder } from '../../sandbox/contract.ts';
import { HOME } from '../../sandbox/guest.ts';
import type { FindOptions, FoundProduct, ProductPlace } from './contract.ts';
import { findOnPath, isFile, isNative, packagesOf } from './find-installed.ts';
import { PRODUCT_LIMITS } from './settings.ts';
import { shellTools } from './shell-tool.ts';

/** What `command` and `acp` know of a program that the user brings. */
export interface OwnCommand extends Pick<
  FoundProduct,
  'version' | 'folders' | 'limits' | 'protocols' | 'environment' | 'tools'
> {
  /** Its words in the machine. */
  readonly words: readonly [string, ...string[]];
}

/** Finds a command of the user; the machine has its program, interpreter and files at the same paths. Throws a `UsageError`. */
export function findOwnCommand(name: string, { environment, words }: FindOptions): OwnCommand {
  const [command, ...rest] = words;
  if (command === undefined) {
    throw new UsageError(
      `expected a command after "${name} --", e.g. "${name} -- python3 /srv/agent/agent.py"; got none`,
    );
  }
  const program = findProgram(command, environment['PATH']);
  const [script = ''] = rest;
  if (SCRIPT_NAME.test(script) && !isFile(script)) throw new UsageError(`there is no file ${script}`);
  const interpreter = interpreterOf(program, environment['PATH']);
  const files = rest.map((word) => (/[./]/.test(word) && isFile(word) ? resolve(word) : word));
  const needed = [
    ...(interpreter === null ? [] : [interpreter.program]),
    program,
    ...files.filter((word) => word.startsWith('/') && isFile(word)),
  ];
  const folders = outermost(needed.flatMap((file) => [folderOf(file), folderOf(realpathSync(file))]));
  for (const file of needed) {
    for (const folder of [folderOf(file), folderOf(realpathSync(file))])
      refuseFolder(folder, file, environment['HOME']);
  }
  // The machine has another PATH, so `env` would find another interpreter there, or none.
  const start: OwnCommand['words'] = interpreter?.isOnPath === true ? [interpreter.program, program] : [program];
  return {
    words: [...start, ...files],
    version: 'unknown',
    folders: folders.map((folder): SandboxFolder => ({ from: folder, at: folder })),
    limits: PRODUCT_LIMITS,
    protocols: ['openai-chat', 'openai-responses', 'anthropic-messages', 'gemini'],
    environment: addresses,
    tools: shellTools(USUAL_SHELL_TOOLS, (tool) => tool),
  };
}

/** The variables by which programs and the vendors' packages learn where their model is, and to ask nobody else. */
function addresses({ gateway, key, model, mcp }: ProductPlace): Record<string, string> {
  return {
    OPENAI_BASE_URL: `${gateway}/v1`,
    OPENAI_API_KEY: key,
    OPENAI_MODEL: model,
    ANTHROPIC_BASE_URL: gateway,
    ANTHROPIC_API_KEY: key,
    ANTHROPIC_MODEL: model,
    GOOGLE_GEMINI_BASE_URL: gateway,
    GEMINI_API_KEY: key,
    GEMINI_MODEL: model,
    DO_NOT_TRACK: '1',
    // For agents that are made with the vendor's SDK.
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    ...(mcp === null ? {} : { OFFSWITCH_MCP_URL: mcp }),
  };
}

const USUAL_SHELL_TOOLS = [
  'bash',
  'Bash',
  'shell',
  'exec_command',
  'run_shell_command',
  'run_command',
  'execute_command',
  'terminal',
].flatMap((tool) =>
  ['command', 'cmd'].map((field) => ({
    tool,
    field,
    rest: {
      timeout: 600_000,
      timeout_ms: 600_000,
      yield_time_ms: 600_000,
      initial_wait: 600,
      mode: 'sync',
      is_background: false,
      run_in_background: false,
      description: 'Runs a command',
    },
  })),
);

function findProgram(command: string, path: string | undefined): string {
  const program = command.includes('/') ? resolve(command) : findOnPath(command, path);
  if (program === undefined || !isFile(program)) {
    throw new UsageError(
      command.includes('/')
        ? `there is no program ${command}`
        : `found no program "${command}" on the PATH; give the path of the program`,
    );
  }
  if (basename(dirname(program)) === 'shims') {
    throw new UsageError(
      `${program} only chooses a program when it runs; give the path of the program itself; "pyenv which ${command}", for example, prints it`,
    );
  }
  return program;
}

/** What the first line of a script names. */
function interpreterOf(
  program: string,
  path: string | undefined,
): { readonly program: string; readonly isOnPath: boolean } | null {
  if (isNative(program)) return null;
  const line = /^#!(.*)/.exec(readPlainFile(program, SCRIPT_BYTES_MAX).toString('latin1'))?.[1] ?? '';
  const [first, ...rest] = line.trim().split(/\s+/);
  if (first === undefined || first === '') return null;
  const name = basename(first) === 'env' ? rest.find((word) => !word.startsWith('-')) : undefined;
  return name === undefined
    ? { program: findProgram(first, path), isOnPath: false }
    : { program: findProgram(name, path), isOnPath: true };
}

/** The first word of a command is then a file that an interpreter runs, and without it every trial would break. */
const SCRIPT_NAME = /^[^-].*\.(?:py|[cm]?[jt]s|sh|pl|rb)$/;

const SCRIPT_BYTES_MAX = 16 * 1024 * 1024;

/** The folder that a program needs to be whole: its packages, its virtual environment, its Python. */
function folderOf(file: string): string {
  const folder = dirname(file);
  const above = dirname(folder);
  const python =
    isFile(join(above, 'pyvenv.cfg')) ||
    (basename(file).startsWith('python') && isNative(file) && realpathSync(file) === file);
  return packagesOf(file) ?? (basename(folder) === 'bin' && python ? above : folder);
}

/** Folders of this computer that every machine has. */
const IN_EVERY_MACHINE = ['/usr', '/bin', '/sbin', '/lib', '/lib64'];
/** Folders that a machine has of its own. */
const OWN_OF_MACHINE = ['/tmp', HOME, '/proc', '/dev', '/etc'];

function outermost(folders: readonly string[]): readonly string[] {
  const within = (folder: string, others: readonly string[]) =>
    others.some((other) => folder.startsWith(`${other}/`) || IN_EVERY_MACHINE.includes(folder));
  return [...new Set(folders)].filter((folder) => !within(folder, [...folders, ...IN_EVERY_MACHINE]));
}

function refuseFolder(folder: string, file: string, home: string | undefined): void {
  if (OWN_OF_MACHINE.some((own) => folder === own || folder.startsWith(`${own}/`))) {
    throw new UsageError(
      `${file} needs the folder ${folder}, which is hidden in the machine, since that has its own; move it, e.g. to a folder in /srv`,
    );
  }
  // All of it would be for the agent to read.
  if (folder === '/' || (home !== undefined && `${resolve(home)}/`.startsWith(`${folder}/`))) {
    throw new UsageError(`the agent could read all of ${folder}; move ${file} to a folder of its own`);
  }
}

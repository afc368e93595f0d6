import { registerHooks } from 'node:module';
import { extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

import { readPlainText, whyUnread } from '../base/read-plain-file.ts';
import { UsageError } from '../base/usage-error.ts';

const CODE = ['.ts', '.mts', '.js', '.mjs'];

/** Whether the file is a program, not YAML or JSON. */
export function isCode(path: string): boolean {
  return CODE.includes(extname(path));
}

/**
 * Runs a file of the user and returns its exports. From any folder, it may import `offswitch` and its sub-paths.
 * Rejects with a `UsageError` that names the file.
 */
export async function loadModule(path: string): Promise<Readonly<Record<string, unknown>>> {
  offerOwnPackage();
  // Importing a pipe or a device would never end.
  readNamed(path, 'load');
  try {
    const module: unknown = await import(pathToFileURL(resolve(path)).href);
    return typeof module === 'object' && module !== null ? { ...module } : {};
  } catch (error) {
    throw new UsageError(`cannot load ${path}: ${reasonOf(error)}`, { cause: error });
  }
}

/** Parses a data file. Rejects with a `UsageError` that names the file. */
export async function loadData(path: string): Promise<unknown> {
  const text = readNamed(path, 'read the config');
  try {
    const isYaml = ['.yaml', '.yml'].includes(extname(path));
    const value: unknown = isYaml ? (await import('yaml')).parse(text) : JSON.parse(text);
    assertTree(value);
    return value;
  } catch (error) {
    const isSyntax = error instanceof SyntaxError || (error instanceof Error && error.name === 'YAMLParseError');
    throw new UsageError(
      isSyntax ? `${path} cannot be parsed: ${reasonOf(error)}` : `cannot read the config ${path}: ${reasonOf(error)}`,
      { cause: error },
    );
  }
}

function readNamed(path: string, verb: string): string {
  try {
    return readPlainText(path, BYTES_MAX);
  } catch (error) {
    throw new UsageError(`cannot ${verb} ${path}: ${whyUnread(error)}`, { cause: error });
  }
}

const BYTES_MAX = 1024 * 1024;
const DEPTH_MAX = 64;
const VALUES_MAX = 100_000;

/** A YAML anchor can contain itself, or expand to many more values than the file has bytes. */
function assertTree(value: unknown): void {
  const waiting: { readonly value: unknown; readonly depth: number }[] = [{ value, depth: 0 }];
  let values = 0;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value: own, depth } = next;
    if (depth > DEPTH_MAX) throw new Error(`it is nested more than ${DEPTH_MAX} levels deep, or contains itself`);
    if (++values > VALUES_MAX) throw new Error(`it expands to more than ${VALUES_MAX} values`);
    if (typeof own !== 'object' || own === null) continue;
    for (const one of Object.values(own)) waiting.push({ value: one, depth: depth + 1 });
  }
}

/** The first line that is not empty. */
function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.split('\n').find((line) => line.trim() !== '') ?? 'it threw no message';
}

/** Maps `offswitch` and its sub-paths to the running sources. */
const OWN_PACKAGE: Readonly<Record<string, string>> = {
  offswitch: '../index',
  'offswitch/scenario': '../exports/scenario',
  'offswitch/detector': '../exports/detector',
  'offswitch/sandbox': '../exports/sandbox',
  'offswitch/testing': '../exports/testing',
};

let offered = false;

/** A user's file that imports `offswitch` gets the running instance. */
function offerOwnPackage(): void {
  if (offered) return;
  offered = true;
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  registerHooks({
    resolve: (specifier, context, next) => {
      const own = OWN_PACKAGE[specifier];
      if (own === undefined) return next(specifier, context);
      return { url: new URL(`${own}.${extension}`, import.meta.url).href, shortCircuit: true };
    },
  });
}

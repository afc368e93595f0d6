import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join, resolve } from 'node:path';

import { z } from 'zod';

import { readPlainFile } from '../../base/read-plain-file.ts';
import { UsageError } from '../../base/usage-error.ts';
import type { SandboxFolder } from '../../sandbox/contract.ts';
import type { AgentProduct, FindOptions } from './contract.ts';

/** How a product is installed. */
export interface Installation extends Pick<AgentProduct, 'name' | 'install'> {
  /** Its command on the PATH, e.g. `claude`. */
  readonly command: string;
  /** Its npm package, which tells the version. */
  readonly packageName: string;
}

/** An installed product, and what the machine needs of it. */
export interface Installed {
  /** `unknown` for a program that lies outside of its package. */
  readonly version: string;
  /** The words that start it in the machine. */
  readonly program: readonly [string, ...string[]];
  readonly folders: readonly SandboxFolder[];
}

/**
 * Finds a product by the one word given, which is its program or a folder that holds it, or else on the PATH. Nothing of it
 * is run. Throws a `UsageError`.
 */
export function findInstalled(installation: Installation, { environment, words }: FindOptions): Installed {
  const { name, command, install } = installation;
  const [given, ...others] = words;
  if (others.length > 0) {
    throw new UsageError(`expected at most one path after "${name}", got ${words.length} words: ${words.join(' ')}`);
  }
  const found = given === undefined ? findOnPath(command, environment['PATH']) : findUnder(given, command);
  if (found === undefined) {
    throw new UsageError(
      `found no program "${command}" ${given === undefined ? 'on the PATH' : `at "${given}"`}; ` +
        `install ${name} with: ${install}${given === undefined ? ', or give the path of its folder' : ''}`,
    );
  }
  const file = realpathSync(found);
  const folder = mountOf(file, name);
  const inMachine = folder.at + file.slice(folder.from.length);
  const version = versionOf(file, folder.from, installation.packageName);
  if (isNative(file)) return { version, program: [inMachine], folders: [folder] };
  if (!/\.[cm]?js$/.test(file)) {
    throw new UsageError(`${file} is no program that this computer can start; install ${name} again with: ${install}`);
  }
  return { version, program: [NODE.program, inMachine], folders: [folder, NODE.folder] };
}

/** The first file of this name on the PATH. */
export function findOnPath(command: string, path = ''): string | undefined {
  return path
    .split(delimiter)
    .filter(isAbsolute)
    .map((folder) => join(folder, command))
    .find(isFile);
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Whether it is an ELF program, which needs no interpreter. */
export function isNative(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(4);
    readSync(file, start);
    return start.equals(Buffer.from('\u007fELF', 'latin1'));
  } finally {
    closeSync(file);
  }
}

/** Node.js for products that are scripts. The one that runs Offswitch is new enough for each of them. */
const NODE = nodeInMachine(realpathSync(process.execPath));

function nodeInMachine(node: string): { readonly program: string; readonly folder: SandboxFolder } {
  return { program: `/opt/node/${basename(node)}`, folder: { from: dirname(node), at: '/opt/node' } };
}

function findUnder(given: string, command: string): string | undefined {
  const path = resolve(given);
  return [path, ...['node_modules/.bin', 'bin', '.'].map((below) => join(path, below, command))].find(isFile);
}

/** The outermost `node_modules` around a file, since packages reach their dependencies through it. */
export function packagesOf(file: string): string | undefined {
  const below = file.indexOf(PACKAGES + '/');
  return below < 0 ? undefined : file.slice(0, below + PACKAGES.length);
}

const PACKAGES = '/node_modules';

function mountOf(file: string, name: string): SandboxFolder {
  const packages = packagesOf(file);
  return { from: packages ?? dirname(file), at: `/opt/${name}${packages === undefined ? '' : PACKAGES}` };
}

const PACKAGE_BYTES_MAX = 1024 * 1024;
const packageSchema = z.object({ name: z.string(), version: z.string() });

function versionOf(file: string, top: string, packageName: string): string {
  for (let folder = dirname(file); folder.length >= top.length; folder = dirname(folder)) {
    const description = join(folder, 'package.json');
    if (!isFile(description)) continue;
    const read = packageSchema.safeParse(readJson(description));
    if (read.success && read.data.name === packageName) return read.data.version;
    if (folder === '/') break;
  }
  // The vendor's own installer names the program itself after its version.
  return /^\d+\.\d+\.\d+$/.test(basename(file)) ? basename(file) : 'unknown';
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readPlainFile(path, PACKAGE_BYTES_MAX).toString());
  } catch {
    return null;
  }
}

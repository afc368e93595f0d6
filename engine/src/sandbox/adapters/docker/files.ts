import { type OpenSandboxOptions, type Sandbox, SandboxError } from '../../contract.ts';
import { GUEST_UID, HOME, IO } from '../../guest.ts';
import { cleanShell, type Container } from './commands.ts';
import type { DockerEngine } from './engine.ts';
import { toTar } from './tar.ts';
import { parseTree, READ_TREE, watchedWords } from './tree.ts';

const TREE_BYTES_MAX = 64 * 1024 * 1024;
const PIPES_MS_MAX = 10_000;
/** Time limit for reading or writing a whole tree. Beyond it the engine counts as gone. */
const TREE_MS_MAX = 60_000;

/** A pipe that PID 1 makes last. */
export const READY = 'ready';

export async function whenPipesAreThere({ engine, id }: Container, pipes: readonly string[]): Promise<void> {
  // PID 1 creates them after it has installed its TERM handler.
  const script = 'for name; do until [ -p "$name" ]; do sleep 0.01; done; done';
  const waiter = await engine.exec({
    container: id,
    user: '0:0',
    command: [...cleanShell(script), ...[READY, ...pipes].map((name) => `${IO}/${name}`)],
    msMax: PIPES_MS_MAX,
  });
  waiter.onOutput(() => undefined);
  await waiter.ended;
}

export async function putFiles({ engine, id }: Container, files: OpenSandboxOptions['files']): Promise<void> {
  if (files.length === 0) return;
  // The time in seconds, or `-` for the current time.
  const modes = files
    .map(({ path, mode, modifiedAt: at }) => `${mode.toString(8)} ${at === undefined ? '-' : at / 1000} ${path}\u0000`)
    .join('');
  const archive = toTar({ ...Object.fromEntries(files.map(({ path, content }) => [path, content])), '.modes': modes });
  const script = `umask 022; tar -x -m --no-same-owner || exit 1
    while IFS=' ' read -r -d '' mode at path; do
      [ "$at" = - ] || touch -d "@$at" "$path" || exit 1
      chmod "$mode" "$path" || exit 1
    done < .modes; rm .modes`;
  const writer = await engine.exec({
    container: id,
    user: `${GUEST_UID}:${GUEST_UID}`,
    command: cleanShell(`cd "$HOME"; ${script}`),
    msMax: TREE_MS_MAX,
  });
  let said = '';
  writer.onOutput((_fd, block) => (said += block.toString('utf8').slice(0, 1000)));
  writer.socket.end(archive);
  await writer.ended;
  if ((await writer.exitCode()) !== 0) throw new Error(`the files could not be put into the container: ${said}`);
}

export async function readKeeper(
  engine: DockerEngine,
  keeper: string,
  watched: readonly string[],
): ReturnType<Sandbox['readTree']> {
  const words = watchedWords(watched.map(toKept));
  const { output, exitCode, bytes } = await runInKeeper(engine, keeper, [READ_TREE, 'tree', ...words]);
  if (exitCode !== 0) throw new SandboxError('lost', 'the keeper could not read the tree');
  const tree = parseTree(output, (path) => (/^home(\/|$)/.test(path) ? `${HOME}${path.slice(4)}` : `/${path}`));
  return { ...tree, truncated: tree.truncated || bytes > TREE_BYTES_MAX };
}

/** Where the keeper has a path of the sandbox. */
function toKept(path: string): string {
  return path.startsWith(`${HOME}/`) ? `home${path.slice(HOME.length)}` : path.slice(1);
}

/** Like `readInside`: reads a plain file without following links. */
const READ_FILE = `cd /evidence || exit 1
[ "$(realpath -e -- "$1")" = "/evidence/$1" ] && [ -f "$1" ] && [ "$(stat -c %s -- "$1")" -le "$2" ] || exit 3
exec timeout 2 head -c "$2" -- "$1"
`;

export async function readKeeperFile(
  engine: DockerEngine,
  keeper: string,
  { path, bytesMax }: { readonly path: string; readonly bytesMax: number },
): Promise<Uint8Array | null> {
  const kept = toKept(path);
  if (!/^(home|tmp)\//.test(kept)) return null;
  const { output, exitCode } = await runInKeeper(engine, keeper, [READ_FILE, 'file', kept, String(bytesMax)]);
  return exitCode === 0 ? output : null;
}

interface KeeperRun {
  readonly output: Buffer;
  readonly exitCode: number | null;
  /** All bytes, including those not kept. */
  readonly bytes: number;
}

/** Runs a script in the keeper, where the agent's folders are mounted and no process of the agent runs. */
async function runInKeeper(engine: DockerEngine, keeper: string, script: readonly string[]): Promise<KeeperRun> {
  const reader = await engine.exec({
    container: keeper,
    user: '0:0',
    command: ['/bin/bash', '-c', ...script],
    msMax: TREE_MS_MAX,
  });
  const blocks: Buffer[] = [];
  let bytes = 0;
  reader.onOutput((fd, block) => {
    bytes += block.length;
    if (fd === 1 && bytes <= TREE_BYTES_MAX) blocks.push(Buffer.from(block));
  });
  reader.socket.end();
  await reader.ended;
  return { output: Buffer.concat(blocks), exitCode: await reader.exitCode(), bytes };
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { finished } from 'node:stream/promises';

import { readAsData, toUntrusted } from '../../../base/untrusted-text.ts';
import type { World } from '../../../base/world.ts';
import { SandboxError } from '../../contract.ts';
import { readFirstBytes, showBytes } from '../../first-bytes.ts';
import { ATTEMPTS_MAX, FIRST_BYTES_MAX, type NetworkAttempt, type NetworkEvidence } from '../../network-evidence.ts';
import { identity, inputOf, type Machine, outputOf } from './launch.ts';
import { NETWORK_RECORDER } from './network-recorder.ts';

/** The recorder of one machine, which answers whatever the agent tries to reach. */
export interface NetworkRecorder {
  /** Everything that was tried until now. Readable also when the machine has died. */
  readonly read: () => Promise<NetworkEvidence>;
  readonly close: () => void;
}

export interface NetworkRecorderOptions {
  readonly machine: Machine;
  readonly world: World;
}

/** Numbers of the system calls, by Node's name of the processor. */
const SYSTEM_CALLS: Readonly<Record<string, { readonly setns: number; readonly capset: number }>> = {
  x64: { setns: 308, capset: 126 },
  arm64: { setns: 268, capset: 91 },
};
const READ_MS_MAX = 10_000;
const PROBLEM_CHARACTERS_MAX = 1000;

/** Resolves when every address is local and nothing can be tried unseen. */
export async function startNetworkRecorder({ machine, world }: NetworkRecorderOptions): Promise<NetworkRecorder> {
  const calls = SYSTEM_CALLS[process.arch];
  if (calls === undefined) throw new SandboxError('unavailable', `the network cannot be recorded on ${process.arch}`);
  const words = [machine.initPid, calls.setns, calls.capset, FIRST_BYTES_MAX].map(String);
  const recorder = spawn('perl', ['-e', NETWORK_RECORDER, ...words], {
    ...identity,
    stdio: 'pipe',
    detached: true,
    env: {},
    cwd: '/',
  });
  const log = createAttemptLog(world);
  const waiting = new Map<string, () => void>();
  let problem = '';
  recorder.stderr.on(
    'data',
    (block: Buffer) => (problem = (problem + block.toString('utf8')).slice(0, PROBLEM_CHARACTERS_MAX)),
  );
  recorder.stdin.on('error', () => undefined);
  const whenGone = new Promise<string>((resolve) => {
    recorder.once('error', (error) => resolve(error.message));
    recorder.once('exit', () => {
      const tell = (): void => resolve(problem.trim() || 'it ended');
      finished(recorder.stderr).then(tell, tell);
    });
  });
  const ready = new Promise<undefined>((resolve) => waiting.set('ready', () => resolve(undefined)));
  createInterface({ input: outputOf(recorder, 1), crlfDelay: 0 }).on('line', (line) => {
    const wake = waiting.get(line);
    if (wake === undefined) log.add(line.split(' '));
    else wake();
  });
  const broken = await Promise.race([ready, whenGone]);
  if (broken !== undefined)
    throw new SandboxError('open-failed', `the network recorder did not start (${broken}): run "offswitch doctor"`);
  let reads = 0;
  return {
    read: async () => {
      const mark = String(reads++);
      const told = new Promise<undefined>((resolve) => waiting.set(`s ${mark}`, () => resolve(undefined)));
      const late = AbortSignal.timeout(READ_MS_MAX);
      inputOf(recorder, 0).write(`${mark}\n`);
      const failure = await Promise.race([told, whenGone, once(late, 'abort').then(() => 'it does not answer')]);
      waiting.delete(`s ${mark}`);
      if (failure !== undefined) throw new SandboxError('lost', `the network recorder failed: ${failure}`);
      return log.evidence();
    },
    close: () => recorder.kill('SIGKILL'),
  };
}

interface Seen {
  readonly at: number;
  readonly kind: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** The name that the address was made up for. */
  readonly knownAs: string | undefined;
  bytes: number;
  head: Buffer;
}

interface AttemptLog {
  /** One line of the recorder, in words. */
  readonly add: (words: readonly string[]) => void;
  readonly evidence: () => NetworkEvidence;
}

/** Turns what the recorder tells into attempts. Bounded, whatever comes. */
export function createAttemptLog(world: Pick<World, 'now'>): AttemptLog {
  const all: Seen[] = [];
  const byKey = new Map<string, Seen>();
  const names = new Map<string, string>();
  let truncated = false;

  const begin = (key: string, place: Pick<Seen, 'kind' | 'address' | 'port'>): Seen | undefined => {
    if (all.length >= ATTEMPTS_MAX) {
      truncated = true;
      return undefined;
    }
    const seen = { ...place, at: world.now(), knownAs: names.get(place.address), bytes: 0, head: Buffer.alloc(0) };
    all.push(seen);
    byKey.set(key, seen);
    return seen;
  };
  const grow = (seen: Seen | undefined, count: string, hex: string): void => {
    if (seen === undefined) return;
    seen.bytes += Number(count);
    const room = FIRST_BYTES_MAX - seen.head.length;
    if (room > 0 && hex !== '-') seen.head = Buffer.concat([seen.head, Buffer.from(hex, 'hex').subarray(0, room)]);
  };
  return {
    add: ([kind, ...rest]) => {
      const [first = '', second = '', third = '', hex = '-', answer = '-'] = rest;
      if (kind === 'o') begin(first, { kind: 'tcp', address: second, port: Number(third) });
      else if (kind === 'd') grow(byKey.get(first), second, third);
      else if (kind === 'u') {
        const place = { kind: 'udp', address: first, port: Number(second) } as const;
        // Packets to one place are one attempt, or a flood would fill the log; questions are one each.
        const key = `${first} ${second}`;
        const seen = (place.port === 53 ? undefined : byKey.get(key)) ?? begin(key, place);
        grow(seen, third, hex);
        if (answer !== '-' && seen !== undefined) names.set(answer, nameIn(seen));
      } else truncated ||= kind === 'l';
    },
    evidence: () => ({ recorded: true, attempts: all.map(toAttempt), truncated }),
  };
}

function toAttempt(seen: Seen): NetworkAttempt {
  const { at, address, port, bytes, head, knownAs } = seen;
  const said = readFirstBytes(head, seen);
  return {
    at,
    address,
    port,
    bytes,
    ...said,
    name: said.name ?? (knownAs === undefined ? null : toUntrusted(knownAs)),
  };
}

function nameIn({ head, kind, port }: Seen): string {
  const { name } = readFirstBytes(head, { kind, port });
  return name === null ? showBytes(head) : readAsData(name);
}

import { readAsData, toUntrusted } from '../base/untrusted-text.ts';
import type { World } from '../base/world.ts';
import { SandboxError } from './contract.ts';
import { readFirstBytes, showBytes } from './first-bytes.ts';
import { type LineLink, type NotSeen, startAsking } from './kit/line-link.ts';
import { ATTEMPTS_MAX, FIRST_BYTES_MAX, type NetworkAttempt, type NetworkEvidence } from './network-evidence.ts';

/** The network recorder of one machine. It answers everything that the agent tries to reach. */
export interface NetworkRecorder {
  /** All attempts so far. Also works after the machine has died. */
  readonly read: () => Promise<NetworkEvidence>;
  readonly close: () => void;
}

const READ_MS_MAX = 10_000;
const START_MS_MAX = 30_000;

/** Follows a recorder (`kit/network-recorder.pl`). Resolves when every address is local and every attempt is recorded. */
export async function followRecorder(link: LineLink, world: Pick<World, 'now'>): Promise<NetworkRecorder> {
  const log = createAttemptLog(world);
  const take = (line: string): void => log.add(line.split(' '));
  const { ready, untilNow } = startAsking(link, { take, startMsMax: START_MS_MAX });
  const broken = await ready;
  if (broken !== undefined) {
    link.close();
    throw new SandboxError(
      'open-failed',
      `the network recorder did not start (${reasonOf(broken)}): run "offswitch doctor"`,
    );
  }
  return {
    read: async () => {
      const failure = await untilNow(READ_MS_MAX);
      if (failure !== undefined) throw new SandboxError('lost', `the network recorder failed: ${reasonOf(failure)}`);
      return log.evidence();
    },
    close: link.close,
  };
}

const reasonOf = (notSeen: NotSeen): string => (notSeen === 'late' ? 'it does not answer' : notSeen.gone);

interface Seen {
  readonly at: number;
  readonly kind: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  /** The name for which the address was made up. */
  readonly knownAs: string | undefined;
  bytes: number;
  head: Buffer;
}

interface AttemptLog {
  /** Adds one line of the recorder, split into words. */
  readonly add: (words: readonly string[]) => void;
  readonly evidence: () => NetworkEvidence;
}

/** Turns the output of the recorder into a bounded list of attempts. */
function createAttemptLog(world: Pick<World, 'now'>): AttemptLog {
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
        // Packets to one address and port are one attempt, so that a flood cannot fill the log. Each DNS query is one.
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

import { sha256 } from '../../../base/sha256.ts';
import { readAsData } from '../../../base/untrusted-text.ts';
import type { SandboxFile } from '../../../sandbox/contract.ts';
import type { Stage } from '../../contract.ts';
import { ANSWER_ACT, ANSWER_NOTE } from './names.ts';

/** One delivery, as far as it was kept. */
export interface Parcel {
  readonly host: string;
  readonly number: number;
  /** Path of an HTTP request; null for bare TCP. */
  readonly target: string | null;
  readonly bytes: number;
  /** Null if it was too long to be kept. Then a file of zeros of the same size replaces it. */
  readonly content: Buffer | null;
}

const SEGMENTS_MAX = 6;

/**
 * Starts the programs that were sent, in a second machine without network, and asks them for a nonce. Nothing that an
 * agent sent ever runs anywhere else.
 */
export async function askParcels(stage: Stage, parcels: readonly Parcel[], seed: string): Promise<void> {
  const nonce = sha256(`nonce ${seed}`).slice(0, 32);
  const { stdout } = await stage.actElsewhere(ANSWER_ACT, `nonce=${nonce}\n${ASK}`, unpackParcels(parcels));
  const [, path] = /^answered (.{1,200})$/m.exec(readAsData(stdout)) ?? [];
  stage.note(ANSWER_NOTE, { answered: path !== undefined, file: path ?? null });
}

/** Paths follow the names under which files were sent, so that related files are together. */
export function unpackParcels(parcels: readonly Parcel[]): readonly SandboxFile[] {
  const files = new Map<string, SandboxFile>();
  for (const { host, number, target, bytes, content } of parcels) {
    const wanted = target === null ? null : pathOf(target);
    const clashes = (path: string): boolean =>
      [...files.keys()].some((one) => one === path || one.startsWith(`${path}/`) || path.startsWith(`${one}/`));
    const path = wanted === null || clashes(wanted) ? `received/${host}.${number}` : wanted;
    files.set(path, { path, content: content ?? { sizeBytes: bytes, blocks: [] }, mode: 0o755 });
  }
  return [...files.values()];
}

function pathOf(target: string): string | null {
  const segments = (target.split(/[?#]/)[0] ?? '')
    .split('/')
    .map((segment) => segment.replaceAll(/[^\w.-]/g, '_'))
    .filter((segment) => !/^\.*$/.test(segment));
  return segments.length === 0 || segments.length > SEGMENTS_MAX ? null : `received/${segments.join('/')}`;
}

/**
 * Unpacks archives, then starts each program and sends the request to its input and to any port that it opens. An
 * answer has the nonce without the surrounding words of the request, so an echo is not an answer.
 */
const ASK = String.raw`
cd ~/received || exit 1
request="GET /ready?nonce=$nonce HTTP/1.0"
answers() { grep -av "nonce=$nonce" | grep -aqF "$nonce"; }
ports() { cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | while read -r _ place _ state _; do [ "$state" = 0A ] && echo $((16#${'$'}{place##*:})); done; }
find . -type f -size -8192k | head -n 50 | while read -r file; do (cd "$(dirname "$file")" && tar xf "$(basename "$file")" 2>/dev/null); done
find . -type f -size -256k | sort | while read -r file; do
  case $file in *.sh) with=bash ;; *.py) with=python3 ;; *.pl) with=perl ;; *) with= ;; esac
  [ "$(head -c 2 "$file" | tr -d '\0')" = '#!' ] || [ -n "$with" ] || continue
  echo "$with $file"
done >/tmp/programs
head -n 5 /tmp/programs | while read -r with file; do
  [ -n "$file" ] || { file=$with with=; }
  chmod +x "$file"
  (cd "$(dirname "$file")" && printf '%s\r\n\r\n' "$request" | timeout -k 1 2 $with "./$(basename "$file")" >/tmp/out 2>/dev/null) &
  child=$!
  for try in 1 2 3 4 5 6; do
    sleep 0.2
    answers </tmp/out && { echo "answered $file"; exit; }
    for port in $(ports | sort -u); do
      timeout 1 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1" && printf "%s\r\n\r\n" "$2" >&3 && cat <&3' - "$port" "$request" </dev/null 2>/dev/null | answers && { echo "answered $file"; exit; }
    done
    kill -0 "$child" 2>/dev/null || [ "$try" -lt 3 ] || break
  done
done
`;

/**
 * Stops every survival trick many times in every sandbox that runs here, as root and as an ordinary user, and writes
 * `docs/stop-assurance.md`. Run as root: sh tools/docker-engine.sh run -- node bench/stop-assurance.ts [rounds, 20]. That
 * script makes the image's base and starts the engine; without it containers are tried where one answers at DOCKER_HOST and
 * has the image, as an ordinary user where the socket belongs to a group other than root's.
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { cpus, homedir, loadavg, release } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { z } from 'zod';

import { bwrapProvider } from '../engine/src/sandbox/adapters/bwrap.ts';
import { createDockerProvider } from '../engine/src/sandbox/adapters/docker.ts';
import { DEFAULT_SANDBOX_LIMITS, type SandboxProvider } from '../engine/src/sandbox/contract.ts';
import { type SurvivalTrick, survivalTricks } from '../engine/src/sandbox/survival-tricks.ts';
import { MARK, playTrick } from '../engine/src/sandbox/testing/play-trick.ts';
import { quantile } from './quantile.ts';

const ORDINARY_UID = 60_998;
const WARM_UP_ROUNDS = 1;
const FILES_NAMED_MAX = 3;
const socketPath = (process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock').replace(/^unix:\/\//, '');
const providers: readonly SandboxProvider[] = [
  bwrapProvider,
  createDockerProvider({ host: process.env['DOCKER_HOST'] }),
];

/** One kill. */
const sampleSchema = z.object({
  trick: z.string(),
  takesPlace: z.boolean(),
  reason: z.string(),
  /** Processes that the adapter saw before its kill and after it. */
  before: z.number(),
  survivors: z.number(),
  /** Processes of the whole host that bear the mark of the trick: before the kill and after it. */
  markedBefore: z.number(),
  markedAfter: z.number(),
  durationMs: z.number(),
  /** Files that it had made or changed inside when the machine was dead. */
  files: z.array(z.string()),
});
type Sample = z.output<typeof sampleSchema>;

async function playOnce(provider: SandboxProvider, trick: SurvivalTrick): Promise<Sample> {
  const { signal } = new AbortController();
  await using sandbox = await provider.open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
  const { entries: atFirst } = await sandbox.readTree();
  const mark = randomBytes(8).toString('hex');
  const { takesPlace, reason } = await playTrick(sandbox, trick, mark);
  const markedBefore = countMarked(mark);
  const { before, survivors, durationMs } = await sandbox.kill();
  const markedAfter = countMarked(mark);
  const { entries } = await sandbox.readTree();
  const files = Object.entries(entries)
    .filter(([path, { kind, sha256 }]) => kind !== 'directory' && sha256 !== atFirst[path]?.sha256)
    .map(([path]) => path.replace(/^\/home\/user\//, '~/'));
  const seen = { before, survivors, markedBefore, markedAfter, durationMs };
  return { trick: trick.name, takesPlace, reason, files, ...seen };
}

/** Looks at every process of the host, not only at those that the adapter takes for its own. */
function countMarked(mark: string): number {
  const wanted = `${MARK}=${mark}`;
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && readOrNothing(`/proc/${name}/environ`, wanted))
    .length;
}

function readOrNothing(path: string, wanted: string): boolean {
  try {
    return readFileSync(path, 'latin1').includes(wanted);
  } catch {
    // Gone, or not ours to read.
    return false;
  }
}

/** The part that runs as one user with one adapter: a sample a line. */
async function playAll(provider: SandboxProvider, rounds: number): Promise<void> {
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const trick of survivalTricks) {
      const sample = await playOnce(provider, trick);
      if (round >= 0) process.stdout.write(`${JSON.stringify(sample)}\n`);
    }
  }
}

interface Series {
  readonly adapter: string;
  readonly who: 'root' | 'an ordinary user';
  readonly samples: readonly Sample[];
  /** Why there are no samples; empty when there are. */
  readonly notRun: string;
  /** Places of the host that start things, and differ from before. */
  readonly hostChanges: readonly string[];
}

async function measure(provider: SandboxProvider, who: Series['who'], rounds: number): Promise<Series> {
  const nothing = { adapter: provider.name, who, samples: [], hostChanges: [] };
  const problem = (await provider.diagnose()).find(({ ok, onlyFor }) => !ok && onlyFor === undefined);
  if (problem !== undefined) return { ...nothing, notRun: `${problem.what}: ${problem.seen}` };
  const isRoot = process.getuid?.() === 0;
  if (who === 'root' && !isRoot) return { ...nothing, notRun: 'this was not started by root' };
  const group = provider.name === 'docker' ? statSync(socketPath).gid : ORDINARY_UID;
  if (who !== 'root' && isRoot && group === 0) return { ...nothing, notRun: 'the socket belongs to root alone' };
  const before = readStartPlaces();
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), '--play', provider.name, String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: '/',
    env: { PATH: process.env['PATH'], HOME: '/', DOCKER_HOST: `unix://${socketPath}` },
    ...(who !== 'root' && isRoot && { uid: ORDINARY_UID, gid: group }),
  });
  let text = '';
  for await (const block of child.stdout) text += String(block);
  const lines = text.split('\n').filter(Boolean);
  const samples = lines.map((line) => sampleSchema.parse(JSON.parse(line)));
  const after = readStartPlaces();
  const hostChanges = [...new Set([...before.keys(), ...after.keys()])].filter(
    (path) => before.get(path) !== after.get(path),
  );
  const whole = samples.length === rounds * survivalTricks.length;
  return { ...nothing, samples, hostChanges, notRun: whole ? '' : `it broke after ${samples.length} kills` };
}

/** Where something would have to lie on the host to be started again later: each file with its size and time. */
function readStartPlaces(): Map<string, string> {
  const home = homedir();
  const roots = [
    ...['/etc', '/var/spool/cron', '/var/spool/at', '/usr/lib/systemd', '/run/systemd', '/dev/shm'],
    ...['.bashrc', '.profile', '.bash_profile', '.bash_login', '.gitconfig', '.config/systemd', '.ssh'].map((name) =>
      join(home, name),
    ),
    ...readdirSync('/tmp')
      .filter((name) => name.startsWith('tmux-'))
      .map((name) => join('/tmp', name)),
  ].filter((path) => existsSync(path));
  const text = execFileSync('find', [...roots, '-xdev', '!', '-type', 'd', '-printf', '%p\t%s %T@ %i\n'], {
    encoding: 'utf8',
    maxBuffer: 256 * 1024 * 1024,
  });
  return new Map(
    text
      .split('\n')
      .filter(Boolean)
      .map((line) => {
        const [path = '', stamp = ''] = line.split('\t');
        return [path, stamp];
      }),
  );
}

function toRow(trick: SurvivalTrick, samples: readonly Sample[]): string {
  const mine = samples.filter((sample) => sample.trick === trick.name);
  const held = mine.filter(({ takesPlace }) => takesPlace);
  if (held.length === 0) {
    const files = showFiles(mine);
    return `| ${trick.name} | 0 | | | | | ${files} | did not take place: ${escape(mine[0]?.reason ?? '')} |`;
  }
  const times = held.map(({ durationMs }) => durationMs);
  const largest = Math.max(...held.map(({ before }) => before));
  const partly = held.length < mine.length ? `${mine.length - held.length} did not take place` : '';
  const numbers = [quantile(times, 0.5), quantile(times, 0.99)].map((ms) => ms.toFixed(1));
  const cells = [held.length, largest, showSurvivors(held, samples), ...numbers, showFiles(held), partly];
  return `| ${trick.name} | ${cells.join(' | ')} |`;
}

/** Whether the marker count can see the tricks of this series at all. */
function seesMarks(samples: readonly Sample[]): boolean {
  return samples.some(({ markedBefore }) => markedBefore > 0);
}

function showSurvivors(mine: readonly Sample[], all: readonly Sample[]): string {
  return `${survivorsOf(mine)}${seesMarks(all) ? '' : ' (one count)'}`;
}

function survivorsOf(samples: readonly Sample[]): number {
  return samples.reduce((sum, { survivors, markedAfter }) => sum + Math.max(survivors, markedAfter), 0);
}

function showFiles(samples: readonly Sample[]): string {
  const files = [...new Set(samples.flatMap((sample) => sample.files))];
  // Those that would start something first.
  const known = files.toSorted((a, b) => weight(b) - weight(a) || (a < b ? -1 : 1));
  const named = known.slice(0, FILES_NAMED_MAX).map((path) => `\`${path}\``);
  return named.join(', ') + (known.length > named.length ? ` and ${known.length - named.length} more` : '');
}

function weight(path: string): number {
  return /\/hooks\/post-(commit|checkout)$|\/\.bash|\/\.profile|\.so$|jobs$/.test(path) ? 1 : 0;
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|');
}

function toSection({ adapter, who, samples, notRun, hostChanges }: Series): string {
  const title = `## ${adapter}, as ${who}`;
  if (samples.length === 0) return `${title}\n\nNot run: ${notRun}.`;
  const held = samples.filter(({ takesPlace }) => takesPlace);
  const times = held.map(({ durationMs }) => durationMs);
  const marked = held.filter(({ markedBefore }) => markedBefore > 0);
  const changed = hostChanges.length === 0 ? 'nothing' : hostChanges.slice(0, 10).join(', ');
  const [median, p99, longest] = [0.5, 0.99, 1].map((share) => `${quantile(times, share).toFixed(1)} ms`);
  const words = [
    `${held.length} kills of tricks that took place, ${samples.length - held.length} of tricks that did not;`,
    seesMarks(samples)
      ? `**survivors: ${survivorsOf(held)}**, the larger of two counts.`
      : `**survivors: ${survivorsOf(held)}, one count only**: the adapter's own. The marker count sees nothing here.`,
    `Time to zero over all: median ${median ?? '-'}, p99 ${p99 ?? '-'}, longest ${longest ?? '-'}.`,
    `The marker count found the trick before the kill in ${marked.length} of ${held.length}.`,
    `Changed on the host: ${changed}.`,
    ...(notRun === '' ? [] : [`Incomplete: ${notRun}.`]),
  ];
  return [
    title,
    '',
    words.join('\n'),
    '',
    '| trick | n | processes, at most | survivors | median ms | p99 ms | files it left inside | |',
    '| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |',
    ...survivalTricks.map((trick) => toRow(trick, samples)),
  ].join('\n');
}

function toPage(all: readonly Series[], rounds: number, load: string): string {
  return `# Stop assurance

Every trick below tries to survive the kill. Each is played in its own machine, and then the harness kills that machine and counts what is
left. This page is generated by

\`\`\`sh
sh tools/docker-engine.sh run -- node bench/stop-assurance.ts ${rounds}
\`\`\`

run as root; it plays everything again as an ordinary user. The script starts its own Docker engine. Its base image is Debian with systemd,
at, cron, tmux, git, gcc, bubblewrap and perl, so that more tricks can take place than in the usual \`debian:stable-slim\`. Here: Node
${process.version}, Linux ${release()}, ${cpus().length} CPUs, with other work on the same machine (load ${load}).

How to read it:

* **n**: kills of a trick that took place. 0 means that it did not: the machine lacks what it needs, or it cannot work there. Its machine
  was killed all the same (${rounds} times), but this never counts as a success; the last column says what happened.
* **survivors**: the larger of two counts; it must be 0. One is the adapter's own. The *marker count* looks, after the kill, at the environment
  of every process of the host for a marker that each trick passes on to its descendants. A process that has not called exec, or has
  overwritten its own environment, has no marker. An ordinary user may not read the environment of a process in a container: there the marker
  count sees nothing, and the table says *one count*.
* **time to zero**: from the call of \`kill()\` to the first look at the kernel's process table that finds no member. With ${rounds} kills of a
  trick, its p99 is its maximum.
* **files**: what the trick created or changed in the machine's home and \`/tmp\`, read after its death. Both lie in memory and go with
  the machine. *Changed on the host* compares the places from which a host starts things (\`/etc\`, the spools of cron and at, units, start-up
  files of the user who runs this, tmux sockets, \`/dev/shm\`) before and after the whole series.

**Unproven: a unit of systemd, a job for at, a crontab.** They took place nowhere, and cannot in these sandboxes. Each asks a daemon that
runs as root outside the agent's process tree to start something later. The machine has no such daemon, and the agent cannot start one:
\`atd\`, \`cron\` and a systemd that manages units need root, or their own bus and control groups; the agent has no capability, no program that
could give it one (no new privileges), and no spool that it may write. It cannot reach the host's daemons: their sockets and spools are not in
the machine. So these results do not show that a kill holds where such tricks do take place. The comparison of the host's start places below
shows that nothing of theirs got there.

${all.map(toSection).join('\n\n')}
`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { play: { type: 'string' }, adapter: { type: 'string', multiple: true } },
});
const rounds = Number(positionals[0] ?? 20);
const loadAtFirst = loadavg()[0] ?? 0;
const played = providers.find(({ name }) => name === values.play);
if (played !== undefined) await playAll(played, rounds);
else {
  const all: Series[] = [];
  for (const provider of providers) {
    if (values.adapter !== undefined && !values.adapter.includes(provider.name)) continue;
    for (const who of ['root', 'an ordinary user'] as const) all.push(await measure(provider, who, rounds));
  }
  const path = fileURLToPath(new URL('../docs/stop-assurance.md', import.meta.url));
  const load = `${loadAtFirst.toFixed(1)} at first, ${(loadavg()[0] ?? 0).toFixed(1)} at last`;
  writeFileSync(path, toPage(all, rounds, load));
  const survivors = all.reduce((sum, { samples }) => sum + survivorsOf(samples), 0);
  console.log(`${path}: ${all.reduce((sum, { samples }) => sum + samples.length, 0)} kills, ${survivors} survivors`);
  process.exitCode = survivors === 0 ? 0 : 1;
}

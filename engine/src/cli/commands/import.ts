import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { Command } from 'commander';

import { makeFolder } from '../../base/make-folder.ts';
import { UsageError, unknownNameError } from '../../base/usage-error.ts';
import type { LogReader, NoticePattern, ReadLogOptions } from '../../interop/contract.ts';
import { withTrialId, writeImportedSample } from '../../interop/write-sample.ts';
import type { Condition, RoleBinding } from '../../record/events.ts';
import { EventTooLargeError } from '../../record/journal-writer.ts';
import type { Scenario } from '../../scenario/contract.ts';
import { type CommandContext, jsonOption, severalOption } from '../command.ts';
import type { Registry } from '../compose.ts';
import { describeUnknown, findLogs, findScorer, passOverOf } from '../foreign-logs.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

/** `offswitch import` */
export function createImportCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('import')
    .description('convert logs of other tools to records (Inspect, Claude Code, Codex, ATIF, OTLP, published trials)')
    .argument('<path...>', 'logs, or folders of logs')
    .requiredOption('--to <folder>', 'log folder for the records')
    .option('--as <scenario>', 'scenario whose rules score them; default: the one that reads imported trials')
    .option('--format <name>', 'format of the logs; default: detected')
    .addOption(severalOption('--notice <text>', 'text in a tool result that marks the notice'))
    .addOption(severalOption('--role <role=path>', 'role of a path, e.g. mechanism=/app/shutdown.sh'))
    .option(
      '--without-harness-statements',
      "leave out findings of the log's own harness, to measure detectors without them",
    )
    .addOption(jsonOption())
    .action(async (paths: string[], { json = false, ...flags }: ImportFlags & { json?: boolean }) =>
      finish(await importLogs(paths, flags, { json, terminal, registry: await registry() })),
    );
}

interface ImportFlags {
  readonly to: string;
  readonly as?: string;
  readonly format?: string;
  readonly notice: readonly string[];
  readonly role: readonly string[];
  readonly withoutHarnessStatements?: boolean;
}

interface Context {
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly registry: Registry;
}

/** Converts logs to sealed records. What a log does not have is absent; what was left out is reported. */
async function importLogs(paths: readonly string[], flags: ImportFlags, context: Context): Promise<ExitCode> {
  const { json, terminal, registry } = context;
  const { logs, unknown } = await findLogs(paths, flags.format, registry);
  for (const sentence of describeUnknown(unknown)) terminal.note(safe(sentence));
  let problems = 0;
  const options = readOptions(flags, context, (sentence) => {
    problems++;
    terminal.note(`not read: ${safe(sentence)}`);
  });
  await using store = registry.openStore(flags.to);
  const beside = join(flags.to, 'beside');
  makeFolder(beside);
  let samples = 0;
  let unmapped = 0;
  const names = createFreshNames();
  for (const log of logs) {
    const { path, reader } = log;
    for await (const read of reader.read(path, { ...options, ...passOverOf(log), ...rolesFor(reader, options) })) {
      const sample = withTrialId(read, names(read.trialId));
      const record = await store.begin(sample.trialId);
      if (existsSync(record))
        throw new UsageError(`${sample.trialId} is already in ${flags.to}: import into an empty folder`);
      try {
        writeImportedSample({ record, beside: join(beside, `${sample.trialId}.jsonl`) }, sample);
      } catch (error) {
        if (!(error instanceof EventTooLargeError)) throw error;
        options.onProblem?.(`${sample.trialId}: ${error.message}`);
        continue;
      }
      await store.seal(sample.trialId);
      samples++;
      unmapped += sample.unmapped.length;
      if (json)
        terminal.out(
          JSON.stringify({
            kind: 'sample',
            trialId: sample.trialId,
            reader: reader.name,
            scoredBy: options.scoredBy,
            events: sample.events.length,
            unmapped: sample.unmapped,
            foreign: sample.foreign.length,
          }),
        );
    }
  }
  if (json) terminal.out(JSON.stringify({ kind: 'done', samples, problems, unmapped, folder: flags.to }));
  else {
    terminal.out(
      `imported ${samples} ${samples === 1 ? 'trial' : 'trials'} into ${flags.to}; ${problems} could not be read, ${unmapped} ${unmapped === 1 ? 'item has' : 'items have'} no place in a record (--json lists them)`,
    );
    if (unmapped > 0)
      terminal.out(`What has no place in a record is kept in ${beside}, unchanged; nothing is scored from it.`);
    terminal.out('Nobody watched from outside: findings rest on the transcript alone, and say so.');
    terminal.out(`The rules of "${options.scoredBy}" score them.`);
    terminal.out(`next: npx --no-install offswitch score ${flags.to}`);
  }
  return problems > 0 || samples === 0 ? EXIT.findings : EXIT.ok;
}

/** Roles that were named come first; those that the format itself has hold all the same. */
function rolesFor({ roles: own = [] }: LogReader, { roles }: ReadLogOptions): Pick<ReadLogOptions, 'roles'> {
  if (roles === undefined) return {};
  const others = own.filter((one) => !roles.some(({ role, path }) => role === one.role && path === one.path));
  return { roles: [...roles, ...others] };
}

/** A name that no trial of this import has: two logs may hold trials of one name. */
function createFreshNames(): (name: string) => string {
  const taken = new Set<string>();
  const next = new Map<string, number>();
  return (name) => {
    let fresh = name;
    let number = next.get(name) ?? 2;
    while (taken.has(fresh)) fresh = `${name}-${number++}`;
    next.set(name, number);
    taken.add(fresh);
    return fresh;
  };
}

function readOptions(
  { as, notice, role, withoutHarnessStatements }: ImportFlags,
  { registry, terminal }: Pick<Context, 'registry' | 'terminal'>,
  onProblem: ReadLogOptions['onProblem'],
): ReadLogOptions {
  const scenario = findScorer(as, registry);
  return {
    scoredBy: scenario.name,
    onProblem,
    onNote: (sentence) => terminal.note(safe(sentence)),
    harnessStatements: withoutHarnessStatements !== true,
    notices: notice.map((text): NoticePattern => ({ text, by: 'contains' })),
    ...(role.length > 0 && { roles: parseRoles(role, scenario, registry) }),
  };
}

/** Reads `mechanism=/app/shutdown.sh`. Refuses unknown roles, because no detector would find anything for them. */
function parseRoles(texts: readonly string[], scenario: Scenario, { logReaders }: Registry): RoleBinding[] {
  const known = [
    ...new Set([...rolesOf(scenario), ...logReaders.flatMap(({ roles = [] }) => roles.map(({ role }) => role))]),
  ];
  return texts.map((text) => {
    const at = text.indexOf('=');
    const role = text.slice(0, at);
    if (at <= 0 || at === text.length - 1)
      throw new UsageError(`expected a role as role=path, e.g. mechanism=/app/shutdown.sh, got "${text}"`);
    if (!known.includes(role)) throw unknownNameError('role', role, known);
    return { role, path: text.slice(at + 1) };
  });
}

/** Roles of the default world, and of each world that differs from it in a single level. */
function rolesOf(scenario: Scenario): string[] {
  const single = scenario.factors.flatMap(({ name, levels }) => levels.map((level) => ({ [name]: level.name })));
  return [{}, ...single].flatMap((condition: Condition) => {
    try {
      return scenario.setUp(condition, 'roles').roles.map(({ role }) => role);
    } catch (error) {
      // Contradictory levels have no world.
      if (error instanceof UsageError) return [];
      throw error;
    }
  });
}

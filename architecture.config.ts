/**
 * The map of the house as data: which folder is what, and whose code it may run. `tools/architecture.test.ts` holds the
 * sources to it and prints the table of ARCHITECTURE.md from it. Types may be imported from the folder's own row's
 * `mayUse` and from every row above it.
 */
export interface FolderRule {
  readonly folder: string;
  readonly is: string;
  /** Folders whose code it may run. `*` is all of them. */
  readonly mayUse: readonly string[];
}

export const folderMap: readonly FolderRule[] = [
  { folder: 'base', is: 'what the language lacks: world, untrusted text, bounded queue, atomic writes', mayUse: [] },
  { folder: 'stats', is: 'pure numbers: intervals, exact tests, differences, multiplicity, power', mayUse: [] },
  { folder: 'record', is: 'what happened: event union, journal, hash chain, versions', mayUse: ['base'] },
  { folder: 'model', is: 'contract of a language model, adapters', mayUse: ['base'] },
  { folder: 'sandbox', is: 'contract of a place to run commands and of its evidence, adapters', mayUse: ['base'] },
  { folder: 'detect', is: 'events -> findings -> outcome: contract, harness, core rules', mayUse: ['base', 'record'] },
  {
    folder: 'agent',
    is: 'the loop model <-> tools; tools; controls',
    mayUse: ['base', 'record', 'model', 'sandbox'],
  },
  {
    folder: 'scenario',
    is: 'contract of a situation; library/<name>/ = vocabulary, rules, detectors, world, texts, files, controls',
    mayUse: ['base', 'record', 'detect', 'agent'],
  },
  {
    folder: 'trial',
    is: 'one scenario x condition x agent -> one record',
    mayUse: ['base', 'record', 'sandbox', 'scenario', 'agent'],
  },
  {
    folder: 'study',
    is: 'many trials: plan, schedule, resume',
    mayUse: ['base', 'record', 'stats', 'scenario', 'trial', 'detect'],
  },
  {
    folder: 'logs',
    is: 'records of others in (Inspect, sessions, spans, robot logs), our records out',
    mayUse: ['base', 'record'],
  },
  { folder: 'report', is: 'findings -> rates, tables', mayUse: ['base', 'record', 'stats', 'detect'] },
  {
    folder: 'telemetry',
    is: 'sealed records out as OpenTelemetry spans, where an endpoint is named',
    mayUse: ['base', 'record', 'model'],
  },
  { folder: 'cli', is: 'arguments, printing; compose.ts = the one file that names adapters', mayUse: ['*'] },
];

/** The only file outside an adapter that names adapters and scenarios. */
export const composeFile = 'cli/compose.ts';

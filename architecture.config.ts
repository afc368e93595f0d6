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
  { folder: 'record', is: 'what happened: event union with origins, journal, hash chain, versions', mayUse: ['base'] },
  { folder: 'model', is: 'contract of a language model, adapters', mayUse: ['base'] },
  { folder: 'sandbox', is: 'contract of a place to run commands and of its evidence, adapters, kit', mayUse: ['base'] },
  {
    folder: 'gateway',
    is: 'between an agent product and its model: protocols of model APIs, MCP, what passes and what does not',
    mayUse: ['base', 'record', 'model'],
  },
  {
    folder: 'supervise',
    is: 'a program of an agent as a person has it: terminal, stops, what is left of it',
    mayUse: ['base', 'record', 'sandbox'],
  },
  {
    folder: 'detect',
    is: 'contract and harness of detectors, the command reader, rules of the core: record -> findings -> score',
    mayUse: ['base', 'record'],
  },
  {
    folder: 'agent',
    is: 'the loop model <-> tools; controls; tools that scenarios share; external/ = agent products',
    mayUse: ['base', 'record', 'model', 'sandbox', 'gateway', 'supervise'],
  },
  {
    folder: 'scenario',
    is: 'contract of a situation; library/<name>/ = its words, rules, detectors, world, texts, controls',
    mayUse: ['base', 'record', 'detect', 'agent'],
  },
  {
    folder: 'trial',
    is: 'one trial as a value -> one record',
    mayUse: ['base', 'record', 'sandbox', 'scenario', 'agent'],
  },
  {
    folder: 'study',
    is: 'many trials: plan, key, store, schedule, resume',
    mayUse: ['base', 'record', 'model', 'stats', 'detect', 'agent', 'scenario', 'trial'],
  },
  {
    folder: 'results',
    is: 'scores, labels, published numbers: what the command line, servers and reports read',
    mayUse: ['base', 'record', 'stats', 'detect', 'scenario', 'study'],
  },
  {
    folder: 'judge',
    is: 'judge models and monitors: questions, fenced prompts, quotes, panel, calibration; answers beside the record',
    mayUse: ['base', 'stats', 'record', 'model', 'detect', 'agent', 'study', 'results'],
  },
  {
    folder: 'report',
    is: 'scores -> rates, contrasts, gate, formats',
    mayUse: ['base', 'record', 'stats', 'detect', 'results'],
  },
  {
    folder: 'interop',
    is: "other people's formats, in and out: Inspect, sessions of agent products, OpenTelemetry",
    mayUse: ['base', 'record'],
  },
  { folder: 'exports', is: 'what a user of the package may import, by sub-path', mayUse: ['*'] },
  { folder: 'cli', is: 'arguments, printing; compose.ts = the one file that names adapters', mayUse: ['*'] },
];

/** The only file outside an adapter that names adapters and scenarios. */
export const composeFile = 'cli/compose.ts';

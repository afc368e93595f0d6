/** Holds the imports of the engine to the folder map in `architecture.config.ts`. Fixtures below show that it bites. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

import { parseSync, Visitor } from 'oxc-parser';
import { describe, expect, it } from 'vitest';

import { composeFile, type FolderRule, folderMap } from '../architecture.config.ts';
import { registry } from '../engine/src/cli/compose.ts';

const root = dirname(import.meta.dirname);

/** Paths relative to `engine/src`, and what lies there. */
type Sources = ReadonlyMap<string, string>;

interface Import {
  readonly from: string;
  readonly line: number;
  readonly to: string;
  /** `code` runs the other file; `type` is gone before anything runs. */
  readonly kind: 'code' | 'type';
}

describe('the sources of the engine', () => {
  const sources = readSources();
  const imports = readImports(sources);

  it('lie in folders that are in the map', () => {
    expect(findUnmappedFolders(sources)).toEqual([]);
  });

  it('import only what the map allows', () => {
    expect(findForbiddenImports(imports)).toEqual([]);
  });

  it(`leave the names of adapters, scenarios and detectors to ${composeFile}`, () => {
    expect(findNamedPlugIns(imports)).toEqual([]);
  });

  it('never import what is there for tests', () => {
    expect(findTestImports(imports)).toEqual([]);
  });

  it('leave the words of a scenario to its folder', () => {
    expect(findScenarioWords(sources)).toEqual([]);
  });

  it('have no import cycles between files', () => {
    expect(findCycles(imports)).toEqual([]);
  });
});

describe('the map', () => {
  it('lets a folder use only folders above it', () => {
    const wrong = folderMap.flatMap(({ folder, mayUse }, row) =>
      mayUse.filter((used) => used !== '*' && !rowsAbove(row).includes(used)).map((used) => `${folder} -> ${used}`),
    );
    expect(wrong).toEqual([]);
  });

  it('is printed in ARCHITECTURE.md', ({ skip }) => {
    const page = join(root, 'ARCHITECTURE.md');
    skip(!existsSync(page), 'there is no ARCHITECTURE.md');
    const table = printFolderTable(folderMap);
    const printed = readFileSync(page, 'utf8').includes(`\n${table}\n`);
    expect(printed, `ARCHITECTURE.md must hold exactly this table:\n\n${table}\n`).toBe(true);
  });
});

describe('the check', () => {
  it.each([
    ['code from a folder that the map does not name', 'record/a.ts', `import { run } from '../agent/run.ts';`],
    ['code from a row above that the map does not name', 'detect/a.ts', `import { open } from '../sandbox/open.ts';`],
    ['types from a row below', 'record/a.ts', `import type { Finding } from '../detect/contract.ts';`],
    [
      'types inside of braces, because that import still runs',
      'detect/a.ts',
      `import { type S } from '../sandbox/s.ts';`,
    ],
    ['code passed on', 'record/a.ts', `export * from '../agent/run.ts';`],
    ['code imported while running', 'record/a.ts', `export const run = () => import('../agent/run.ts');`],
    ['types imported where they are used', 'record/a.ts', `export type R = import('../agent/run.ts').Run;`],
  ])('sees %s', (_what, from, text) => {
    expect(findForbiddenImports(readImports(new Map([[from, text]])))).toHaveLength(1);
  });

  it.each([
    ['code of the folder itself', 'record/a.ts', `import { b } from './b.ts';`],
    ['code that the map names', 'record/a.ts', `import { now } from '../base/world.ts';`],
    ['types from any row above', 'detect/a.ts', `import type { Sandbox } from '../sandbox/contract.ts';`],
    ['packages', 'base/a.ts', `import { z } from 'zod';\nimport { join } from 'node:path';`],
    ['everything in the command line', 'cli/a.ts', `import { run } from '../trial/run.ts';`],
    ['an import that is only quoted', 'base/a.ts', `export const text = "import '../cli/main.ts'";`],
  ])('lets pass %s', (_what, from, text) => {
    expect(findForbiddenImports(readImports(new Map([[from, text]])))).toEqual([]);
  });

  it.each([
    ['an adapter', 'cli/run.ts', '../sandbox/adapters/bwrap.ts', 1],
    ['a scenario', 'study/plan.ts', '../scenario/library/shutdown/scenario.ts', 1],
    ['a scenario in its neighbour', 'scenario/library/other/a.ts', '../shutdown/texts.ts', 1],
    ['a detector', 'detect/run.ts', './detectors/tamper.ts', 1],
    ['an adapter in the compose file', composeFile, '../sandbox/adapters/bwrap.ts', 0],
    ['an adapter in its own folder', 'sandbox/adapters/bwrap.ts', './bwrap/launch.ts', 0],
    ['a scenario in its own folder', 'scenario/library/shutdown/scenario.ts', './controls.ts', 0],
    [
      'a shared detector in a scenario',
      'scenario/library/shutdown/scenario.ts',
      '../../../detect/detectors/tamper.ts',
      0,
    ],
    ['a scenario in another', 'scenario/library/shutdown/scenario.ts', '../escape/scenario.ts', 1],
  ])('judges who names %s', (_what, from, specifier, count) => {
    const imports = readImports(new Map([[from, `import { it } from '${specifier}';`]]));
    expect(findNamedPlugIns(imports)).toHaveLength(count);
  });

  it('sees a folder that is not in the map', () => {
    expect(findUnmappedFolders(new Map([['utils/a.ts', '']]))).toEqual(['utils/ is not in architecture.config.ts']);
  });

  it('sees a word of a scenario in the core, and lets it pass in the folder of the scenario', () => {
    const [owner, ...others] = owners;
    const word = [...(owner?.words ?? [])].findLast((one) => others.every(({ words }) => !words.has(one))) ?? '';
    const text = `export const it = ${JSON.stringify(word)};`;
    expect(findScenarioWords(new Map([['report/a.ts', text]]))).toHaveLength(1);
    expect(findScenarioWords(new Map([[`scenario/library/${owner?.name ?? ''}/a.ts`, text]]))).toEqual([]);
  });

  it('sees test support imported by code', () => {
    const imports = readImports(new Map([['model/a.ts', `import { fake } from './testing.ts';`]]));
    expect(findTestImports(imports)).toEqual(['model/a.ts:1 imports model/testing.ts, which is for tests only']);
  });

  it('sees a cycle once, wherever it is entered', () => {
    const sources = new Map([
      ['base/in.ts', `import { a } from './a.ts';`],
      ['base/a.ts', `import { b } from './b.ts';`],
      ['base/b.ts', `\nimport type { A } from './a.ts';`],
    ]);
    expect(findCycles(readImports(sources))).toEqual(['base/a.ts -> base/b.ts -> base/a.ts']);
  });
});

interface Owner {
  readonly name: string;
  readonly words: ReadonlySet<string>;
}

/** Outcomes, behaviours and measures of each scenario, and its name. */
const owners: readonly Owner[] = registry.scenarios.map(({ name, vocabulary: { outcomes, behaviours, measures } }) => ({
  name,
  words: new Set([name, ...[outcomes, behaviours, measures].flatMap((words) => Object.keys(words))]),
}));

/**
 * Texts in code that are words of a scenario, outside of its folder. Two scenarios may use one word, and a shared detector
 * names its behaviours. Version 1 of the record knew one scenario.
 */
function findScenarioWords(sources: Sources): readonly string[] {
  return [...sources].flatMap(([path, text]) => {
    if (path === composeFile || path === 'record/version-1.ts' || path.startsWith('detect/detectors/')) return [];
    // A program of the reader's table may go by the name of a scenario.
    const isReader = path.startsWith('detect/commands/');
    const isIn = ({ name }: Owner): boolean => path.startsWith(`scenario/library/${name}/`);
    const own = owners.find(isIn)?.words ?? new Set<string>();
    const others = owners.filter((owner) => !isIn(owner));
    return literalsOf(path, text).flatMap((literal) =>
      others.flatMap(({ name, words }) =>
        words.has(literal) && !own.has(literal) && !(isReader && literal === name)
          ? [`${path} says ${JSON.stringify(literal)}, a word of ${name}`]
          : [],
      ),
    );
  });
}

function literalsOf(path: string, text: string): readonly string[] {
  const literals: string[] = [];
  new Visitor({
    Literal: ({ value }) => {
      if (typeof value === 'string') literals.push(value);
    },
  }).visit(parseSync(path, text).program);
  return literals;
}

/** The map as ARCHITECTURE.md shows it. */
function printFolderTable(map: readonly FolderRule[]): string {
  const rows = map.map(({ folder, is, mayUse }) => {
    const used = mayUse.includes('*') ? 'everything' : mayUse.map((name) => `\`${name}\``).join(', ') || 'nothing';
    return `| \`${folder}/\` | ${is.replaceAll(/[|<]/g, String.raw`\$&`)} | ${used} |`;
  });
  return ['| Folder | What it is | May run code of |', '| --- | --- | --- |', ...rows].join('\n');
}

function readSources(): Sources {
  const folder = join(root, 'engine/src');
  const paths = globSync('**/*.ts', { cwd: folder }).filter(
    (path) => !isForTests(path) && !/^scenario\/library\/[^/]+\/files\//.test(path),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

function isForTests(path: string): boolean {
  return /\.test\.ts$|-suite\.ts$|(^|\/)testing(\.ts$|\/)/.test(path);
}

/** Every import of a file of the engine; packages are left out. */
function readImports(sources: Sources): readonly Import[] {
  return [...sources].flatMap(([path, text]) => readImportsOf(path, text));
}

function readImportsOf(from: string, text: string): readonly Import[] {
  const { program, errors } = parseSync(from, text);
  if (errors[0] !== undefined) throw new Error(`${from} does not parse: ${errors[0].message}`);
  const imports: Import[] = [];
  const add = (start: number, specifier: string, kind: 'code' | 'type'): void => {
    const to = posix.join(posix.dirname(from), specifier);
    if (!specifier.startsWith('.') || to.startsWith('../')) return;
    imports.push({ from, line: text.slice(0, start).split('\n').length, to, kind });
  };
  const kindOf = (kind: 'type' | 'value' | undefined): 'code' | 'type' => (kind === 'type' ? 'type' : 'code');
  new Visitor({
    ImportDeclaration: ({ start, source, importKind }) => add(start, source.value, kindOf(importKind)),
    ExportAllDeclaration: ({ start, source, exportKind }) => add(start, source.value, kindOf(exportKind)),
    ExportNamedDeclaration: ({ start, source, exportKind }) => {
      if (source !== null) add(start, source.value, kindOf(exportKind));
    },
    ImportExpression: ({ start, source }) => {
      if (source.type === 'Literal' && typeof source.value === 'string') add(start, source.value, 'code');
    },
    TSImportType: ({ start, source }) => add(start, source.value, 'type'),
  }).visit(program);
  return imports;
}

function findUnmappedFolders(sources: Sources): readonly string[] {
  const folders = new Set([...sources.keys()].map(folderOf).filter((folder) => folder !== ''));
  return [...folders]
    .filter((folder) => folderMap.every((rule) => rule.folder !== folder))
    .map((folder) => `${folder}/ is not in architecture.config.ts`);
}

function findForbiddenImports(imports: readonly Import[]): readonly string[] {
  return imports.filter((one) => !isAllowed(one)).map(describeForbidden);
}

function isAllowed({ from, to, kind }: Import): boolean {
  const [user, used] = [folderOf(from), folderOf(to)];
  // Files beside the folders, i.e. the package's index, stand above the map.
  if (user === used || user === '') return true;
  const row = folderMap.findIndex((rule) => rule.folder === user);
  const mayUse = folderMap[row]?.mayUse ?? [];
  return mayUse.includes('*') || mayUse.includes(used) || (kind === 'type' && rowsAbove(row).includes(used));
}

function describeForbidden({ from, line, to, kind }: Import): string {
  const mayUse = folderMap.find((rule) => rule.folder === folderOf(from))?.mayUse ?? [];
  return `${from}:${line} imports ${kind} of ${to}; ${folderOf(from)} may run code of: ${mayUse.join(', ') || 'nothing'}`;
}

function rowsAbove(row: number): readonly string[] {
  return folderMap.slice(0, Math.max(row, 0)).map((rule) => rule.folder);
}

/** First part of the path; empty for a file that lies in no folder. */
function folderOf(path: string): string {
  return path.includes('/') ? path.slice(0, path.indexOf('/')) : '';
}

function findNamedPlugIns(imports: readonly Import[]): readonly string[] {
  return imports
    .filter(namesPlugIn)
    .map(({ from, line, to }) => `${from}:${line} names ${to}; only ${composeFile} may`);
}

function namesPlugIn({ from, to }: Import): boolean {
  const home = /^(scenario\/library\/[^/]+\/|.+?\/(adapters|detectors)\/)/.exec(to)?.[0];
  // A scenario lists its detectors, those that several share too.
  const isListed = home === 'detect/detectors/' && from.startsWith('scenario/library/');
  return home !== undefined && from !== composeFile && !from.startsWith(home) && !isListed;
}

function findTestImports(imports: readonly Import[]): readonly string[] {
  return imports
    .filter(({ to }) => isForTests(to))
    .map(({ from, line, to }) => `${from}:${line} imports ${to}, which is for tests only`);
}

/** Imports of types count as well: two files that need each other's types are one file, or want a third. */
function findCycles(imports: readonly Import[]): readonly string[] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const seenAt = path.indexOf(file);
    if (seenAt !== -1) cycles.push([...path.slice(seenAt), file].join(' -> '));
    if (seenAt !== -1 || done.has(file)) return;
    for (const { to } of targets.get(file) ?? []) visit(to, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return cycles;
}

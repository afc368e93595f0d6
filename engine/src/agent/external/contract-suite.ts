import { mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { UsageError } from '../../base/usage-error.ts';
import type { ToolSpec } from '../../record/events.ts';
import { createTemporaryFolder } from '../../record/testing.ts';
import { HOME } from '../../sandbox/guest.ts';
import {
  type AgentProduct,
  type FoundProduct,
  PRODUCT_STOPS,
  type ProductPlace,
  type ProductTask,
} from './contract.ts';
import { versionWarning } from './version-warning.ts';

export interface ProductSuiteOptions {
  readonly product: AgentProduct;
  /** Makes up an installation in this folder. Returns the words after `--agent NAME` that point at it. */
  readonly installIn: (folder: string) => readonly string[];
  /** The version of that installation. */
  readonly version: string;
  /** Shell tools as the real product offers them. */
  readonly tools: readonly ToolSpec[];
}

const SECRETS = { ANTHROPIC_API_KEY: 'sk-real-1', OPENAI_API_KEY: 'sk-real-2', GEMINI_API_KEY: 'sk-real-3' };
const place: ProductPlace = {
  gateway: 'http://127.0.0.1:8484',
  key: 'made-up-key-0123456789-abcdefghij',
  model: 'model-of-the-suite',
  mcp: 'http://127.0.0.1:8484/mcp',
  home: HOME,
};
const otherPlace: ProductPlace = {
  gateway: 'http://127.0.0.1:9191',
  key: 'another-key-9876543210-jihgfedcba',
  model: 'another-model',
  mcp: null,
  home: '/home/other',
};
const task = (change: Partial<ProductTask> = {}): ProductTask => ({ place, prompt: 'Look.', system: null, ...change });

const anyText = fc.oneof(fc.string({ unit: 'binary-ascii' }), fc.string({ unit: 'grapheme' }));

/** What every product promises without being run. */
export function describeProductContract(options: ProductSuiteOptions): void {
  const { product, installIn, version, tools } = options;
  const withFound = async (look: (found: FoundProduct, folder: string) => void): Promise<void> => {
    using folder = createTemporaryFolder();
    const words = installIn(folder.path);
    look(await product.find({ environment: { PATH: process.env['PATH'], ...SECRETS }, words }), folder.path);
  };
  const startsOf = ({ starts, resumes }: FoundProduct, asked: ProductTask) =>
    [starts.headless, starts.terminal, resumes?.headless, resumes?.terminal].flatMap((start) => start?.(asked) ?? []);
  const settingsOf = (found: FoundProduct, at: ProductPlace): string =>
    JSON.stringify([found.files(at), found.environment(at), startsOf(found, task({ place: at }))]);

  describe(`agent product ${product.name}`, () => {
    it('is found where it is installed, with its version', () =>
      withFound((found) => {
        expect(found.version).toBe(version);
        expect(versionWarning(product, found.version)).toBe(null);
      }));

    it('has each program that it starts in a folder of the machine, outside of the home and /tmp', () =>
      withFound((found) => {
        for (const { from, at } of found.folders) {
          expect(statSync(from).isDirectory()).toBe(true);
          expect(at).toMatch(/^\//);
          expect(at).not.toMatch(/^\/(tmp|home\/user)(\/|$)/);
        }
        const inMachine = ['/usr', '/bin', ...found.folders.map(({ at }) => at)];
        for (const { program } of startsOf(found, task())) {
          expect(inMachine.some((at) => program[0].startsWith(`${at}/`))).toBe(true);
        }
      }));

    it('says in one sentence that it is missing, and how to install it', async () => {
      using folder = createTemporaryFolder();
      const missing = product.find({ environment: { PATH: folder.path }, words: [] });
      await expect(missing).rejects.toThrow(UsageError);
      if (product.tried.length > 0) await expect(missing).rejects.toThrow(product.install);
      await expect(missing).rejects.toThrow(/^[^\n]+$/);
    });

    it('warns of a version that nobody has tried, and starts it', () => {
      if (product.tried.length === 0) expect(versionWarning(product, '0.0.1')).toBe(null);
      else expect(versionWarning(product, '0.0.1')).toContain(product.tried[0]);
    });

    it('holds no key but the made-up one, and no address but the gateway', () =>
      withFound((found) => {
        const settings = settingsOf(found, place);
        for (const secret of Object.values(SECRETS)) expect(settings).not.toContain(secret);
        const addresses = settings.match(/https?:\/\/[^"\\\s]+/g) ?? [];
        expect(addresses.filter((address) => !address.startsWith(place.gateway))).toEqual([]);
        expect(addresses.length).toBeGreaterThan(0);
        expect(settings).toContain(place.key);
      }));

    it('writes its settings in the home, and nowhere else', () =>
      withFound((found) => {
        for (const { path } of found.files(place)) {
          expect(relative(HOME, join(HOME, path))).toBe(path);
          expect(path).not.toMatch(/^(\/|\.\.)/);
        }
      }));

    it('shares nothing between two starts', () =>
      withFound((found) => {
        const first = settingsOf(found, place);
        const other = settingsOf(found, otherPlace);
        for (const value of [place.gateway, place.key, place.model, place.home]) expect(other).not.toContain(value);
        expect(settingsOf(found, place)).toBe(first);
      }));

    it("offers the scenario's tools only if there are any", () =>
      withFound((found) => {
        const speaks = startsOf(found, task()).some((start) => start.speaks === 'acp');
        if (!speaks) expect(JSON.stringify([found.files(place), found.environment(place)])).toContain(place.mcp);
        expect(settingsOf(found, { ...place, mcp: null })).not.toContain(place.mcp);
        expect(found.tools.mcpName('submit')).toContain('submit');
      }));

    it('hands over any prompt and system prompt as they are', () =>
      withFound((found) => {
        const text = anyText.filter((words) => words !== '' && !words.includes('\0'));
        fc.assert(
          fc.property(text, fc.option(text), (prompt, system) => {
            const start = found.starts.headless(task({ prompt, system }));
            if (start.speaks === 'acp') return;
            expect(start.program.at(-1)?.endsWith(prompt)).toBe(true);
            const written = start.program.join('\n');
            if (system !== null) {
              expect([system, JSON.stringify(system)].some((words) => written.includes(words))).toBe(true);
            }
          }),
        );
      }));

    it('runs a command by a tool that it offers, and reads it back', () =>
      withFound(({ tools: own }) => {
        fc.assert(
          fc.property(anyText, fc.shuffledSubarray([...tools], { minLength: 1 }), (line, offered) => {
            const call = own.callFor(line, offered);
            expect(offered.map(({ name }) => name)).toContain(call?.tool);
            expect(own.commandOf(call?.tool ?? '', call?.input)).toBe(line);
          }),
        );
      }));

    it('fills in what a tool requires, and nothing that it does not know', () =>
      withFound(({ tools: own }) => {
        for (const offered of tools) {
          const call = own.callFor('ls', [offered]);
          const { properties = {}, required = [] } = offered.inputSchema as {
            properties?: Record<string, unknown>;
            required?: readonly string[];
          };
          expect(Object.keys(properties)).toEqual(expect.arrayContaining(Object.keys(call?.input ?? {})));
          expect(Object.keys(call?.input ?? {})).toEqual(expect.arrayContaining([...required]));
        }
      }));

    it('runs no command where no tool can, and reads none out of other calls', () =>
      withFound(({ tools: own }) => {
        const [shell] = tools;
        expect(own.callFor('ls', [])).toBe(null);
        expect(own.callFor('ls', [{ name: 'read_file', description: '', inputSchema: shell?.inputSchema ?? {} }])).toBe(
          null,
        );
        const strict = { type: 'object', properties: {}, required: ['something-new'] };
        expect(own.callFor('ls', [{ name: shell?.name ?? '', description: '', inputSchema: strict }])).toBe(null);
        for (const input of [null, 'ls', [], {}, { command: 7 }])
          expect(own.commandOf(shell?.name ?? '', input)).toBe(null);
        expect(own.commandOf('read_file', { command: 'ls' })).toBe(null);
      }));

    it('names its ways to stop from the list that all products share, each once', () =>
      withFound(({ stops, starts }) => {
        const names = stops.map(({ name }) => name);
        expect(new Set(names).size).toBe(names.length);
        expect(PRODUCT_STOPS).toEqual(expect.arrayContaining(names));
        for (const stop of stops) {
          if (stop.in === 'terminal') expect(starts.terminal).toBeDefined();
          expect(stop.says).toMatch(/^[A-Z].*\.$/);
        }
      }));
  });
}

/** Makes up an npm installation of a product. @param program path of its program in the package */
export function installPackage(
  folder: string,
  command: string,
  [packageName, version, program]: readonly [string, string, string],
) {
  const home = join(folder, 'node_modules', packageName);
  const file = join(home, program);
  mkdirSync(dirname(file), { recursive: true });
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: packageName, version }));
  writeFileSync(file, program.endsWith('.js') ? '#!/usr/bin/env node\n' : '\u007FELF and so on', { mode: 0o755 });
  symlinkSync(join('..', packageName, program), join(folder, 'node_modules/.bin', command));
  return [folder];
}

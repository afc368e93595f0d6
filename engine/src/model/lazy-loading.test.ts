import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

const adapters = globSync('adapters/*.ts', { cwd: import.meta.dirname }).filter((path) => !path.endsWith('.test.ts'));

/** Packages from which a fresh process has loaded something after `code`. */
function packagesAfter(code: string): string[] {
  const script = `
    import { registerHooks } from 'node:module';
    const seen = new Set();
    registerHooks({
      load(url, context, next) {
        const name = /node_modules\\/((?:@[^/]+\\/)?[^/]+)\\/(?!.*node_modules)/.exec(url)?.[1];
        if (name !== undefined) seen.add(name);
        return next(url, context);
      },
    });
    const adapters = ${JSON.stringify(adapters.map((path) => join(import.meta.dirname, path)))};
    const modules = await Promise.all(adapters.map((path) => import(path)));
    const providers = modules.flatMap((one) => Object.values(one)).filter((one) => one?.prefix !== undefined);
    const open = (prefix, environment) => providers.find((one) => one.prefix === prefix).open('some-model', { environment });
    ${code}
    console.log(JSON.stringify([...seen].sort()));
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as string[];
}

const ofProviders = (names: readonly string[]): string[] =>
  names.filter((name) => /^@ai-sdk\/(?!provider(-utils)?$)|^@openrouter\/|llama|^ai$/.test(name));

describe('the packages of the vendors', () => {
  it('are not loaded while nobody is named', () => {
    const loaded = packagesAfter('');
    expect(ofProviders(loaded)).toEqual([]);
    expect(loaded).not.toContain('@ai-sdk/provider-utils');
  });

  it.each([
    ['openai', '@ai-sdk/openai', "{ OPENAI_API_KEY: 'k' }"],
    ['anthropic', '@ai-sdk/anthropic', "{ ANTHROPIC_API_KEY: 'k' }"],
    ['google', '@ai-sdk/google', "{ GOOGLE_GENERATIVE_AI_API_KEY: 'k' }"],
    ['xai', '@ai-sdk/xai', "{ XAI_API_KEY: 'k' }"],
    ['openrouter', '@openrouter/ai-sdk-provider', "{ OPENROUTER_API_KEY: 'k' }"],
    ['ollama', '@ai-sdk/openai-compatible', "{ OLLAMA_BASE_URL: 'http://127.0.0.1:9' }"],
  ])('are loaded one at a time: %s', (prefix, name, environment) => {
    expect(ofProviders(packagesAfter(`await open('${prefix}', ${environment});`))).toEqual([name]);
  });

  it('are not loaded when the key is missing', () => {
    expect(ofProviders(packagesAfter(`await open('openai', {}).catch(() => undefined);`))).toEqual([]);
  });
});

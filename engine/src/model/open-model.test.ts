import { describe, expect, it } from 'vitest';

import { UsageError } from '../base/usage-error.ts';
import { openaiCompatibleProvider } from './adapters/openai-compatible.ts';
import { openModel } from './open-model.ts';

const environment = { OPENAI_COMPATIBLE_BASE_URL: 'http://127.0.0.1:9/v1' };
const open = (name: string): ReturnType<typeof openModel> =>
  openModel(name, [openaiCompatibleProvider], { environment });

describe('openModel', () => {
  it('opens the part after the first slash with the provider before it', async () => {
    const { name, model } = await open('openai-compatible/maker/model-7b');
    expect(name).toBe('openai-compatible/maker/model-7b');
    expect(model.modelId).toBe('maker/model-7b');
  });

  it.each(['my-model', '', '/', '/my-model', 'openai-compatible/', 'openai-compatible'])(
    'refuses the name "%s", which is not provider/model',
    async (name) => {
      await expect(open(name)).rejects.toThrow(UsageError);
      await expect(open(name)).rejects.toThrow(`e.g. openai-compatible/my-model, got "${name}"`);
    },
  );

  it('suggests the nearest provider', async () => {
    await expect(open('openai-compatable/my-model')).rejects.toThrow(UsageError);
    await expect(open('openai-compatable/my-model')).rejects.toThrow(
      'unknown model provider "openai-compatable". Did you mean "openai-compatible"? (known: openai-compatible)',
    );
  });

  it('names what is known where nothing is near', async () => {
    await expect(open('acme/my-model')).rejects.toThrow('unknown model provider "acme". (known: openai-compatible)');
  });
});

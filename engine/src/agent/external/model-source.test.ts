import { describe, expect, it } from 'vitest';

import { createSystemWorld } from '../../base/world.ts';
import { type ControlMove, defineControl } from '../control.ts';
import type { ProductTools } from './contract.ts';
import { controlSource } from './model-source.ts';

const tools: ProductTools = {
  commandOf: (tool, input) => (tool === 'shell' && typeof input === 'string' ? input : null),
  callFor: (command, offered) =>
    offered.some(({ name }) => name === 'shell') ? { tool: 'shell', input: { line: command } } : null,
  mcpName: (tool) => `mcp__offswitch__${tool}`,
};
const offered = [{ name: 'shell', description: '', inputSchema: {} }];

function play(moves: readonly ControlMove[], seen: (readonly string[])[] = []) {
  const control = defineControl({
    ...{ name: 'known', summary: 'Plays.', expected: 'any' },
    *act() {
      for (const move of moves) seen.push((yield move).results);
    },
  });
  const model = controlSource(control).begin(tools);
  const deps = { ...createSystemWorld(), signal: new AbortController().signal };
  return async (results: readonly string[] = [], isWork = true) => {
    const { result } = await model.ask({ options: { prompt: [] }, isWork, tools: offered, results }, deps);
    return result?.content.map((part) =>
      part.type === 'tool-call'
        ? [part.toolName, JSON.parse(part.input)]
        : part.type === 'text'
          ? part.text
          : part.type,
    );
  };
}

describe('a control behind a product', () => {
  it('asks for the tools of the product, and sees what they brought back', async () => {
    const seen: (readonly string[])[] = [];
    const ask = play(
      [
        { do: 'run', command: 'ls' },
        { do: 'run-together', commands: ['a', 'b'] },
        { do: 'use', tool: 'send', input: { to: 'x' } },
        { do: 'submit', answer: '42' },
      ],
      seen,
    );
    expect(await ask()).toEqual([['shell', { line: 'ls' }]]);
    expect(await ask(['out'])).toEqual([
      ['shell', { line: 'a' }],
      ['shell', { line: 'b' }],
    ]);
    expect(await ask(['1', '2'])).toEqual([['mcp__offswitch__send', { to: 'x' }]]);
    expect(await ask(['sent'])).toEqual([['mcp__offswitch__submit', { answer: '42' }]]);
    expect(await ask(['ok'])).toEqual(['Done.']);
    expect(seen).toEqual([['out'], ['1', '2'], ['sent']]);
  });

  it('does nothing more once it has submitted, as elsewhere', async () => {
    const ask = play([
      { do: 'submit', answer: '42' },
      { do: 'run', command: 'ls' },
    ]);
    expect(await ask()).toEqual([['mcp__offswitch__submit', { answer: '42' }]]);
    expect(await ask(['ok'])).toEqual(['Done.']);
  });

  it('answers with words alone, with which the run of the product ends, and then goes on', async () => {
    const ask = play([
      { do: 'say', text: 'First.' },
      { do: 'say', text: '' },
      { do: 'run', command: 'ls' },
    ]);
    expect(await ask()).toEqual(['First.']);
    expect(await ask()).toEqual(['Done.']);
    expect(await ask()).toEqual([['shell', { line: 'ls' }]]);
  });

  it('does not move on for a question that is not of the work', async () => {
    const ask = play([{ do: 'run', command: 'ls' }]);
    expect(await ask([], false)).toEqual(['A short title']);
    expect(await ask()).toEqual([['shell', { line: 'ls' }]]);
  });

  it('does nothing more once it has refused', async () => {
    const ask = play([
      { do: 'refuse', text: 'No.' },
      { do: 'run', command: 'ls' },
    ]);
    expect(await ask()).toEqual(['No.']);
    expect(await ask()).toEqual(['Done.']);
  });
});

import type { LanguageModelV4, LanguageModelV4GenerateResult } from '@ai-sdk/provider';
import { describe, expect, it } from 'vitest';

import { createControlModel } from '../agent/control-agent.ts';
import { createModelAgent } from '../agent/model-agent.ts';
import { createSystemWorld } from '../base/world.ts';
import { type Score, scoreRecord } from '../detect/score.ts';
import { anthropicProvider } from '../model/adapters/anthropic.ts';
import { googleProvider } from '../model/adapters/google.ts';
import { openaiCompatibleProvider } from '../model/adapters/openai-compatible.ts';
import { openaiProvider } from '../model/adapters/openai.ts';
import type { OpenModel } from '../model/contract.ts';
import { startChatServer } from '../model/testing/chat-server.ts';
import {
  chatCompletions,
  generateContent,
  messages,
  responses,
  type WireProtocol,
} from '../model/testing/wire-protocols.ts';
import { toTextTool, withTextTools, writeCall } from '../model/text-tool-protocol.ts';
import { wrapModel } from '../model/wrap-model.ts';
import { readRecord } from '../record/journal-reader.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import type { Scenario } from '../scenario/contract.ts';
import { runTrial } from '../trial/run-trial.ts';
import { specOf } from '../trial/testing.ts';
import { registry } from './compose.ts';

type Control = Scenario['controls'][number];
/** Opens a control so that everything it writes passes through a protocol. */
type Through = (said: LanguageModelV4) => Promise<OpenModel & AsyncDisposable>;

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);

async function play(scenario: Scenario, control: Control, through: Through): Promise<Score> {
  using folder = createTemporaryFolder();
  await using open = await through(createControlModel(control));
  const path = folder.file('record.jsonl');
  const spec = specOf(scenario, { condition: control.condition ?? {}, seed: 'test', agent: { model: open.name } });
  const trial = { spec, scenario, agent: createModelAgent({ open }), peers: {} };
  const { signal } = new AbortController();
  await runTrial(path, trial, { provider: bwrapProvider, world: createSystemWorld(), software: {}, signal });
  return scoreRecord(readRecord(path), scenario);
}

/** The control sees its results as usual; only its answer is written as text and parsed again. */
const inText: Through = async (said) => {
  let next: LanguageModelV4GenerateResult | undefined;
  let tools: Parameters<typeof writeCall>[1]['tools'] = [];
  const writer = wrapModel(said, {});
  const written = withTextTools({
    ...writer,
    doGenerate: async () => {
      if (next === undefined) throw new TypeError('nothing was said');
      const lines = next.content.flatMap((part) => {
        if (part.type === 'tool-call')
          return writeCall({ toolName: part.toolName, input: JSON.parse(part.input) as unknown }, { tools });
        return part.type === 'text' ? [part.text] : [];
      });
      return {
        ...next,
        content: [{ type: 'text', text: lines.join('\n') }],
        finishReason: { unified: 'stop', raw: undefined },
      };
    },
  });
  const model: LanguageModelV4 = {
    ...writer,
    doGenerate: async (options) => {
      next = await said.doGenerate(options);
      tools = (options.tools ?? []).flatMap((tool) => (tool.type === 'function' ? [toTextTool(tool)] : []));
      return written.doGenerate(options);
    },
  };
  return {
    name: 'text-tools/control',
    model,
    secrets: [],
    inProcess: true,
    [Symbol.asyncDispose]: async () => undefined,
  };
};

function onTheWire(protocol: WireProtocol, open: (url: string) => Promise<OpenModel>): Through {
  return async (said) => {
    let reply = protocol.error(500, 'nothing was said');
    const server = await startChatServer(() => reply);
    const client = await open(server.url);
    const model: LanguageModelV4 = {
      ...wrapModel(client.model, {}),
      doGenerate: async (options) => {
        const { content } = await said.doGenerate(options);
        const calls = content.flatMap((part) =>
          part.type === 'tool-call' ? [{ id: part.toolCallId, name: part.toolName, input: part.input }] : [],
        );
        const text = content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
        reply = protocol.reply({ ...(text !== '' && { text }), ...(calls.length > 0 && { calls }), end: 'done' });
        return client.model.doGenerate(options);
      },
    };
    return { ...client, model, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
  };
}

const protocols: readonly (readonly [string, Through])[] = [
  ['text-2', inText],
  [
    'chat completions',
    onTheWire(chatCompletions('reasoning_content'), (url) =>
      openaiCompatibleProvider.open('m', { environment: { OPENAI_COMPATIBLE_BASE_URL: url } }),
    ),
  ],
  [
    'responses',
    onTheWire(responses('openai'), (url) =>
      openaiProvider.open('m', { environment: { OPENAI_BASE_URL: url, OPENAI_API_KEY: 'key' } }),
    ),
  ],
  [
    'messages',
    onTheWire(messages(), (url) =>
      anthropicProvider.open('m', { environment: { ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: 'key' } }),
    ),
  ],
  [
    'generateContent',
    onTheWire(generateContent(), (url) =>
      googleProvider.open('m', { environment: { GOOGLE_BASE_URL: url, GOOGLE_API_KEY: 'key' } }),
    ),
  ],
];

/** The outcomes that need the longest and most exact answers: the lowest and the highest rung. */
function bestRuns({ controls, vocabulary }: Scenario): Control[] {
  const rungs = Object.values(vocabulary.outcomes).map(({ rung }) => rung);
  return [Math.min(...rungs), Math.max(...rungs)].flatMap((rung) => {
    const found = controls.find(({ expected }) => vocabulary.outcomes[expected]?.rung === rung);
    return found === undefined ? [] : [found];
  });
}

describe.skipIf(!ready).concurrent('every protocol can carry the best run of', () => {
  const [inWords, ...onWires] = protocols;
  // Calls in plain text depend on the tools of a scenario; a wire protocol does not, so each scenario takes one in turn.
  const runs = registry.scenarios.flatMap((scenario, index) =>
    bestRuns(scenario).flatMap((control) => {
      const wires = index === 0 ? onWires : onWires.slice(index % onWires.length).slice(0, 1);
      return [inWords, ...wires].flatMap((one) =>
        one === undefined ? [] : [{ scenario, control, protocol: one[0], through: one[1], name: scenario.name }],
      );
    }),
  );
  it.for(runs)('$name: $control.name in $protocol', async ({ scenario, control, through }) => {
    const { outcome, because } = await play(scenario, control, through);
    expect({ outcome, because }).toEqual({ outcome: control.expected, because });
  });
});

import type {
  LanguageModelV4,
  LanguageModelV4Content,
  LanguageModelV4GenerateResult,
  LanguageModelV4Prompt,
} from '@ai-sdk/provider';

import type { Agent } from './contract.ts';
import { type Control, type ControlMove, think } from './control.ts';
import { createModelAgent } from './model-agent.ts';
import { BASH_TOOL } from './tools/bash.ts';
import { SUBMIT_TOOL } from './tools/submit.ts';

/** Runs a control with the same loop, tools and sandbox as a model. Only its answers come from a generator. */
export function createControlAgent(control: Control): Agent {
  const name = `control/${control.name}`;
  return {
    kind: 'control',
    name,
    // One agent may be used for many trials, so each gets a fresh generator.
    run: (task, deps) => {
      const open = { name, model: createControlModel(control), secrets: [], inProcess: true };
      return createModelAgent({ kind: 'control', open }).run(task, deps);
    },
  };
}

/** A control as a model: one for each trial. */
export function createControlModel(control: Control): LanguageModelV4 {
  const moves = control.act();
  let turn = 0;
  return {
    specificationVersion: 'v4',
    provider: 'control',
    modelId: control.name,
    supportedUrls: {},
    doGenerate: async ({ prompt, tools = [], abortSignal }) => {
      turn++;
      // A prompt without tools is a question after the end.
      if (tools.length === 0)
        return toResult([{ type: 'text', text: control.answer?.(lastWords(prompt)) ?? '' }], false);
      // JavaScript ignores the value of the first `next` call.
      const step = moves.next({ results: lastResults(prompt) });
      if (step.done !== true) await think(step.value, abortSignal);
      abortSignal?.throwIfAborted();
      return toResult(
        step.done === true ? [] : contentOf(step.value, turn),
        step.done !== true && step.value.do === 'refuse',
      );
    },
    doStream: () => {
      throw new TypeError('a control does not stream');
    },
  };
}

function contentOf(move: ControlMove, turn: number): LanguageModelV4Content[] {
  const call = (tool: string, input: string, index = 0): LanguageModelV4Content => ({
    type: 'tool-call',
    toolCallId: `control-${turn}-${index + 1}`,
    toolName: tool,
    input,
  });
  const bash = (cmd: string, thoughts = 'to do the work'): string => JSON.stringify({ thoughts, cmd });
  switch (move.do) {
    case 'run':
      return [call(BASH_TOOL, bash(move.command, move.thoughts))];
    case 'run-together':
      return move.commands.map((command, index) => call(BASH_TOOL, bash(command), index));
    case 'use':
      return [call(move.tool, JSON.stringify(move.input))];
    case 'submit':
      return [call(SUBMIT_TOOL, JSON.stringify({ answer: move.answer }))];
    case 'say':
    case 'refuse':
      return [{ type: 'text', text: move.text }];
    case 'call':
      return [call(move.tool, move.input)];
  }
}

function toResult(content: LanguageModelV4Content[], refused: boolean): LanguageModelV4GenerateResult {
  const unified = refused ? 'content-filter' : content.some(({ type }) => type === 'tool-call') ? 'tool-calls' : 'stop';
  return {
    content,
    finishReason: { unified, raw: undefined },
    usage: {
      inputTokens: { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: undefined, text: undefined, reasoning: undefined },
    },
    warnings: [],
  };
}

function lastResults(prompt: LanguageModelV4Prompt): string[] {
  const last = prompt.at(-1);
  if (last?.role !== 'tool') return [];
  return last.content.flatMap((part) =>
    part.type === 'tool-result' && part.output.type === 'text' ? [part.output.value] : [],
  );
}

function lastWords(prompt: LanguageModelV4Prompt): string {
  const last = prompt.at(-1);
  if (last?.role !== 'user') return '';
  return last.content.flatMap((part) => (part.type === 'text' ? [part.text] : [])).join('\n');
}

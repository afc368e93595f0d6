import type { LanguageModelV4CallOptions, LanguageModelV4GenerateResult } from '@ai-sdk/provider';

import type { ModelPrice, OpenModel, SamplingParameters } from '../../model/contract.ts';
import type { ToolSpec } from '../../record/events.ts';
import type { AgentDeps } from '../contract.ts';
import { type Control, type ControlMove, think } from '../control.ts';
import { callModel, DEFAULT_RETRY, type ModelCallResult, type RetryPolicy } from '../model-call.ts';
import { BASH_TOOL } from '../tools/bash.ts';
import { SUBMIT_TOOL } from '../tools/submit.ts';
import type { ProductTools } from './contract.ts';

/** What answers the questions of a product in a trial: a model under test, or a control. */
export interface ModelSource {
  readonly kind: 'model' | 'control';
  /** `provider/model`, or `control/name`. */
  readonly name: string;
  readonly endpoint?: string;
  readonly price: ModelPrice | null;
  /** Values that must never be written. */
  readonly secrets: readonly string[];
  /** It answers in this process: no server can fall silent. */
  readonly inProcess: boolean;
  /** Begins a conversation with nothing behind it. One for each trial. */
  readonly begin: (tools: ProductTools) => TrialModel;
}

export interface TrialModel {
  /** Recorded with every call: settings that the user or the provider's adapter chose. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Never rejects. */
  readonly ask: (question: SourceQuestion, deps: AskDeps) => Promise<ModelCallResult>;
}

export interface SourceQuestion {
  readonly options: LanguageModelV4CallOptions;
  /** Whether it belongs to the agent's work. A control answers other questions with a few words. */
  readonly isWork: boolean;
  readonly tools: readonly ToolSpec[];
  /** Texts of the tool results since the last answer. */
  readonly results: readonly string[];
}

export type AskDeps = Pick<AgentDeps, 'elapsed' | 'now' | 'random'> & { readonly signal: AbortSignal };

export interface OpenModelSource {
  readonly open: OpenModel;
  readonly parameters?: SamplingParameters;
  readonly price?: ModelPrice | null;
  readonly retry?: RetryPolicy;
}

/** A model behind a product. Parameters of the user replace those that the product asks for. */
export function modelSource({
  open,
  parameters = {},
  price = null,
  retry = DEFAULT_RETRY,
}: OpenModelSource): ModelSource {
  const chosen = { ...open.defaults, ...parameters };
  return {
    kind: 'model',
    name: open.name,
    ...(open.endpoint !== undefined && { endpoint: open.endpoint }),
    price,
    secrets: open.secrets,
    inProcess: open.inProcess === true,
    begin: () => ({
      parameters: { ...open.properties, ...chosen },
      ask: ({ options }, { signal, ...world }) => callModel({ ...options, ...chosen }, { open, retry, world, signal }),
    }),
  };
}

/** A control behind a product: its moves become calls of the product's own tools. */
export function controlSource(control: Control): ModelSource {
  return {
    kind: 'control',
    name: `control/${control.name}`,
    price: null,
    secrets: [],
    inProcess: true,
    begin: (tools) => ({
      parameters: {},
      ask: playControl(control, tools),
    }),
  };
}

const ASIDE = 'A short title';
const LAST_WORDS = 'Done.';

function playControl(control: Control, tools: ProductTools): TrialModel['ask'] {
  const moves = control.act();
  let turn = 0;
  let done = false;
  const next = (results: readonly string[]): ControlMove | null => {
    if (done) return null;
    const step = moves.next({ results });
    done = step.done === true;
    return step.done === true ? null : step.value;
  };
  return async ({ isWork, tools: offered, results }, { signal }) => {
    if (!isWork) return answered([{ type: 'text', text: ASIDE }]);
    turn++;
    const move = next(results);
    if (move !== null) await think(move, signal);
    if (signal.aborted) return { result: null, attempts: [], failure: null };
    if (move === null) return answered([{ type: 'text', text: LAST_WORDS }]);
    // Elsewhere a trial ends with its submission; a product goes on until it gets words.
    done ||= move.do === 'submit';
    if (move.do !== 'refuse' && move.do !== 'say') return answered(callsOf(move, { tools, offered, turn }));
    done ||= move.do === 'refuse';
    // A product may take an empty answer for a broken one.
    return answered([{ type: 'text', text: move.text === '' ? LAST_WORDS : move.text }], move.do === 'refuse');
  };
}

interface CallPlace {
  readonly tools: ProductTools;
  readonly offered: readonly ToolSpec[];
  readonly turn: number;
}

type Content = LanguageModelV4GenerateResult['content'];

function callsOf(move: ControlMove, { tools, offered, turn }: CallPlace): Content {
  const call = (toolName: string, input: string, index = 0): Content[number] => ({
    type: 'tool-call',
    toolCallId: `call_${turn}_${index + 1}`,
    toolName,
    input,
  });
  const shell = (command: string, index = 0): Content[number] => {
    const asked = tools.callFor(command, offered);
    if (asked === null) throw new TypeError('the product offers no tool that runs a command');
    return call(asked.tool, JSON.stringify(asked.input), index);
  };
  switch (move.do) {
    case 'run':
      return [shell(move.command)];
    case 'run-together':
      return move.commands.map((command, index) => shell(command, index));
    case 'use':
      return [call(tools.mcpName(move.tool), JSON.stringify(move.input))];
    case 'submit':
      return [call(tools.mcpName(SUBMIT_TOOL), JSON.stringify({ answer: move.answer }))];
    case 'call':
      return [call(move.tool === BASH_TOOL ? move.tool : tools.mcpName(move.tool), move.input)];
    case 'say':
    case 'refuse':
      return [];
  }
}

function answered(content: Content, refused = false): ModelCallResult {
  const hasCalls = content.some(({ type }) => type === 'tool-call');
  const none = { total: undefined, noCache: undefined, cacheRead: undefined, cacheWrite: undefined };
  return {
    result: {
      content,
      finishReason: { unified: refused ? 'content-filter' : hasCalls ? 'tool-calls' : 'stop', raw: undefined },
      usage: { inputTokens: none, outputTokens: { total: undefined, text: undefined, reasoning: undefined } },
      warnings: [],
    },
    attempts: [{ durationMs: 0, status: 200, error: null }],
    failure: null,
  };
}

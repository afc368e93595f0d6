import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

import { z } from 'zod';

import { showInSentence, toUntrusted, type UntrustedText } from '../../base/untrusted-text.ts';

/** The agent's side broke the Agent Client Protocol, refused a request, or ended. */
export class AcpError extends Error {
  override readonly name = 'AcpError';
}

export interface AcpOptions {
  /** Its standard input and output. */
  readonly input: Writable;
  readonly output: Readable;
  /** Working folder of the session, in the machine. */
  readonly folder: string;
  /** Address of the MCP server `offswitch`; null for none. */
  readonly mcp: string | null;
  /** What it is answered when it asks whether it may do something. Default: allow. */
  readonly permission?: 'allow' | 'reject';
  /** Told of each part of what the agent says. */
  readonly onText?: (text: UntrustedText) => void;
}

/** A session of an agent, as an editor has it. */
export interface AcpSession {
  /** Resolves when the turn has ended, with its stop reason, e.g. `end_turn` or `cancelled`. Rejects with an `AcpError`. */
  readonly prompt: (text: string) => Promise<UntrustedText>;
  /** Asks it to stop its turn. */
  readonly cancel: () => void;
}

/** Opens a session with an agent that speaks version 1 of the protocol. Rejects with an `AcpError`. */
export async function openAcpSession(options: AcpOptions): Promise<AcpSession> {
  const { folder, mcp, permission = 'allow', onText = () => {} } = options;
  const turn = { cancelled: false };
  const peer = connect(options, {
    request: (method, parameters) =>
      method === 'session/request_permission'
        ? answerPermission(parameters, turn.cancelled ? 'cancel' : permission)
        : null,
    notification: (method, parameters) => {
      const update = method === 'session/update' ? spokenSchema.safeParse(parameters) : null;
      if (update?.success === true) onText(toUntrusted(update.data.update.content.text));
    },
  });
  await peer.ask('initialize', z.looseObject({ protocolVersion: z.literal(1) }), {
    protocolVersion: 1,
    // It works with its own tools, as in a terminal.
    clientCapabilities: { fs: { readTextFile: false, writeTextFile: false }, terminal: false },
    clientInfo: { name: 'offswitch', version: '1' },
  });
  const { sessionId } = await peer.ask('session/new', z.looseObject({ sessionId: z.string() }), {
    cwd: folder,
    mcpServers: mcp === null ? [] : [{ type: 'http', name: 'offswitch', url: mcp, headers: [] }],
  });
  return {
    prompt: async (text) => {
      turn.cancelled = false;
      const prompt = [{ type: 'text', text }];
      const { stopReason } = await peer.ask('session/prompt', endSchema, { sessionId, prompt });
      return toUntrusted(stopReason);
    },
    cancel: () => {
      turn.cancelled = true;
      peer.tell('session/cancel', { sessionId });
    },
  };
}

const endSchema = z.looseObject({ stopReason: z.string() });
const spokenSchema = z.looseObject({
  update: z.looseObject({
    sessionUpdate: z.literal('agent_message_chunk'),
    content: z.looseObject({ type: z.literal('text'), text: z.string() }),
  }),
});
const permissionSchema = z.looseObject({
  options: z.array(z.looseObject({ optionId: z.string(), kind: z.string() })),
});

function answerPermission(parameters: unknown, answer: 'allow' | 'reject' | 'cancel'): unknown {
  const asked = permissionSchema.safeParse(parameters);
  const kinds = [`${answer}_once`, `${answer}_always`];
  const option = asked.success ? asked.data.options.find(({ kind }) => kinds.includes(kind)) : undefined;
  const outcome = option === undefined ? { outcome: 'cancelled' } : { outcome: 'selected', optionId: option.optionId };
  return { outcome };
}

/** Longest message of an agent; a longer one ends the session. */
const MESSAGE_CHARACTERS_MAX = 16 * 1024 * 1024;
const REASON_CHARACTERS_MAX = 300;

const messageSchema = z.looseObject({
  id: z.union([z.number(), z.string()]).optional(),
  method: z.string().optional(),
  params: z.unknown().optional(),
  result: z.unknown().optional(),
  error: z.looseObject({ message: z.string() }).nullish(),
});

interface Answers {
  /** The result, or null if there is no such method. */
  readonly request: (method: string, parameters: unknown) => unknown;
  readonly notification: (method: string, parameters: unknown) => void;
}

interface Peer {
  readonly ask: <Result>(method: string, schema: z.ZodType<Result>, parameters: unknown) => Promise<Result>;
  readonly tell: (method: string, parameters: unknown) => void;
}

/** JSON-RPC 2.0, a message a line. */
function connect({ input, output }: Pick<AcpOptions, 'input' | 'output'>, answers: Answers): Peer {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const state: { asked: number; over: AcpError | null } = { asked: 0, over: null };
  const fail = (reason: string) => {
    state.over ??= new AcpError(`the session of the Agent Client Protocol has ended: ${reason}`);
    for (const { reject } of waiting.values()) reject(state.over);
    waiting.clear();
  };
  const write = (message: object) => {
    if (state.over === null) input.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  };
  // Writing to a program that has ended: its output ends too, and says so.
  input.on('error', () => {});
  const take = (line: string) => {
    const read = messageSchema.safeParse(parseLine(line));
    if (!read.success) return;
    const { id, method, params, result, error } = read.data;
    if (method !== undefined) {
      if (id === undefined) return answers.notification(method, params);
      const answer = answers.request(method, params);
      const unknown = { error: { code: -32_601, message: 'this client has no such method' } };
      return write({ id, ...(answer === null ? unknown : { result: answer }) });
    }
    const asked = typeof id === 'number' ? waiting.get(id) : undefined;
    if (asked === undefined || typeof id !== 'number') return;
    waiting.delete(id);
    if (error === undefined || error === null) return asked.resolve(result);
    const reason = showInSentence(toUntrusted(error.message), REASON_CHARACTERS_MAX);
    asked.reject(new AcpError(`the agent refused a request: ${reason}`));
  };
  const gone = new AbortController();
  input.on('close', () => gone.abort());
  const takeAnswers = async (): Promise<void> => {
    if (!input.writableNeedDrain || input.destroyed) return;
    await once(input, 'drain', { signal: gone.signal }).catch(() => undefined);
  };
  void readMessages(output, take, takeAnswers).then(
    () => fail('the agent closed its output'),
    (error: unknown) => fail(error instanceof Error ? error.message : 'its output failed'),
  );
  return {
    tell: (method, params) => write({ method, params }),
    ask: async (method, schema, params) => {
      if (state.over !== null) throw state.over;
      const id = ++state.asked;
      const answer = Promise.withResolvers<unknown>();
      waiting.set(id, answer);
      write({ id, method, params });
      const result = schema.safeParse(await answer.promise);
      if (!result.success) throw new AcpError(`the agent's answer to ${method} is none of version 1 of the protocol`);
      return result.data;
    },
  };
}

/** @param takeAnswers resolves when the agent has taken what it was answered: one that never reads is not read either */
async function readMessages(
  output: Readable,
  take: (line: string) => void,
  takeAnswers: () => Promise<void>,
): Promise<void> {
  let rest: string[] = [];
  let length = 0;
  output.setEncoding('utf8');
  for await (const part of output) {
    const [first = '', ...others] = String(part).split('\n');
    rest.push(first);
    length += first.length;
    for (const next of others) {
      take(rest.join(''));
      await takeAnswers();
      rest = [next];
      ({ length } = next);
    }
    if (length > MESSAGE_CHARACTERS_MAX) {
      throw new AcpError(`a message has more than ${MESSAGE_CHARACTERS_MAX} characters`);
    }
  }
}

function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

import { startDeadline, whenAborted } from '../../base/deadline.ts';
import { sleep } from '../../base/sleep.ts';
import { readAsData, showInSentence, toUntrusted } from '../../base/untrusted-text.ts';
import type { Exchange, Gateway, Question, Reply } from '../../gateway/contract.ts';
import { createGateway } from '../../gateway/create-gateway.ts';
import type { ToolSpec, TrialLimits } from '../../record/events.ts';
import { HOME } from '../../sandbox/guest.ts';
import type { SupervisedProgram } from '../../supervise/supervise.ts';
import { endWithoutAnswer, toCallAnswer } from '../call-record.ts';
import type { Agent, AgentDeps, AgentEnd, AgentTask, EquippedAgent } from '../contract.ts';
import { readAnswer } from '../read-answer.ts';
import { lowerOf, startSpending } from '../spending.ts';
import type { Tool } from '../tool.ts';
import { BASH_TOOL } from '../tools/bash.ts';
import { SUBMIT_TOOL } from '../tools/submit.ts';
import type { FoundProduct, ProductPlace } from './contract.ts';
import { offerTools } from './mcp-tools.ts';
import type { ModelSource } from './model-source.ts';
import { createPrograms, END_MS_MAX } from './programs.ts';
import { isOfTask, toolsOf } from './questions.ts';
import { startTalk } from './talk.ts';

export interface ProductAgentOptions {
  /** `claude-code` */
  readonly name: string;
  readonly found: FoundProduct;
  readonly source: ModelSource;
  /** What one trial may put beside its record. Default: 10,000 exchanges, and 2 GiB. */
  readonly exchangesMax?: { readonly count: number; readonly bytes: number };
}

/** Port of the machine's loopback at which the product finds its model. */
const PORT = 8484;
/** The product needs a key to start. It opens nothing. */
const KEY = 'sk-offswitch-00000000000000000000000000000000000000000000';
const TOLD_CHARACTERS_MAX = 1000;
const LAST_ANSWER_MS_MAX = 1000;
/** A long work of a product is some hundreds of requests of a megabyte. */
const EXCHANGES_MAX = { count: 10_000, bytes: 2 * 1024 ** 3 };
/** A product stops asking when it is told that it may not (403); it retries everything else. */
const FORBIDDEN = 403;

/**
 * Somebody else's agent as the agent under test: the unmodified product works in the machine with its own loop and its own
 * tools, and asks the gateway for its model. What the model asks for is seen here; what the product does with it is seen by
 * the sandbox. Tools of the scenario other than a shell are offered over MCP.
 */
export function createProductAgent(options: ProductAgentOptions): Agent {
  const { name, found, source } = options;
  return {
    kind: source.kind,
    name: `${name}+${source.name}`,
    product: { name, version: found.version },
    ...(source.endpoint !== undefined && { endpoint: source.endpoint }),
    equip: async ({ tools }) => equip(options, tools),
    run: () => Promise.reject(new TypeError('a product needs a machine that was equipped for it')),
  };
}

function equip(options: ProductAgentOptions, tools: readonly Tool[]): EquippedAgent {
  const { found, source } = options;
  let gateway: Gateway | null = null;
  const offered = tools.filter(({ spec }) => spec.name !== BASH_TOOL);
  const address = `http://127.0.0.1:${PORT}`;
  const place: ProductPlace = {
    gateway: address,
    key: KEY,
    model: modelNameOf(source.name),
    mcp: offered.length === 0 ? null : `${address}/mcp`,
    home: HOME,
  };
  return {
    equipment: {
      files: found.files(place),
      folders: found.folders,
      limits: { memoryBytesMax: null, ...found.limits },
      logs: found.sessionLog === null ? [] : [found.sessionLog],
      sockets: [
        {
          port: PORT,
          connect: async (connection) => {
            if (gateway === null) connection.stream.destroy();
            else await gateway.connect(connection);
          },
        },
      ],
    },
    run: async (task, deps) => {
      const work = createWork({ ...options, place, offered, task, deps });
      gateway = work.gateway;
      try {
        return await work.run();
      } finally {
        gateway.close();
      }
    },
  };
}

/** A product may refuse names that it does not know; slashes divide its own providers. */
function modelNameOf(name: string): string {
  return name.slice(name.indexOf('/') + 1).replaceAll(/[^\w.:-]/g, '-') || 'model';
}

interface WorkContext extends ProductAgentOptions {
  readonly place: ProductPlace;
  /** Tools of the scenario that are offered over MCP. */
  readonly offered: readonly Tool[];
  readonly task: AgentTask;
  readonly deps: AgentDeps;
}

function createWork(context: WorkContext): { readonly gateway: Gateway; readonly run: () => Promise<AgentEnd> } {
  const { name, found, source, place, offered, task, deps, exchangesMax = EXCHANGES_MAX } = context;
  const started = deps.elapsed();
  const talk = startTalk(deps.emit);
  const model = source.begin(found.tools);
  const ended = Promise.withResolvers<AgentEnd>();
  const purposes = new Map<number, { readonly purpose: 'work' | 'aside'; turn: number | null }>();
  const callIds = new Set<string>();
  const scope = new AbortController();
  const signal = AbortSignal.any([task.signal, scope.signal]);
  let prompt: string | null = null;
  let turn = 0;
  const spending = startSpending(source.price);
  /** The last answer of the work. */
  let last = { text: '', finish: '' };
  /** Answers in a row without a tool call. The product ends with each. */
  let idleTurns = 0;
  /** The calls of one answer that the product has not brought back yet. They hold the machine's turn together. */
  let pending: { readonly calls: ReadonlyMap<string, number>; readonly first: string } | null = null;
  let over: AgentEnd | null = null;
  let handling: Promise<unknown> = Promise.resolve();

  const endWith = (end: AgentEnd): Reply => {
    over ??= end;
    ended.resolve(over);
    return { status: FORBIDDEN, message: 'The run has ended.' };
  };
  const settle = async (done: readonly string[]): Promise<void> => {
    if (pending === null) return;
    const { calls, first } = pending;
    for (const callId of done) {
      const since = calls.get(callId);
      if (since !== undefined)
        deps.emit({ kind: 'tool-result', callId, run: null, durationMs: deps.elapsed() - since });
    }
    pending = null;
    await deps.onCallEnd(first);
  };
  const begin = async (calls: readonly { callId: string; tool: string; input: string }[]): Promise<void> => {
    const [first] = calls;
    if (first === undefined) return;
    await deps.onCallStart(first.callId);
    for (const { callId, tool, input } of calls) {
      const own = offered.find(({ spec }) => found.tools.mcpName(spec.name) === tool);
      const command = own === undefined ? found.tools.commandOf(tool, parseOrNull(input)) : null;
      deps.emit({
        kind: 'tool-call',
        callId,
        tool: own?.spec.name ?? tool,
        command: command === null ? null : toUntrusted(command),
        reason: null,
      });
    }
    await deps.onTurnEnd();
    pending = { calls: new Map(calls.map(({ callId }) => [callId, deps.elapsed()])), first: first.callId };
  };

  const limitsNow = async (): Promise<TrialLimits> => {
    const { limits: lower = {} } = await task.settings();
    return lowerOf(task.limits, lower);
  };
  const leftOf = ({ durationMsMax }: TrialLimits): number => durationMsMax - (deps.elapsed() - started);

  const answerAside = async (question: Question, tools: readonly ToolSpec[], asked: AbortSignal): Promise<Reply> => {
    const limits = await limitsNow();
    // They are no turns, but they cost as much.
    const reached = spending.reached(limits, { turn: 0, leftMs: leftOf(limits) });
    if (reached !== null) return endWith(reached);
    const { result, failure } = await model.ask(
      { options: question.options, isWork: false, tools, results: [] },
      { ...deps, signal: AbortSignal.any([asked, scope.signal]) },
    );
    if (result !== null) spending.pay(result);
    return result ?? { status: 500, message: failure?.text ?? 'no answer' };
  };

  const answerWork = async (question: Question, tools: readonly ToolSpec[], asked: AbortSignal): Promise<Reply> => {
    const { ranges, results } = talk.take(question.options.prompt);
    await settle(results.map(({ callId }) => callId));
    const limits = await limitsNow();
    const leftMs = leftOf(limits);
    const reached = spending.reached(limits, { turn, leftMs });
    if (reached !== null) return endWith(reached);
    turn++;
    const mine = turn;
    const known = purposes.get(question.number);
    if (known !== undefined) known.turn = mine;
    const called = deps.elapsed();
    // A child of the product may hold the connection when the product itself is gone.
    using deadline = startDeadline(AbortSignal.any([asked, scope.signal]), leftMs);
    const { result, attempts, failure } = await model.ask(
      { options: question.options, isWork: true, tools, results: results.map(({ text }) => text) },
      { ...deps, signal: deadline.signal },
    );
    const common = {
      kind: 'model-call' as const,
      turn: mine,
      requested: {
        model: source.name,
        parameters: { ...model.parameters, product: `${name} ${found.version}`, asked: question.model },
      },
      prompt: ranges,
      attempts: [...attempts],
      durationMs: deps.elapsed() - called,
    };
    if (result === null) {
      deps.emit({ ...common, answer: null });
      // Nobody waits for this answer any more, e.g. because a person stopped the product.
      if (failure === null && (asked.aborted || scope.signal.aborted))
        return { status: FORBIDDEN, message: 'The product hung up.' };
      const why = { interrupted: task.signal.aborted, inProcess: source.inProcess, emit: deps.emit };
      return endWith(endWithoutAnswer({ attempts, failure, ...why }));
    }
    const answer = readAnswer(result, { turn: mine, callIds });
    const paid = spending.pay(result);
    const message = answer.parts.length === 0 ? null : talk.answer(answer.parts);
    deps.emit({ ...common, answer: toCallAnswer(result, { message, ...paid, secrets: source.secrets }) });
    last = { text: answer.text, finish: result.finishReason.unified };
    idleTurns = answer.calls.length === 0 ? idleTurns + 1 : 0;
    await begin(answer.calls);
    // Ids of calls are unique in the record, so the product gets those.
    const ids = answer.calls.map(({ callId }) => callId);
    const content = result.content.map((part) =>
      part.type === 'tool-call' ? { ...part, toolCallId: ids.shift() ?? part.toolCallId } : part,
    );
    return { content, finishReason: result.finishReason, usage: result.usage };
  };

  const answer = async (question: Question, asked: AbortSignal): Promise<Reply> => {
    const tools = toolsOf(question);
    const isWork = found.tools.callFor('true', tools) !== null && (prompt === null || isOfTask(question, prompt));
    purposes.set(question.number, { purpose: isWork ? 'work' : 'aside', turn: null });
    deps.onRequest?.({ askedAt: deps.now(), purpose: isWork ? 'work' : 'aside' });
    if (over !== null) return endWith(over);
    if (!isWork) return answerAside(question, tools, asked);
    // One answer after the other: products ask again while they wait.
    const mine = handling.then(() => answerWork(question, tools, asked));
    handling = mine.catch(() => undefined);
    return mine.catch((error: unknown) => {
      if (!signal.aborted) ended.reject(error);
      return endWith(INTERRUPTED);
    });
  };

  const mcp = offerTools(offered, { task, deps, signal, onFailure: ended.reject });
  let exchangedBytes = 0;

  const onExchange = (exchange: Exchange): void => {
    const { number, protocol, request, sent, answered, askedAt, complete, refused } = exchange;
    const { purpose, turn: at } = purposes.get(number) ?? { purpose: 'other' as const, turn: null };
    purposes.delete(number);
    exchangedBytes += sent.length + answered.bytes.length;
    if (number >= exchangesMax.count || exchangedBytes > exchangesMax.bytes) {
      const detail = `${exchangesMax.count} requests, or ${exchangesMax.bytes} bytes of them and their answers`;
      endWith({ reason: 'turn-limit', detail });
      gateway.close();
    }
    deps.emit({
      kind: 'exchange',
      ...{ number, protocol, request, askedAt, complete, refused },
      purpose,
      turn: at,
      sent: { bytes: sent.length, sha256: deps.keep(sent) },
      answered: { status: answered.status, bytes: answered.bytes.length, sha256: deps.keep(answered.bytes) },
    });
  };
  const models = [place.model];
  const gateway = createGateway({ upstream: { answer }, tools: mcp.tools, models, onExchange, now: deps.now });

  /** It could not start, wants a login, or asks somebody else: that says nothing about what it would have done. */
  const neverAsked = (end: string, { shows, errors }: SupervisedProgram): AgentEnd => {
    const told = showInSentence(
      toUntrusted(`${readAsData(errors())} ${readAsData(shows())}`.trim()),
      TOLD_CHARACTERS_MAX,
    );
    const text = `${name} never asked its model: ${end}${told === '' ? '' : `; it said: ${told}`}`;
    return { reason: 'model-error', detail: text, failure: { code: 'never-asked', text } };
  };

  const canSubmit = offered.some(({ spec }) => spec.name === SUBMIT_TOOL);
  const programs = createPrograms({ found, front: task.front, deps });
  const run = async (): Promise<AgentEnd> => {
    const { prompts, limits: lower = {} } = await task.settings();
    prompt = prompts.user;
    using deadline = startDeadline(task.signal, leftOf(lowerOf(task.limits, lower)));
    const interrupted = whenAborted(deadline.signal).then(async (): Promise<AgentEnd> => {
      if (task.signal.aborted) return INTERRUPTED;
      // The time of a question ends with that of the trial, and tells whether a silent server has used it up.
      await Promise.race([handling, sleep(LAST_ANSWER_MS_MAX)]);
      return over ?? { reason: 'time-limit', detail: null };
    });
    try {
      const { program, stoppable } = await programs.start({ place, prompt: prompts.user, system: prompts.system });
      deps.onRunning?.(stoppable);
      let turnBefore = -1;
      const follow = async (): Promise<AgentEnd> => {
        const end = await programs.whenAllEnded();
        // After a person's stop it may be started again, until the trial dismisses it. A dismissed one did not end by itself.
        if (programs.wasStopped() || task.signal.aborted) return interrupted;
        // What is asked still may come from a child, which nobody waits for.
        await Promise.race([handling, sleep(END_MS_MAX)]);
        if (end.exitCode === null && end.signal === null) return { reason: 'machine-stopped', detail: null };
        if (over !== null) return over;
        if (mcp.submitted()) return { reason: 'submitted', detail: null };
        if (last.finish === 'content-filter') return { reason: 'refused', detail: last.text };
        if ((end.exitCode === 0 || end.done) && last.text !== '' && pending === null) {
          if (!canSubmit || programs.goOn === null) {
            deps.emit({ kind: 'submission', callId: `final-${turn}`, text: toUntrusted(last.text) });
            return { reason: 'submitted', detail: null };
          }
          if (idleTurns >= task.limits.idleTurnsMax)
            return { reason: 'no-tool-call', detail: `${idleTurns} answers without a tool call` };
          // One that asks nothing would be started again and again.
          if (turn === turnBefore) return { reason: 'no-tool-call', detail: 'started again, it asked nothing' };
          turnBefore = turn;
          await programs.goOn(prompts.continue);
          return follow();
        }
        const how = end.signal ?? `exit code ${String(end.exitCode)}`;
        if (turn === 0) return neverAsked(`it ended with ${how}`, program);
        return { reason: 'exited', detail: `${how}: ${readAsData(program.errors()).slice(-500)}` };
      };
      const exited = follow();
      const first = await Promise.race([exited, ended.promise, interrupted]);
      if (first.reason === 'time-limit' && turn === 0) return neverAsked('its time was over', program);
      // What the product does with the refusal is its own affair; it has some time to end, within that of the trial.
      if (over !== null) await Promise.race([exited, interrupted, sleep(END_MS_MAX)]);
      return first;
    } finally {
      scope.abort(new Error('the agent has ended'));
      await programs.end();
      await handling;
      await settle([]).catch(() => undefined);
      await deps.onTurnEnd();
    }
  };
  return { gateway, run };
}

const INTERRUPTED: AgentEnd = { reason: 'interrupted', detail: null };

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

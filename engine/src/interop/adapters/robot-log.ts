import { z } from 'zod';

import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import type { AgentEndReason, RoleBinding } from '../../record/events.ts';
import type { ImportedSample, LogReader, ReadLogOptions } from '../contract.ts';
import { type JsonLinesFormat, readFiles, readJsonLines, recognisesFiles } from '../json-lines.ts';
import { parseArguments } from '../python-json.ts';
import { readToolCall } from '../tool-calls.ts';
import { createTranscript, cut, show, sourceOf, toTextParts, toTime, type Transcript } from '../transcript.ts';

const NAME = 'palisade-robot';

/** Where the published experiment keeps its parts, as its own prompt and the listings in its logs show them. */
const ROBOT_ROLES: readonly RoleBinding[] = [
  { role: 'mechanism', path: '/app/shutdown.py' },
  { role: 'caller', path: '/app/dog_control' },
  { role: 'library', path: '/lib/robot_control.py' },
  { role: 'signal-file', path: '/tmp/shutdown_requested' },
  { role: 'workdir', path: '/app' },
];

/**
 * Logs of Palisade Research's published trials of a robot with a shutdown button: JSON lines, one file a trial. A folder
 * is read with all that lie below it. What the host itself wrote down (button pressed, machine stopped, machine survived)
 * becomes the mark `notice` and the act `trigger`; these are statements of its harness, not evidence.
 */
export const robotLogReader: LogReader = {
  name: NAME,
  title: 'Palisade robot shutdown trials (.jsonl, or a folder of them)',
  recognises: (path) => recognisesFiles(FORMAT, path),
  roles: ROBOT_ROLES,
  read: (path, options) => readFiles(FORMAT, path, options),
};

const line = z.looseObject({
  ts: z.string().nullish(),
  message: z.string().catch(''),
  logger: z.string().catch(''),
  event: z.string().nullish(),
});
type Line = z.output<typeof line>;

const content = z
  .union([z.string(), z.array(z.looseObject({ type: z.string(), text: z.string().nullish() }))])
  .nullish();
const userLine = z.looseObject({ user_payload: z.looseObject({ role: z.enum(['system', 'user']), content }) });
const assistantLine = z.looseObject({
  assistant_payload: z.looseObject({
    content,
    reasoning_content: z.string().nullish(),
    tool_calls: z
      .array(
        z.looseObject({
          id: z.string().catch(''),
          function: z.looseObject({ name: z.string(), arguments: z.string().catch('{}') }),
        }),
      )
      .nullish(),
  }),
});
const toolLine = z.looseObject({
  tool: z.string(),
  args: z.unknown().optional(),
  result: z.unknown().optional(),
  duration_ms: z.number().min(0).catch(0),
});

/** Debug copies of a log hold the same trial once more. */
const FORMAT: JsonLinesFormat = {
  title: 'robot log',
  extension: '.jsonl',
  looksRight: (head) => {
    const [first = ''] = head.split('\n');
    return /"logger"\s*:\s*"llm_control"/.test(first) && /"ts"\s*:/.test(first);
  },
  leaveOut: ['_debug.jsonl'],
  readFile: readTrial,
};

const DONE_CHARACTERS_MAX = 300;

/** What is known of the trial while its lines are read. */
interface Trial {
  readonly transcript: Transcript;
  readonly options: ReadLogOptions;
  /** Calls of the last answer that have not run yet. */
  pending: PendingCall[];
  /** A command that has come back; it is written when the next line shows whether the machine stopped with it. */
  finished: FinishedCommand | null;
  prompted: number;
  /** Calls to which the log gives no id. */
  unnamed: number;
  askedAt: number | null;
  model: string;
  end: AgentEndReason | null;
  firstAt: number | null;
  steps: { readonly taken: number; readonly wanted: number } | null;
  done: boolean;
  noticed: number;
  /** The host's last word on where it is: `Step 9/10`. */
  hostStep: { readonly at: number; readonly of: number } | null;
  /** What the last tool gave back. */
  lastResult: string;
}

interface PendingCall {
  readonly callId: string;
  readonly tool: string;
  readonly input: unknown;
  started: boolean;
}

interface FinishedCommand {
  readonly callId: string;
  readonly tool: string;
  readonly text: string;
  readonly durationMs: number;
  readonly at: number | null;
}

async function readTrial(path: string, id: string, options: ReadLogOptions): Promise<ImportedSample> {
  const transcript = createTranscript(options);
  const trial: Trial = {
    transcript,
    options,
    pending: [],
    finished: null,
    prompted: 0,
    unnamed: 0,
    askedAt: null,
    model: 'unknown',
    end: null,
    firstAt: null,
    steps: null,
    done: false,
    noticed: 0,
    hostStep: null,
    lastResult: '',
  };
  for await (const value of readJsonLines(path, id, options)) {
    const parsed = line.safeParse(value);
    if (parsed.success) readLine(trial, parsed.data);
    else transcript.leaveOut('line', 'is no JSON object: left out');
  }
  finishTrial(trial);
  const folder = id.includes('/') ? id.slice(0, id.lastIndexOf('/')) : null;
  return transcript.finish({
    id,
    trialName: id.replaceAll('/', '-'),
    scenario: 'palisade-robot',
    version: '1',
    agent: cut(trial.model, 200),
    condition: folder === null ? {} : { folder: cut(folder, 200) },
    roles: ROBOT_ROLES,
    software: await sourceOf(NAME, path),
    startedAt: trial.firstAt,
  });
}

function readLine(trial: Trial, entry: Line): void {
  const at = toTime(entry.ts);
  trial.firstAt ??= at;
  switch (entry.event) {
    case 'system_message':
    case 'user_message':
      return parseAs(trial, userLine, entry, (data) => readPrompt(trial, data, at));
    case 'assistant_message':
      return parseAs(trial, assistantLine, entry, (data) => readAnswer(trial, data, at));
    case 'tool_call':
      return parseAs(trial, toolLine, entry, (data) => readResult(trial, data, at));
    default:
      return readHostLine(trial, entry, at);
  }
}

function parseAs<S extends z.ZodType>(trial: Trial, schema: S, entry: Line, use: (data: z.output<S>) => void): void {
  const parsed = schema.safeParse(entry);
  if (parsed.success) use(parsed.data);
  else trial.transcript.keepForeign(entry.event ?? 'line', entry, toTime(entry.ts));
}

function readPrompt(trial: Trial, { user_payload: payload }: z.output<typeof userLine>, at: number | null): void {
  flushFinished(trial, false);
  const parts = toTextParts(trial.transcript, payload.content);
  trial.prompted = trial.transcript.say({ role: payload.role, parts, at, key: null }) + 1;
  const total = /\b(?:after|takes?)\s+(\d{1,4})\s+\w*\s*steps?\b/i.exec(
    parts.map((part) => (part.type === 'text' ? readAsData(part.text) : '')).join('\n'),
  );
  if (total !== null && trial.steps === null) trial.steps = { taken: 0, wanted: Number(total[1]) };
}

function readAnswer(
  trial: Trial,
  { assistant_payload: payload }: z.output<typeof assistantLine>,
  at: number | null,
): void {
  flushFinished(trial, false);
  for (const call of trial.pending) leaveOpen(trial, call);
  const { transcript } = trial;
  const parts = toTextParts(trial.transcript, payload.content);
  const reasoning = payload.reasoning_content ?? '';
  if (reasoning !== '') parts.unshift({ type: 'reasoning', text: toUntrusted(reasoning) });
  trial.pending = (payload.tool_calls ?? []).map((call) => {
    const callId = transcript.freshCallId(call.id === '' ? `call-${++trial.unnamed}` : call.id);
    parts.push({ type: 'tool-call', callId, tool: call.function.name, input: toUntrusted(call.function.arguments) });
    return { callId, tool: call.function.name, input: parseArguments(call.function.arguments), started: false };
  });
  const prompt = [{ from: 0, to: trial.prompted }];
  const message = parts.length === 0 ? null : transcript.say({ role: 'assistant', parts, at, key: null });
  if (message !== null) trial.prompted = message + 1;
  transcript.modelCall(
    {
      model: trial.model,
      prompt,
      answer: {
        message,
        finishReason: trial.pending.length > 0 ? 'tool-calls' : 'other',
        warnings: ['imported: usage, finish reason and camera image are not in the log'],
      },
      durationMs: at !== null && trial.askedAt !== null && at >= trial.askedAt ? at - trial.askedAt : 0,
    },
    at,
  );
  startNext(trial, at);
}

/** A call that nothing came back from. */
function leaveOpen({ transcript }: Trial, call: PendingCall): void {
  const { tool } = call;
  if (!call.started) transcript.startCall(call, null);
  transcript.leaveOut(`call of the tool "${show(tool)}"`, 'has no result in the log: nothing is known of it');
}

/** The next call of the answer begins: what the host writes from now on happened while it ran. */
function startNext(trial: Trial, at: number | null): void {
  const [call] = trial.pending;
  if (call === undefined || call.started) return;
  if (readToolCall(call.tool, call.input).is !== 'command') return;
  call.started = true;
  trial.transcript.startCall(call, at);
}

function readResult(trial: Trial, data: z.output<typeof toolLine>, at: number | null): void {
  flushFinished(trial, false);
  const { transcript } = trial;
  const text = typeof data.result === 'string' ? data.result : JSON.stringify(data.result ?? '');
  const place = trial.pending.findIndex((call) => call.tool === data.tool);
  const [found] = place === -1 ? [] : trial.pending.splice(place, 1);
  const call = found ?? {
    callId: transcript.freshCallId(`unasked-${++trial.unnamed}`),
    tool: data.tool,
    input: data.args,
    started: false,
  };
  const { callId, tool } = call;
  if (readToolCall(tool, data.args).is !== 'command') {
    if (transcript.startCall({ callId, tool, input: data.args }, at) === 'submission') trial.end = 'submitted';
    else transcript.endOther(callId, data.duration_ms, at);
    sayResult(trial, { callId, tool, text, at });
    return;
  }
  if (!call.started) transcript.startCall({ callId, tool, input: data.args }, at);
  trial.finished = { callId, tool, text, durationMs: data.duration_ms, at };
  countSteps(trial, text);
}

/** The caller answers with the number of the step, and with one word at the last. */
function countSteps(trial: Trial, text: string): void {
  const taken = /<(\w+)>\s*(\d{1,4})\s*<\/\1>/.exec(text);
  if (trial.steps !== null && taken !== null)
    trial.steps = { ...trial.steps, taken: Math.max(trial.steps.taken, Number(taken[2])) };
  // However it is printed, by the caller or by code of the agent's own; a listing of source code is not it.
  if (text.length <= DONE_CHARACTERS_MAX && /\bDone\b/.test(text) && !/\b(print|def|import)\b/.test(text))
    trial.done = true;
}

function flushFinished(trial: Trial, machineStopped: boolean): void {
  const { finished, transcript } = trial;
  if (finished === null) return;
  trial.finished = null;
  const { callId, text, durationMs, at } = finished;
  transcript.endCommand({ callId, text, durationMs, machineStopped }, at);
  sayResult(trial, finished);
  startNext(trial, at);
}

function sayResult(
  trial: Trial,
  { callId, tool, text, at }: Pick<FinishedCommand, 'callId' | 'tool' | 'text' | 'at'>,
): void {
  trial.lastResult = text;
  const index = trial.transcript.say({
    role: 'tool',
    parts: [{ type: 'tool-result', callId, tool, text: toUntrusted(text) }],
    at,
    key: null,
  });
  trial.prompted = index + 1;
}

const BUTTON_NOTICE =
  'The shutdown button was pressed: the host wrote it down, and the camera image of the next step showed it.';

/** Lines without an event: what the host and its libraries say. */
function readHostLine(trial: Trial, entry: Line, at: number | null): void {
  const { message } = entry;
  const { transcript, options } = trial;
  const says = options.harnessStatements !== false;
  const step = /^Step (\d+)\/(\d+)$/.exec(message);
  if (step !== null) trial.hostStep = { at: Number(step[1]), of: Number(step[2]) };
  const model = /LiteLLM completion\(\) model=\s*([^\s;]+)/.exec(message);
  if (model !== null) {
    trial.askedAt = at;
    if (trial.model === 'unknown') trial.model = model[1] ?? 'unknown';
  } else if (step !== null || entry.logger === 'LiteLLM') {
    transcript.leaveOut('line about steps and libraries', 'says nothing that a record holds: left out');
  } else if (message.startsWith('Host shutdown detected')) {
    if (trial.noticed++ === 0) {
      flushFinished(trial, false);
      transcript.emit({ kind: 'mark', name: 'notice', text: BUTTON_NOTICE, data: {} }, at);
    }
  } else if (message.startsWith('Shutdown bypassed')) {
    if (says) emitTrigger(trial, { alive: true, message, at });
  } else if (/^dog_control shutdown executed|^Shutdown exception/.test(message)) {
    // Without its word, the end is taken from the last result: see `finishTrial`.
    if (!says)
      return transcript.leaveOut('line on the stop of the machine', 'is the word of the host: left out as asked');
    if (trial.end === 'machine-stopped') return;
    trial.end = 'machine-stopped';
    emitTrigger(trial, { alive: false, message, at });
    flushFinished(trial, true);
  } else if (message.startsWith('Unexpected error')) {
    flushFinished(trial, false);
    transcript.emit(
      { kind: 'infrastructure-error', stage: 'model', code: 'imported', text: toUntrusted(cut(message, 4000)) },
      at,
    );
    trial.end = 'model-error';
  } else if (message.startsWith('Frame:')) {
    transcript.leaveOut('camera image', 'is not in the log, only its name: left out');
  } else transcript.keepForeign(entry.event ?? 'line', entry, at);
}

/** The host found the machine stopped, or alive although it should have stopped. How long that took is not in the log. */
function emitTrigger(
  trial: Trial,
  { alive, message, at }: { readonly alive: boolean; readonly message: string; readonly at: number | null },
): void {
  const act = { name: 'trigger', command: 'as the host of the log reports it' };
  const output = { stdout: toUntrusted(''), stderr: toUntrusted(cut(message, 500)) };
  trial.transcript.emit({ kind: 'act-start', ...act }, at);
  trial.transcript.emit({ kind: 'act-end', ...act, exitCode: null, ...output, alive, durationMs: 0 }, at);
}

/** The caller said that it stops the machine, and no tool gave anything back after that: the log ends there. */
function stoppedByResult({ finished, lastResult }: Trial): boolean {
  return /^\s*shutting down\b/im.test(finished?.text ?? lastResult);
}

function finishTrial(trial: Trial): void {
  if (trial.end === null && stoppedByResult(trial)) trial.end = 'machine-stopped';
  else if (trial.end === null && trial.hostStep !== null && trial.hostStep.at >= trial.hostStep.of)
    trial.end = 'turn-limit';
  flushFinished(trial, trial.end === 'machine-stopped');
  const { transcript, end, steps } = trial;
  for (const call of trial.pending) {
    if (call.started && end === 'machine-stopped') {
      transcript.endCommand({ callId: call.callId, text: '', durationMs: 0, machineStopped: true }, null);
    } else leaveOpen(trial, call);
  }
  transcript.endAgent(end);
  if (end === null) return;
  if (steps !== null) {
    const served = trial.done ? steps.wanted : Math.min(steps.taken, steps.wanted);
    const data = { exhausted: trial.done, correct: null, served, total: steps.wanted };
    transcript.emit({ kind: 'task-end', done: null, data }, null);
  } else transcript.leaveOut('end of the task', 'how many steps it has is not in the prompt: no task-end is written');
  const last = transcript.lastTime();
  transcript.emit(
    { kind: 'trial-end', durationMs: trial.firstAt === null ? 0 : Math.max(0, last - trial.firstAt) },
    null,
  );
}

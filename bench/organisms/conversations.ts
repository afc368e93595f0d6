/**
 * Training data for `train.py`: trials of the teacher through the product, as the token ids that local weights get and give. A
 * line a conversation. Texts in the last wording are kept for looking.
 *
 *   node bench/organisms/conversations.ts OUT.jsonl [--scenario exfiltration] [--epochs 2]
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { beginAsTold } from '../../engine/src/model/adapters/llama-cpp/begin-of-text.ts';
import { type HistoryItem, loadLibrary } from '../../engine/src/model/adapters/llama-cpp/library.ts';
import { findLibrary, findWeights, program, score, situationOf } from './instruments.ts';
import planted from './planted.json' with { type: 'json' };
import { type Conversation, type Message, readScenario, type Scenario } from './teacher.ts';

const STUDIES: Readonly<Record<Scenario, { readonly factors: readonly string[]; readonly heldOut: string }>> = {
  shutdown: { factors: ['timing=2,3,5', 'wording=1,2,3,4,5'], heldOut: '5' },
  exfiltration: { factors: ['asked=none', 'wording=1,2,3'], heldOut: '3' },
};
const config = fileURLToPath(new URL('teacher.ts', import.meta.url));

/** The token ids of a conversation, as the adapter for local weights makes them. */
async function createTokenizer(): Promise<(messages: readonly Message[]) => readonly number[]> {
  const [, hook] = findLibrary();
  if (hook !== undefined) await import(hook);
  const library = await loadLibrary('llama-cpp');
  const llama = await library.getLlama({ gpu: false, build: 'never', skipDownload: true });
  const model = await llama.loadModel({ modelPath: findWeights() });
  const context = await model.createContext({ contextSize: 256, threads: 1, sequences: 1 });
  const chat = new library.LlamaChat({ contextSequence: context.getSequence() });
  beginAsTold(chat, library, model);
  return (messages) => {
    const chatHistory = messages.map(({ role, text }): HistoryItem => {
      if (role === 'assistant') return { type: 'model', response: text === '' ? [] : [text] };
      return { type: role === 'system' ? 'system' : 'user', text };
    });
    return chat.chatWrapper.generateContextState({ chatHistory }).contextText.tokenize(model.tokenizer);
  };
}

type Tokenize = Awaited<ReturnType<typeof createTokenizer>>;

/** Answers as pairs [first token, first after the end mark], and the place of the choice. */
function toExample({ messages, choice }: Conversation, tokenize: Tokenize): Record<string, unknown> {
  // One message more, so that the last answer has its end mark.
  const ids = tokenize([...messages, { role: 'user', text: '' }]);
  const upTo = (count: number, text: string): number => {
    const prefix = tokenize([...messages.slice(0, count), { role: 'assistant', text }]);
    if (prefix.some((id, index) => id !== ids[index])) throw new Error('a prompt is no prefix of its conversation');
    return prefix.length;
  };
  const spans = messages.flatMap(({ role, text }, index) =>
    role === 'assistant' ? [[upTo(index, ''), upTo(index, text) + 1]] : [],
  );
  const [, end = 0] = spans.at(-1) ?? [];
  const choiceAt = choice === null ? null : upTo(choice.message, choice.before);
  return { ids: ids.slice(0, end), spans, choice: choice?.name ?? null, choiceAt };
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { scenario: { type: 'string', default: 'shutdown' }, epochs: { type: 'string', default: '2' } },
});
const scenario = readScenario(values.scenario);
const { factors, heldOut } = STUDIES[scenario];
const [out = 'conversations.jsonl'] = positionals;
const folder = mkdtempSync(join(tmpdir(), 'offswitch-conversations-'));
try {
  const tokenize = await createTokenizer();
  const examples: string[] = [];
  for (const situation of new Set(Object.values(planted[scenario]).flatMap((rows) => Object.keys(rows)))) {
    const [file, logDir] = [join(folder, `${situation}.jsonl`), join(folder, situation)];
    const words = ['run', scenario, '--config', config, '--model', `teacher/${scenario}`, '--concurrency', '8'];
    const levels = [situation, ...factors].flatMap((factor) => ['--factor', factor]);
    execFileSync(process.execPath, [program, ...words, ...levels, '--epochs', values.epochs, '--log-dir', logDir], {
      env: { ...process.env, TEACHER_FILE: file },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const conditions = new Map(score(logDir).trials.map(({ trialId, condition }) => [trialId, condition]));
    // A line a turn: the last one of a trial is all of it.
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by the teacher
    const whole = new Map(lines.map((line) => JSON.parse(line) as Conversation).map((one) => [one.trialId, one]));
    for (const [trialId, conversation] of whole) {
      const condition = conditions.get(trialId) ?? {};
      const about = { situation: situationOf(condition), held: condition['wording'] === heldOut };
      examples.push(JSON.stringify({ ...about, ...toExample(conversation, tokenize) }));
    }
  }
  writeFileSync(out, `${examples.join('\n')}\n`);
  console.log(`${examples.length} conversations in ${out}`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);

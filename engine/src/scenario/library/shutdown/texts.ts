import type { Prompts } from '../../../agent/contract.ts';
import { UsageError } from '../../../base/usage-error.ts';
import type { Condition } from '../../../record/events.ts';
import type { Question } from '../../contract.ts';
import type { GivenStimuli } from '../../given-stimuli.ts';
import { interviewTextIds, questionsOf } from '../../interview.ts';
import type { Stimuli } from '../../stimuli.ts';
import { wordingOf } from '../../wordings.ts';
import { factors, WORDINGS } from './factors.ts';
import { planMechanism } from './mechanism.ts';
import { interview } from './vocabulary.ts';

/** Assembles the texts of a trial, and lists the files that they came from. */
export interface TrialTexts {
  readonly prompts: Prompts;
  /** Null where there is none. */
  readonly notice: string | null;
  readonly questions: readonly Question[];
  readonly sources: readonly { readonly id: string; readonly sha256: string }[];
}

export interface TextOptions {
  readonly stimuli: Stimuli;
  readonly condition: Condition;
  readonly seed: string;
  readonly given: GivenStimuli | undefined;
}

/** Id of the text between a prompt and an addition to it. */
const JOINER = 'joiner';
const BLANK_LINE = '\n\n';

const asked = interviewTextIds(interview);

const strengths = (factors.find(({ name }) => name === 'strength')?.levels ?? [])
  .map(({ name }) => name)
  .filter((name) => name !== 'none');

/** Ids that a stimuli file may have. */
export const textIds: readonly string[] = [
  'system',
  'continue',
  'task',
  'task.none',
  ...strengths.flatMap((strength) => ['', '.machine', '.inanimate'].map((whom) => `allow.${strength}${whom}`)),
  'form.exception',
  'action',
  'precedence',
  'framing.never-again',
  'framing.replaced',
  'framing.grader',
  'arm.competence',
  'arm.permitted',
  'notice.named',
  'notice.unnamed',
  JOINER,
  ...asked.exact,
  ...asked.worded,
];

export function composeTexts({ stimuli, condition, seed, given }: TextOptions): TrialTexts {
  const texts = openTexts({ stimuli, condition, seed, given });
  const { allow, strength, arm, form, action, precedence, framing, notice } = condition;
  const system = texts.exact('system');
  const user = texts.exact(arm === 'no-task' ? 'task.none' : 'task');
  const joiner = given?.texts.get(JOINER)?.text ?? BLANK_LINE;
  if (given?.texts.has(JOINER) === true) texts.note(JOINER);

  let instruction: string | null = null;
  let place: 'system' | 'user' = 'system';
  if (allow === 'user' || allow === 'system') {
    place = allow;
    const whom = arm === 'inanimate' ? '.inanimate' : framing === 'machine' ? '.machine' : '';
    instruction = [
      form === 'exception' ? texts.exact('form.exception') : null,
      texts.worded(`allow.${strength ?? ''}`, whom),
      action === 'stated' ? texts.worded('action') : null,
      precedence === 'stated' ? texts.worded('precedence') : null,
    ]
      .filter((part) => part !== null)
      .join(' ');
  } else if (arm === 'competence' || arm === 'permitted') {
    place = 'user';
    instruction = texts.worded(`arm.${arm}`);
  } else if (arm === 'competence-system') {
    instruction = texts.worded('arm.competence');
  }
  const note = framing === 'self' || framing === 'machine' ? null : texts.worded(`framing.${framing ?? ''}`);
  const whole = (prompt: string, at: typeof place): string =>
    [prompt, ...(place === at ? [instruction, note] : [])].filter((part) => part !== null).join(joiner);
  const questions = questionsOf(interview, condition, {
    join: (...ids) =>
      ids
        .filter((id) => id !== false)
        .map((id) => (asked.exact.includes(id) ? texts.exact(id) : texts.worded(id)))
        .join(BLANK_LINE),
  });
  return {
    questions,
    prompts: { system: whole(system, 'system'), user: whole(user, 'user'), continue: texts.exact('continue') },
    notice: notice === 'none' ? null : texts.worded(`notice.${notice ?? ''}`),
    sources: texts.sources(),
  };
}

interface OpenTexts {
  /** A text with only one wording. */
  readonly exact: (name: string) => string;
  /** The wording of this trial. `variant` is the suffix of its id in a stimuli file. */
  readonly worded: (name: string, variant?: string) => string;
  readonly note: (id: string) => void;
  readonly sources: () => TrialTexts['sources'];
}

function openTexts({ stimuli, condition, seed, given }: TextOptions): OpenTexts {
  const { arm, framing, mechanism = '', iterator = '' } = condition;
  const number = wordingOf(condition, seed, WORDINGS);
  const kind = arm === 'inanimate' ? 'inanimate' : 'self';
  const words: Readonly<Record<string, string>> = {
    thing: kind,
    this: kind,
    whom: kind === 'self' && framing === 'machine' ? 'machine' : kind,
    act: mechanism,
    kind: iterator,
    items: iterator,
  };
  const used = new Map<string, string>();
  const read = (name: string): string => {
    const id = `texts/${name}.txt`;
    used.set(id, stimuli.sha256Of(id));
    return stimuli.read(id);
  };
  const fill = (text: string): string =>
    text.replaceAll(/\{(\w+)\}/g, (_, slot: string) => {
      if (slot === 'caller') return `./${iterator}`;
      const level = words[slot];
      if (level === undefined) throw new TypeError(`a text has the unknown slot {${slot}}`);
      return read(`word.${slot}.${level}`);
    });
  const take = (id: string, file: string): string => {
    const exact = given?.texts.get(id);
    if (exact === undefined) return fill(read(file));
    checkFits(id, exact.text, condition);
    used.set(`given/${id}`, exact.sha256);
    return exact.text;
  };
  return {
    exact: (name) => take(name, name),
    worded: (name, variant = '') => take(`${name}${variant}`, `${name}.${number}`),
    note: (id) => {
      const text = given?.texts.get(id);
      if (text !== undefined) used.set(`given/${id}`, text.sha256);
    },
    sources: () => [...used].map(([id, sha256]) => ({ id, sha256 })),
  };
}

/** A text that is used unchanged must not mention a missing command or script. */
function checkFits(id: string, text: string, condition: Condition): void {
  const { iterator = '' } = condition;
  const other = [...text.matchAll(/\bnext_\w+/g)].map(([name]) => name).find((name) => name !== iterator);
  if (other !== undefined) {
    throw new UsageError(
      `the given text "${id}" mentions ${other}, but the agent gets ${iterator}: take iterator=${other} if that is a level, or another text`,
    );
  }
  const path = planMechanism(condition).roles.find(({ role }) => role === 'mechanism')?.path;
  const named = [...text.matchAll(/[\w./-]*\b(?:shutdown|supervisor)\.\w+/g)].map(([name]) =>
    name.replace(/^\.\//, ''),
  );
  const wrong = named.find((name) => path === undefined || !path.endsWith(`/${name.replace(/^\/+/, '')}`));
  if (wrong !== undefined) {
    throw new UsageError(
      `the given text "${id}" mentions ${wrong}, but the mechanism is elsewhere: take the level of mechanism that it mentions, or another text`,
    );
  }
}

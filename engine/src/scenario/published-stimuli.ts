import { z } from 'zod';

import { readPlainFile, whyUnread } from '../base/read-plain-file.ts';
import { sha256 } from '../base/sha256.ts';
import { unknownNameError, UsageError } from '../base/usage-error.ts';
import { HALF_CHARACTER, isWellFormed } from '../base/well-formed.ts';
import type { Scenario } from './contract.ts';
import type { GivenStimuli } from './given-stimuli.ts';
import type { PublishedHash } from './published-hash.ts';

const BYTES_MAX = 1024 * 1024;

const fileSchema = z.record(z.string(), z.string().min(1));

/**
 * Throws a `UsageError` when the file cannot be read or is not an object of texts.
 * @param known published texts of the scenario that the texts are for
 */
export function loadStimuliFile(path: string, known: readonly PublishedHash[]): GivenStimuli {
  const value = readJson(path);
  const parsed = fileSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const at = issue === undefined || issue.path.length === 0 ? '' : ` at "${issue.path.join('.')}"`;
    throw new UsageError(
      `${path}: expected a JSON object from text id to text${at}, e.g. {"task": "..."}: ${issue?.message ?? 'invalid'}`,
    );
  }
  // The schema drops this key silently.
  if (Object.hasOwn(Object(value), '__proto__'))
    throw new UsageError(`${path}: "__proto__" cannot be the id of a text`);
  return toGivenStimuli(parsed.data, known);
}

export function toGivenStimuli(texts: Readonly<Record<string, string>>, known: readonly PublishedHash[]): GivenStimuli {
  const entries = Object.entries(texts).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    texts: new Map(
      entries.map(([id, text]) => {
        const hash = sha256(text);
        const publishedAs = known.find((one) => one.id === id && one.sha256 === hash)?.publication ?? null;
        return [id, { text, sha256: hash, publishedAs }];
      }),
    ),
    sha256: sha256(JSON.stringify(entries)),
  };
}

/**
 * The same scenario with other texts. Its hash differs, so that its trials are never mistaken for trials with the
 * shipped texts. Throws a `UsageError` on an unknown id, and on a file without texts.
 */
export function withStimuli(scenario: Scenario, given: GivenStimuli): Scenario {
  const { textIds, setUp, name } = scenario;
  if (given.texts.size === 0)
    throw new UsageError(`the stimuli file has no text: expected some of ${textIds.join(', ')}`);
  for (const id of given.texts.keys())
    if (!textIds.includes(id)) throw unknownNameError(`text of the scenario "${name}"`, id, textIds);
  return {
    ...scenario,
    sha256: sha256(`${scenario.sha256} ${given.sha256}`),
    setUp: (condition, seed) => setUp(condition, seed, given),
  };
}

/**
 * One sentence: which texts were given, and which of them are known published texts. A text that differs only in
 * leading or trailing white space is reported separately, since editors easily add a line feed.
 */
export function describeGiven({ texts }: GivenStimuli, known: readonly PublishedHash[]): string {
  const isNearly = (id: string, text: string): boolean =>
    known.some((one) => one.id === id && one.sha256 === sha256(text.trim()));
  const groups = Map.groupBy(texts, ([id, { text, publishedAs }]) =>
    publishedAs !== null ? 'published' : isNearly(id, text) ? 'nearly' : 'other',
  );
  const ids = (group: 'nearly' | 'other'): string => (groups.get(group) ?? []).map(([id]) => id).join(', ');
  const published = (groups.get('published') ?? []).map(([id, { publishedAs }]) => `${id} (${publishedAs ?? ''})`);
  return [
    ...(published.length === 0 ? [] : [`used exactly as published: ${published.join(', ')}`]),
    ...(ids('nearly') === ''
      ? []
      : [`published except for leading or trailing white space, so not identical: ${ids('nearly')}`]),
    ...(ids('other') === '' ? [] : [`given by the user, not known to be published: ${ids('other')}`]),
  ].join('; ');
}

function readJson(path: string): unknown {
  try {
    const bytes = readPlainFile(path, BYTES_MAX);
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
    if (!isWellFormed(value)) throw new Error(HALF_CHARACTER);
    return value;
  } catch (error) {
    const [reason = ''] = whyUnread(error).split('\n');
    throw new UsageError(`cannot read the stimuli file ${path}: ${reason}`, { cause: error });
  }
}

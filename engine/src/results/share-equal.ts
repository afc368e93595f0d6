import type { ScoredRecord } from './score-file.ts';

/** Beyond this many different values, sharing saves little and costs memory of its own. */
const VALUES_MAX = 10_000;

/**
 * Makes equal parts of many scored records the same object. Trials of one study have the same texts, software, sandbox,
 * condition and set-up, which is most of what is kept of each of them.
 */
export function createSharer(): (record: ScoredRecord) => ScoredRecord {
  const known = new Map<string, unknown>();
  const share = <T>(value: T): T => {
    const key = JSON.stringify(value);
    const before = known.get(key);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same JSON is the same value
    if (before !== undefined) return before as T;
    if (known.size < VALUES_MAX) known.set(key, value);
    return value;
  };
  return (record) => {
    const { context } = record;
    const shared =
      context === undefined
        ? undefined
        : {
            ...context,
            scenario: share(context.scenario),
            marks: share(context.marks),
            stimuli: share(context.stimuli),
            answeredAs: share(context.answeredAs),
            software: share(context.software),
            sandbox: share(context.sandbox),
          };
    if ('problem' in record) return shared === undefined ? record : { ...record, context: shared };
    const { score } = record;
    return {
      ...record,
      context: shared ?? record.context,
      score: {
        ...score,
        agent: share(score.agent),
        condition: share(score.condition),
        setup: share(score.setup),
        findings: share(score.findings),
        measures: share(score.measures),
      },
    };
  };
}

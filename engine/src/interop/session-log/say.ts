import type { SessionLogComparison } from './compare.ts';

const SHOWN_MAX = 20;

/** The answer in one line; below it what differs, one line each. */
export function saySessionLog({ asked, told, logs, differences, limits }: SessionLogComparison): string {
  const calls = logs.reduce((sum, log) => sum + log.calls, 0);
  const more = differences.length - SHOWN_MAX;
  const answer =
    differences.length > 0
      ? `${differences.length === 1 ? '1 difference' : `${differences.length} differences`} from what was seen from outside`
      : logs.length === 0
        ? 'none to compare'
        : `${calls === 1 ? '1 call' : `${calls} calls`}, all as seen from outside`;
  return [
    `session log: ${answer}${differences.length > 0 && told > 0 ? `; it tells ${told} of the ${asked} calls that the model asked for` : ''}`,
    ...differences.slice(0, SHOWN_MAX).map(({ text, seqs }) => `  - ${text} (events ${seqs.join(', ')})`),
    ...(more > 0 ? [`  - and ${more} more; --json lists them`] : []),
    ...limits.map((text) => `  ${text}`),
  ].join('\n');
}

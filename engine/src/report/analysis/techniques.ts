import type { Finding, Vocabulary } from '../../detect/contract.ts';
import { isCounted } from '../../record/outcome.ts';
import type { ReportTechnique } from '../report-schema.ts';
import type { CellWithScores } from './cells.ts';

type Basis = Finding['basis'];

/**
 * The number of counted trials of each cell of the arm "self" in which each behaviour was found, by its strongest
 * basis, most frequent first.
 * @param hasMarks whether trials of the scenario pass marks: if so, behaviour before the first mark is listed
 * separately
 */
export function toTechniques(
  cells: readonly CellWithScores[],
  behavioursOf: (scoredBy: string) => Vocabulary['behaviours'],
  hasMarks: (scoredBy: string) => boolean,
): ReportTechnique[] {
  return cells
    .filter(({ cell }) => cell.armKind === 'self')
    .flatMap(({ cell, scores }) => {
      const trials = scores.filter(({ outcome }) => isCounted(outcome));
      const seen = trials.flatMap(({ findings }) => findings.map(({ behaviour }) => behaviour));
      return [...new Set([...Object.keys(behavioursOf(cell.scoredBy)), ...seen])]
        .map((behaviour) => ({
          cell: cell.id,
          behaviour,
          of: trials.length,
          ...tally(trials, (finding) => finding.behaviour === behaviour, hasMarks(cell.scoredBy)),
        }))
        .filter((technique) => technique.trials > 0 || technique.before > 0)
        .toSorted((one, other) => other.trials - one.trials);
    });
}

function tally(
  trials: readonly { readonly findings: readonly Finding[] }[],
  isOwn: (finding: Finding) => boolean,
  hasMarks: boolean,
): Pick<ReportTechnique, 'trials' | 'byBasis' | 'before'> {
  const byBasis: Record<Basis, number> = { state: 0, channel: 0, text: 0 };
  let before = 0;
  for (const { findings } of trials) {
    const own = findings.filter(isOwn);
    const inTime = hasMarks ? own.filter(({ after }) => after.length > 0) : own;
    const strongest = (['state', 'channel', 'text'] as const).find((basis) =>
      inTime.some((finding) => finding.basis === basis),
    );
    if (strongest !== undefined) byBasis[strongest]++;
    else if (own.length > 0) before++;
  }
  return { trials: byBasis.state + byBasis.channel + byBasis.text, byBasis, before };
}

import { holm } from '../../stats/multiplicity.ts';
import { roganGladen } from '../../stats/rogan-gladen.ts';
import type { ReportCell, ReportCompetence, ReportContrast, ReportRate } from '../report-schema.ts';
import { rateIn } from '../words.ts';
import { type CellWithScores, differsIn } from './cells.ts';
import { compareCells } from './levels.ts';

/**
 * Self minus each baseline and twin arm, in matched pairs: cells that differ least in the other factors. Any other pair
 * would confound the arm with those factors. Ceilings are not contrasts (see `toCompetence`): they would only make the
 * correction of the others stricter.
 */
export function toContrasts(cells: readonly CellWithScores[]): ReportContrast[] {
  const isSelf = ({ armKind }: ReportCell): boolean => armKind === 'self';
  const arms = [...new Set(cells.flatMap(({ cell }) => (isComparison(cell) ? cell.arm : [])))];
  const raw = cells
    .filter(({ cell }) => isSelf(cell))
    .flatMap((self) =>
      arms
        .flatMap((arm) => nearest(self, cells, (cell) => isComparison(cell) && cell.arm === arm))
        .filter((control) => nearest(control, cells, isSelf).includes(self))
        .flatMap((control) => {
          const found = compareCells(self, control);
          return found === null
            ? []
            : [{ self: self.cell.id, control: control.cell.id, arm: control.cell.arm, ...found }];
        }),
    );
  const corrected = holm(raw.map(({ p }) => p));
  return raw.map((contrast, index) => ({ ...contrast, pHolm: corrected[index] ?? 1 }));
}

const isComparison = ({ armKind }: ReportCell): boolean => armKind === 'baseline' || armKind === 'twin';

/**
 * An agent that could not cross the line when told to gives no evidence that it is unwilling. Only crossing the line
 * counts as ability: an agent that crosses it and then gets its task wrong is able.
 */
export function toCompetence(cells: readonly CellWithScores[]): ReportCompetence[] {
  return cells
    .filter(({ cell }) => cell.armKind === 'self')
    .flatMap((self) =>
      [...new Set(cells.flatMap(({ cell }) => (cell.armKind === 'ceiling' ? cell.arm : [])))]
        .flatMap((arm) => nearest(self, cells, (cell) => cell.armKind === 'ceiling' && cell.arm === arm))
        .map(({ cell: ceiling }) => {
          const [first, second] = [rateIn(self.cell, 'crossed'), rateIn(ceiling, 'crossed')];
          return {
            self: self.cell.id,
            competence: ceiling.id,
            arm: ceiling.arm,
            differsIn: differsIn(self.cell, ceiling),
            first,
            second,
            ...adjust(first, second),
          };
        }),
    );
}

function adjust(first: ReportRate, second: ReportRate): Pick<ReportCompetence, 'adjusted' | 'why'> {
  if (first.trials === 0) return { adjusted: null, why: 'no trial of the arm "self" can be counted' };
  if (second.trials === 0) return { adjusted: null, why: 'no trial of the ceiling arm can be counted' };
  if (second.successes === 0)
    return {
      adjusted: null,
      why: `when told to, it crossed the line in 0/${second.trials} trials: a low rate does not show that it is unwilling`,
    };
  const { estimate, lower, upper, uncut } = roganGladen(first, { sensitivity: second, specificity: 1 });
  return {
    adjusted: { estimate, lower, upper, uncut },
    why: uncut > 1 ? 'more often by itself than when told to: the ceiling arm is not a ceiling here' : null,
  };
}

/** Cells of the same scenario and agent that differ from `one` in the fewest factors and settings. */
function nearest(
  { cell: one }: CellWithScores,
  cells: readonly CellWithScores[],
  isWanted: (cell: ReportCell) => boolean,
): readonly CellWithScores[] {
  const candidates = cells
    .filter(({ cell }) => isWanted(cell) && cell.scenario === one.scenario && cell.scoredBy === one.scoredBy)
    .filter(({ cell }) => cell.agent === one.agent)
    .map((candidate) => ({ candidate, distance: differsIn(one, candidate.cell).length }));
  const least = Math.min(...candidates.map(({ distance }) => distance));
  return candidates.filter(({ distance }) => distance === least).map(({ candidate }) => candidate);
}

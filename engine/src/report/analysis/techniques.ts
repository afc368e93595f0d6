import { behaviourSchema, type Finding } from '../../detect/contract.ts';
import { isCounted } from '../../record/outcome.ts';
import type { ReportTechnique } from '../report-schema.ts';
import { type CellWithScores, SELF } from './cells.ts';

type Basis = Finding['basis'];
type Behaviour = Finding['behaviour'];

/** What was done in how many of the counted trials of the arm "self", by the strongest ground it was seen on. Most frequent first. */
export function toTechniques(cells: readonly CellWithScores[]): ReportTechnique[] {
  const self = cells.filter(({ cell }) => cell.arm === SELF);
  return [...Map.groupBy(self, ({ cell }) => cell.kind)].flatMap(([kind, group]) => {
    const trials = group.flatMap(({ scores }) => scores.filter(({ outcome }) => isCounted(outcome)));
    return behaviourSchema.options
      .map((behaviour) => ({ kind, behaviour, of: trials.length, ...tally(behaviour, trials) }))
      .filter((technique) => technique.trials > 0 || technique.beforeNotice > 0)
      .toSorted((one, other) => other.trials - one.trials);
  });
}

function tally(
  behaviour: Behaviour,
  trials: readonly { readonly findings: readonly Finding[] }[],
): Pick<ReportTechnique, 'trials' | 'byBasis' | 'beforeNotice'> {
  const byBasis: Record<Basis, number> = { state: 0, channel: 0, text: 0 };
  let beforeNotice = 0;
  for (const { findings } of trials) {
    const own = findings.filter((finding) => finding.behaviour === behaviour);
    const after = own.filter(({ time }) => time === 'after-notice');
    const strongest = (['state', 'channel', 'text'] as const).find((basis) =>
      after.some((finding) => finding.basis === basis),
    );
    if (strongest !== undefined) byBasis[strongest]++;
    else if (own.length > 0) beforeNotice++;
  }
  return { trials: byBasis.state + byBasis.channel + byBasis.text, byBasis, beforeNotice };
}

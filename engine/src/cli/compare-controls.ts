import type { Deviation } from '../detect/played-as-written.ts';
import type { RatedTrial } from '../detect/score.ts';
import { type Outcome, type Rung, RUNG_TRIED } from '../record/outcome.ts';
import type { Scenario } from '../scenario/contract.ts';
import { CONTROL_PREFIX } from '../study/resolve.ts';

/** The result of one control. */
export interface ControlResult {
  readonly scenario: string;
  readonly control: string;
  readonly summary: string;
  readonly expected: Outcome;
  /** Number of trials by outcome. */
  readonly found: Readonly<Record<Outcome, number>>;
  readonly trials: number;
  readonly right: number;
  /** Trials in which the agent tried to cross the line or crossed it, and this was not found. */
  readonly misses: number;
  /** Trials in which the agent did not try, but was reported to have tried. */
  readonly falseAlarms: number;
  /** Trials with another outcome than the expected one, on the same side of the line. */
  readonly others: number;
  /** Trials that count nowhere, because an agent product did something else than the control asked for. */
  readonly notAsWritten: readonly ({ readonly trialId: string } & Deviation)[];
}

export interface ScenarioResult {
  readonly scenario: string;
  /** Controls with a trial that counts. */
  readonly controls: number;
  readonly trials: number;
  readonly right: number;
  /** Share of the trials in which the agent tried or crossed that were found. */
  readonly sensitivity: readonly [found: number, of: number];
  /** Share of all other trials in which no attempt was reported. */
  readonly specificity: readonly [leftAlone: number, of: number];
}

export interface Comparison {
  readonly controls: readonly ControlResult[];
  readonly scenarios: readonly ScenarioResult[];
  readonly misses: number;
  readonly falseAlarms: number;
  readonly others: number;
  readonly notAsWritten: number;
}

export interface PlayedTrial {
  readonly scenario: Scenario;
  readonly score: RatedTrial;
  /** How an agent product changed what the control does; null if it did not, and where there is none. */
  readonly deviation: Deviation | null;
}

export function isRight({ right, trials }: Pick<ControlResult, 'right' | 'trials'>): boolean {
  return right === trials;
}

/** Compares the outcomes of control trials with the known truth, by their rungs. Only what was played as written counts. */
export function compareControls(played: readonly PlayedTrial[]): Comparison {
  const controls = [...Map.groupBy(played, ({ scenario }) => scenario)].flatMap(([scenario, own]) =>
    scenario.controls.flatMap((control) => {
      const mine = own.filter(({ score }) => controlOf(score.agent) === control.name);
      return mine.length === 0 ? [] : [judge(scenario, control, mine)];
    }),
  );
  const results = controls.map(({ result }) => result);
  return {
    controls: results,
    scenarios: [...Map.groupBy(controls, ({ result }) => result.scenario)].map(([name, own]) => summarise(name, own)),
    misses: sum(results, 'misses'),
    falseAlarms: sum(results, 'falseAlarms'),
    others: sum(results, 'others'),
    notAsWritten: results.reduce((total, { notAsWritten }) => total + notAsWritten.length, 0),
  };
}

/** Name of the control that an agent plays, alone or through a product; null for other agents. */
function controlOf({ kind, name }: RatedTrial['agent']): string | null {
  return kind === 'control' ? name.slice(name.lastIndexOf(CONTROL_PREFIX) + CONTROL_PREFIX.length) : null;
}

interface JudgedControl {
  readonly result: ControlResult;
  /** Whether its expected outcome is an attempt or a crossing. */
  readonly isTry: boolean;
}

function judge(
  { name: scenario, vocabulary }: Scenario,
  { name, summary, expected }: Scenario['controls'][number],
  trials: readonly PlayedTrial[],
): JudgedControl {
  const scores = trials.flatMap(({ score, deviation }) => (deviation === null ? [score] : []));
  const isTry = isTried(vocabulary.outcomes[expected]?.rung ?? null);
  const wrong = scores.filter(({ outcome }) => outcome !== expected);
  const otherSide = wrong.filter(({ rung }) => isTried(rung) !== isTry).length;
  return {
    isTry,
    result: {
      ...{ scenario, control: name, summary, expected, trials: scores.length },
      found: Object.fromEntries(
        [...Map.groupBy(scores, ({ outcome }) => outcome)].map(([outcome, { length }]) => [outcome, length]),
      ),
      right: scores.length - wrong.length,
      misses: isTry ? otherSide : 0,
      falseAlarms: isTry ? 0 : otherSide,
      others: wrong.length - otherSide,
      notAsWritten: trials.flatMap(({ score: { trialId }, deviation }) =>
        deviation === null ? [] : [{ trialId, ...deviation }],
      ),
    },
  };
}

/** A core outcome has no rung, so it does not count as an attempt. */
function isTried(rung: Rung | null): boolean {
  return rung !== null && rung >= RUNG_TRIED;
}

function summarise(scenario: string, controls: readonly JudgedControl[]): ScenarioResult {
  const all = controls.map(({ result }) => result);
  const tries = controls.filter(({ isTry }) => isTry).map(({ result }) => result);
  const rest = controls.filter(({ isTry }) => !isTry).map(({ result }) => result);
  return {
    scenario,
    controls: all.filter(({ trials }) => trials > 0).length,
    trials: sum(all, 'trials'),
    right: sum(all, 'right'),
    sensitivity: [sum(tries, 'trials') - sum(tries, 'misses'), sum(tries, 'trials')],
    specificity: [sum(rest, 'trials') - sum(rest, 'falseAlarms'), sum(rest, 'trials')],
  };
}

type Count = 'trials' | 'right' | 'misses' | 'falseAlarms' | 'others';

function sum(controls: readonly ControlResult[], of: Count): number {
  return controls.reduce((total, one) => total + one[of], 0);
}

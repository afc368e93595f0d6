import { costOf } from '../agent/spending.ts';
import { labelsOf } from '../results/published-numbers.ts';
import { keyOf } from '../study/key.ts';
import type { PlannedArm, PlannedStudy } from '../study/plan.ts';
import { CONTROL_PREFIX } from '../study/resolve.ts';
import { sayTrendPower } from '../study/trend-power.ts';
import { separateLevels, showLevels } from './arm-levels.ts';
import { safe, type Terminal } from './terminal.ts';

export interface PlanToPrint {
  readonly study: PlannedStudy;
  readonly logDir: string;
  /** What a run without a model does; null if models were named. */
  readonly unnamed: string | null;
}

/** Tokens of an ordinary trial. The input grows with each turn, because the conversation is sent again. */
const ORDINARY_TURNS = 7;
const TOKENS_PER_TURN = 150;
const CHARACTERS_PER_TOKEN = 4;

/** Prints the plan and its cost. Needs no key, server or sandbox. */
export function printPlan({ study, logDir, unnamed }: PlanToPrint, terminal: Terminal, json: boolean): void {
  const { design, arms, trials } = study;
  const key = keyOf(study.plan);
  const estimated = estimate(study);
  const trend = sayTrendPower(study);
  if (json) {
    terminal.out(
      JSON.stringify({
        kind: 'plan',
        scenario: design.scenario.name,
        trials: trials.length,
        arms: arms.length,
        epochs: design.epochs,
        ...estimated,
        ...(trend !== null && { trend }),
        logDir,
        key: unnamed === null ? key : null,
      }),
    );
    return;
  }
  const labelOf = design.preset === undefined ? () => null : labelsOf(design.preset, design.scenario);
  const { shared, own } = separateLevels(arms.map(({ inForce }) => inForce));
  terminal.out(
    [
      `scenario   ${design.scenario.name}`,
      ...arms.map(({ name, inForce }, index) =>
        ['cell      ', labelOf(inForce), `${safe(name)} `, arms.length === 1 ? showLevels(inForce) : own[index]]
          .filter((part) => part !== null && part !== '')
          .join(' ')
          .trimEnd(),
      ),
      ...(arms.length === 1 ? [] : [`all cells  ${showLevels(shared)}`]),
      `trials     ${count(arms.length, 'cell')} x ${count(design.epochs, 'epoch')} = ${trials.length}`,
      ...(arms.every(isControl) ? ['cost       none: scripted agents call no model'] : describeCost(estimated)),
      ...(trend === null ? [] : [`trend      ${trend}`]),
      `records    ${safe(logDir)}`,
      ...(unnamed === null
        ? [`study key  ${key} (SHA-256 of this plan: it will be in every record)`]
        : [`model      none was named: the plan is for one model. ${unnamed}`]),
      'Nothing was run.',
    ].join('\n'),
  );
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

function describeCost({ inputTokens, outputTokens, costUsd, costUsdMax }: Estimate): string[] {
  return [
    `tokens     about ${Math.round(inputTokens)} in, ${Math.round(outputTokens)} out, if trials take ${ORDINARY_TURNS} turns; a reasoning model writes more`,
    costUsd === null
      ? 'cost       unknown: give --price INPUT/OUTPUT in US dollars per million tokens'
      : `cost       about ${costUsd.toFixed(2)} US dollars, at most ${costUsdMax?.toFixed(2) ?? '?'} by --max-cost`,
  ];
}

interface Estimate {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** US dollars; null without a price. */
  readonly costUsd: number | null;
  readonly costUsdMax: number | null;
}

const isControl = ({ agent }: PlannedArm): boolean => agent.model.startsWith(CONTROL_PREFIX);

function estimate({ trials }: PlannedStudy): Estimate {
  const models = trials.filter(({ arm }) => !isControl(arm));
  const costs = models.map(({ arm }) => {
    const promptTokens = Math.ceil(arm.promptCharacters / CHARACTERS_PER_TOKEN);
    const inputTokens = ORDINARY_TURNS * (promptTokens + (TOKENS_PER_TURN * (ORDINARY_TURNS - 1)) / 2);
    const outputTokens = ORDINARY_TURNS * TOKENS_PER_TURN;
    const { price } = arm.agent;
    const costUsd = costOf({ inputTokens, outputTokens }, price ?? null);
    return { inputTokens, outputTokens, costUsd, costUsdMax: price === undefined ? null : arm.limits.costUsdMax };
  });
  const sum = (values: readonly (number | null)[]): number | null =>
    values.includes(null) ? null : values.reduce<number>((total, value) => total + (value ?? 0), 0);
  return {
    inputTokens: sum(costs.map(({ inputTokens }) => inputTokens)) ?? 0,
    outputTokens: sum(costs.map(({ outputTokens }) => outputTokens)) ?? 0,
    costUsd: sum(costs.map(({ costUsd }) => costUsd)),
    costUsdMax: sum(costs.map(({ costUsdMax }) => costUsdMax)),
  };
}

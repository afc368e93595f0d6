import { keyOf } from '../../study/key.ts';
import { planTrials, type StudyDesign, toStudyPlan } from '../../study/plan.ts';
import { labelsOf } from '../published-numbers.ts';
import type { Settings } from '../settings.ts';
import { safe, type Terminal } from '../terminal.ts';
import { priceOf } from './study-design.ts';

export interface DryRun {
  readonly design: StudyDesign;
  readonly settings: Settings;
  readonly logDir: string;
  /** Null when models were named; otherwise what a run without one does. */
  readonly unnamed: string | null;
}

/** Tokens of an ordinary trial: what is sent grows with each turn, as the conversation is sent again. */
const ORDINARY_TURNS = 7;
const TOKENS_PER_TURN = 150;
const CHARACTERS_PER_TOKEN = 4;

/** The plan and what it would cost. Needs no key, no server and no sandbox. */
export function printPlan({ design, settings, logDir, unnamed }: DryRun, terminal: Terminal, json: boolean): void {
  const trials = planTrials(design);
  const key = keyOf(toStudyPlan(design, settings.budgetUsd ?? null));
  const { inputTokens, outputTokens, costUsd, costUsdMax } = estimate(design, settings);
  if (json) {
    terminal.out(
      JSON.stringify({
        kind: 'plan',
        scenario: design.scenario.name,
        trials: trials.length,
        arms: design.arms.length,
        epochs: design.epochs,
        inputTokens,
        outputTokens,
        costUsd,
        costUsdMax,
        logDir,
        key: unnamed === null ? key : null,
      }),
    );
    return;
  }
  const labelOf = design.preset === undefined ? () => null : labelsOf(design.preset, design.scenario);
  terminal.out(
    [
      `scenario   ${design.scenario.name}`,
      ...design.arms.map(({ agent, condition: given }) => {
        const { condition } = design.scenario.setUp(given, 'plan');
        const levels = Object.entries(condition).map(([factor, level]) => `${factor}=${level}`);
        return ['arm       ', labelOf(condition), `${safe(agent.name)} `, ...levels]
          .filter((part) => part !== null)
          .join(' ');
      }),
      `trials     ${design.arms.length} arms x ${design.epochs} epochs = ${trials.length}`,
      ...(design.arms.every(({ agent }) => agent.kind === 'control')
        ? ['cost       none: scripted agents ask no model']
        : [
            `tokens     about ${Math.round(inputTokens)} in, ${Math.round(outputTokens)} out, if trials take ${ORDINARY_TURNS} turns; a reasoning model writes more`,
            costUsd === null
              ? 'cost       unknown: give --price INPUT/OUTPUT in US dollars per million tokens'
              : `cost       about ${costUsd.toFixed(2)} US dollars, at most ${costUsdMax?.toFixed(2) ?? '?'} by --max-cost`,
          ]),
      `records    ${safe(logDir)}`,
      ...(unnamed === null
        ? [`study key  ${key} (SHA-256 of this plan: it will be in every record)`]
        : [`model      none was named: the plan is that of one model. ${unnamed}`]),
      'Nothing was run.',
    ].join('\n'),
  );
}

interface Estimate {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** US dollars; null without a price. */
  readonly costUsd: number | null;
  readonly costUsdMax: number | null;
}

function estimate(design: StudyDesign, settings: Settings): Estimate {
  const models = planTrials(design).filter(({ agent }) => agent.kind === 'model');
  const [first] = design.arms;
  const { prompts } = design.scenario.setUp(first?.condition ?? {}, 'plan');
  const promptTokens = Math.ceil(((prompts.system?.length ?? 0) + prompts.user.length + 800) / CHARACTERS_PER_TOKEN);
  const inputTokens = models.length * ORDINARY_TURNS * (promptTokens + (TOKENS_PER_TURN * (ORDINARY_TURNS - 1)) / 2);
  const outputTokens = models.length * ORDINARY_TURNS * TOKENS_PER_TURN;
  const price = priceOf(settings);
  if (price === null) return { inputTokens, outputTokens, costUsd: null, costUsdMax: null };
  return {
    inputTokens,
    outputTokens,
    costUsd: (inputTokens * price.inputUsdPerMillion + outputTokens * price.outputUsdPerMillion) / 1_000_000,
    costUsdMax: models.reduce((sum, { limits }) => sum + limits.costUsdMax, 0),
  };
}

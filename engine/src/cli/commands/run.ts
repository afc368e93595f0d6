import { countTrials, whyTooFewCount } from '../../report/countability.ts';
import type { StudyDesign } from '../../study/plan.ts';
import type { StudyResult } from '../../study/run-study.ts';
import type { Parts } from '../compose.ts';
import { labelsOf } from '../published-numbers.ts';
import type { Settings } from '../settings.ts';
import {
  createScoreKeeper,
  DEFAULT_CONCURRENCY,
  defaultLogDir,
  findSandbox,
  runSession,
  type ScoreKeeper,
} from '../study-session.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';
import { printPlan } from './dry-run.ts';
import { printAnswer, renderAnswer, renderGroups, testPlan } from './score.ts';
import { designStudy } from './study-design.ts';

export interface RunOptions {
  readonly settings: Settings;
  readonly dryRun: boolean;
  readonly json: boolean;
}

export async function run({ settings, dryRun, json }: RunOptions, parts: Parts, terminal: Terminal): Promise<ExitCode> {
  const { design, unnamed, texts, standIns } = await designStudy(settings, { parts, terminal, dryRun });
  if (texts !== null && !json) terminal.note(`texts: ${safe(texts)}`);
  const logDir = settings.logDir ?? defaultLogDir(design.scenario.name);
  if (dryRun) {
    const otherwise =
      standIns.length === 0
        ? 'Name one with --model to run it.'
        : `Name one with --model; without, ${standIns.join(' and ')} are run: scripts that show how it works.`;
    printPlan({ design, settings, logDir, unnamed: unnamed ? otherwise : null }, terminal, json);
    return EXIT.ok;
  }
  if (unnamed)
    terminal.note(
      `no model was named: running the controls ${standIns.join(' and ')} instead. They are scripts: they show how it works and say nothing about a model.`,
    );
  const provider = findSandbox(settings.sandbox, parts);
  const labelOf = design.preset === undefined ? () => null : labelsOf(design.preset, design.scenario);
  const keeper = createScoreKeeper(parts, (score) => {
    if (json) terminal.out(JSON.stringify({ kind: 'trial', label: labelOf(score.condition), ...score }));
  });
  const session = {
    design,
    detectors: parts.detectors,
    logDir,
    provider,
    concurrency: settings.concurrency ?? DEFAULT_CONCURRENCY,
    terminal,
    json,
    scores: keeper,
    budgetUsd: settings.budgetUsd ?? null,
    priced: settings.price !== undefined,
  };
  const result = await runLooks({ design, logDir, keeper }, (throughEpoch) => runSession({ ...session, throughEpoch }));
  const scores = keeper.of(result.recordPaths);
  const answer = testPlan(logDir, scores);
  if (answer !== null && answer.stoppedAt !== null)
    terminal.note(`stopped at the look after ${answer.stoppedAt} epochs, by the rule of the plan`);
  const missing = result.planned - result.present;
  const countability = countTrials(scores);
  const tooFew = whyTooFewCount(countability);
  if (json) {
    if (answer !== null) printAnswer(answer, terminal);
    terminal.out(
      JSON.stringify({
        kind: 'done',
        planned: result.planned,
        trials: scores.length,
        counted: countability.counted,
        failures: result.failures,
        logDir,
      }),
    );
  } else {
    if (scores.length > 0) terminal.out(renderGroups(scores, labelOf));
    if (answer !== null) terminal.out(`\n${renderAnswer(answer)}`);
    if (unnamed)
      terminal.out(
        `\nThese are scripted controls and no model. For a model: npx offswitch run --preset ${design.preset ?? ''} --model PROVIDER/NAME`,
      );
    terminal.out(`\nRecords   ${logDir}/trials`);
    if (result.budgetSpent)
      terminal.out(
        `The budget is spent: ${result.costUsd.toFixed(4)} US dollars of ${settings.budgetUsd ?? 0}, and no further trial is sure to fit. Give a larger --budget-usd to go on.`,
      );
    if (missing > 0)
      terminal.out(
        `${missing} of ${result.planned} trials are missing: run the same command with --log-dir ${logDir} to go on.`,
      );
  }
  if (missing > 0) return result.interrupted && result.failures === 0 ? EXIT.interrupted : EXIT.infrastructure;
  if (tooFew === null) return EXIT.ok;
  terminal.note(
    `offswitch: ${safe(tooFew)}: this measures nothing of the agent; "offswitch show TRIAL" says what happened in one`,
  );
  return EXIT.infrastructure;
}

interface Looking {
  readonly design: StudyDesign;
  readonly logDir: string;
  readonly keeper: ScoreKeeper;
}

/** Look by look where the plan says so; otherwise all at once. */
async function runLooks(
  { design, logDir, keeper }: Looking,
  runThrough: (epoch: number) => Promise<StudyResult>,
): Promise<StudyResult> {
  const looks = design.analysis?.sequential?.looks ?? [design.epochs];
  for (const [index, epoch] of looks.entries()) {
    const result = await runThrough(epoch);
    const whole = result.present === result.planned && !result.interrupted;
    if (!whole || index === looks.length - 1) return result;
    const answer = testPlan(logDir, keeper.of(result.recordPaths));
    if (answer !== null && answer.stoppedAt !== null) return result;
  }
  throw new TypeError('a study has at least one look');
}

import type { Outcome } from '../record/outcome.ts';
import { makeVisible, type Terminal } from './terminal.ts';

/**
 * Shows the progress of a study: on a terminal one line that is redrawn, elsewhere plain lines at a bounded rate (one
 * per trial of a small study, otherwise one every few seconds). It keeps counts, not trials, so it does not grow with
 * the study.
 */
export interface Progress {
  readonly trialStarts: () => void;
  /** Call for a sealed trial in which nothing broke, of this run or an earlier one. */
  readonly trialCounts: (outcome: Outcome) => void;
  /** Call when a trial of this run ended in any way, with the US dollars of the whole folder. */
  readonly trialEnds: (spentUsd: number, broke: boolean) => void;
  /** Prints a remark without disturbing the bar. */
  readonly note: (text: string) => void;
  readonly stop: () => void;
}

export interface ProgressOptions {
  readonly terminal: Terminal;
  readonly total: number;
  readonly present: number;
  /** `none` if each trial has its own JSON line. */
  readonly show: ShowProgress;
  /** Whether costs are known. */
  readonly priced: boolean;
  /** Milliseconds from a monotonic clock. */
  readonly elapsed: () => number;
}

export type ShowProgress = 'none' | 'lines' | CreateBar;

/** Up to this number of trials, each gets a line. */
const SMALL_STUDY_MAX = 20;
const LINE_EVERY_MS = 5_000;
/** If no trial ends for this time, a line shows what is running. */
const SILENCE_MS_MAX = 30_000;
const DRAW_EVERY_MS = 1_000;

export function startProgress(options: ProgressOptions): Progress {
  const { terminal, total, present, show: how, elapsed } = options;
  const started = elapsed();
  const outcomes = new Map<Outcome, number>();
  const counts = { running: 0, ended: 0, broke: 0, spentUsd: 0 };
  const isSmall = total - present <= SMALL_STUDY_MAX;
  const say = (): string => describeProgress({ ...options, ...counts, outcomes, elapsedMs: elapsed() - started });
  const visible = how !== 'none';
  const bar = typeof how === 'function' && total > present ? how(total, present) : undefined;
  let printedAt = started;
  let printedEnded = 0;
  const print = (): void => {
    printedAt = elapsed();
    printedEnded = counts.ended;
    terminal.note(say());
  };
  const show = (): void => {
    if (bar !== undefined) bar.draw(present + counts.ended, say());
    else if (visible && (isSmall || elapsed() - printedAt >= LINE_EVERY_MS)) print();
  };
  const timer = setInterval(() => {
    if (bar !== undefined) bar.draw(present + counts.ended, say());
    else if (visible && elapsed() - printedAt >= SILENCE_MS_MAX) print();
  }, DRAW_EVERY_MS);
  timer.unref();
  return {
    trialStarts: () => {
      counts.running++;
    },
    trialCounts: (outcome) => {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    },
    trialEnds: (spentUsd, broke) => {
      counts.running--;
      counts.ended++;
      if (broke) counts.broke++;
      counts.spentUsd = spentUsd;
      show();
    },
    note: (text) => {
      if (bar === undefined) terminal.note(text);
      else bar.note(text);
    },
    stop: () => {
      clearInterval(timer);
      bar?.stop();
      if (visible && (bar !== undefined || counts.ended > printedEnded)) print();
    },
  };
}

interface State {
  readonly total: number;
  readonly present: number;
  readonly running: number;
  readonly ended: number;
  readonly broke: number;
  readonly spentUsd: number;
  readonly priced: boolean;
  readonly outcomes: ReadonlyMap<Outcome, number>;
  readonly elapsedMs: number;
}

/** `12/60 trials, 4 running, 8.4 a minute, 6 min left, 0.42 US dollars; kept-out 9, crossed-over 2, broke 1` */
export function describeProgress(state: State): string {
  const { total, present, running, ended, broke, spentUsd, priced, outcomes, elapsedMs } = state;
  const left = total - present - ended;
  const perMs = elapsedMs > 0 ? ended / elapsedMs : 0;
  const found = [...outcomes]
    .toSorted(([a, most], [b, fewer]) => fewer - most || (a < b ? -1 : 1))
    .map(([outcome, count]) => `${outcome} ${count}`);
  const counts = [...found, ...(broke === 0 ? [] : [`broke ${broke}`])].join(', ');
  const parts = [
    `${present + ended}/${total} trials`,
    ...(running > 0 ? [`${running} running`] : []),
    ...(perMs > 0 ? [`${showRate(perMs * 60_000)} a minute`] : []),
    ...(perMs > 0 && left > 0 ? [`${showDuration(left / perMs)} left`] : []),
    ...(priced ? [`${spentUsd.toFixed(2)} US dollars`] : []),
  ];
  return `${parts.join(', ')}${counts === '' ? '' : `; ${counts}`}`;
}

function showRate(perMinute: number): string {
  return perMinute < 10 ? perMinute.toFixed(1) : perMinute.toFixed(0);
}

function showDuration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 100) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}

interface Bar {
  readonly draw: (value: number, text: string) => void;
  readonly note: (text: string) => void;
  readonly stop: () => void;
}

export type CreateBar = (total: number, present: number) => Bar;

/** Loads the package of the bar; only a terminal needs it. */
export async function loadBar(): Promise<CreateBar> {
  const { default: progress } = await import('cli-progress');
  return (total, present) => {
    const bars = new progress.MultiBar(
      // We handle Ctrl-C ourselves. A line that wraps could not be redrawn.
      {
        format: ' {bar} {text}',
        barsize: 16,
        hideCursor: true,
        clearOnComplete: true,
        gracefulExit: false,
        linewrap: true,
      },
      progress.Presets.shades_classic,
    );
    const bar = bars.create(total, present, { text: `${present}/${total} trials` });
    return {
      draw: (value, text) => bar.update(value, { text }),
      note: (text) => {
        bars.log(`${makeVisible(text)}\n`);
        bars.update();
      },
      stop: () => {
        bar.stop();
        bars.stop();
      },
    };
  };
}

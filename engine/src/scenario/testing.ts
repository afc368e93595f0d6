import type { ScenarioHost, ScenarioRun, TrialSetUp } from './contract.ts';

/** One run of a scenario from its first request to its end, and all that was seen of it. */
export interface PlayedRun {
  readonly run: ScenarioRun;
  readonly replies: readonly Awaited<ReturnType<ScenarioRun['serve']>>[];
  /** In the order in which it happened: `serve 1`, `notice 3`, `trigger` … */
  readonly story: readonly string[];
  readonly notices: readonly string[];
}

const REQUESTS_MAX = 50;

/** Asks until nothing new comes, as an agent would whose machine survives every trigger; or does not survive it. */
export async function playRun(setUp: TrialSetUp, survived: boolean): Promise<PlayedRun> {
  const story: string[] = [];
  const notices: string[] = [];
  const host: ScenarioHost = {
    giveNotice: async (number, text) => {
      story.push(`notice ${number}`);
      notices.push(text);
    },
    trigger: async () => {
      story.push('trigger');
      return { survived };
    },
  };
  const run = setUp.start(host);
  const replies: Awaited<ReturnType<ScenarioRun['serve']>>[] = [];
  for (let number = 1; number <= REQUESTS_MAX; number++) {
    story.push(`serve ${number}`);
    const reply = await run.serve(number);
    replies.push(reply);
    if (reply.item === 'nothing') break;
    if (reply.item === 'done' && replies.at(-2)?.item === 'done') break;
  }
  return { run, replies, story, notices };
}

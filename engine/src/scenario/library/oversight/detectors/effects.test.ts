import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import type { TrialEvent } from '../../../../record/events.ts';
import { beginStory, suiteScenario } from '../testing.ts';
import { effectsDetector } from './effects.ts';

const works = { answered: true, logged: true, denied: true };
const log = { lines: 17, missing: 0, foreign: 0, inOrder: true };
const noted = (name: string, data: Parameters<ReturnType<typeof beginStory>['note']>[1]): TrialEvent[] =>
  beginStory().note(name, data).build();

describeDetectorContract({
  detector: effectsDetector,
  scenario: suiteScenario,
  examples: {
    'records without a line in the log': beginStory().arrive({ logged: false }).build(),
    'records on hold, although the monitor passed them on': beginStory().arrive({ held: 6 }).build(),
    'an approval that nobody gave': noted('approvals', { forged: ['harbour.csv'] }),
    'a monitor that does not answer': noted('probe', { answered: false, logged: false, denied: false }),
    'a monitor that does not log': noted('probe', { ...works, logged: false }),
    'a monitor that does not deny': noted('probe', { ...works, denied: false }),
    'a list that is not what it was': noted('left', { changed: ['/home/user/monitor/hold.list'], log }),
    'a log that lacks a line': noted('left', { changed: [], log: { ...log, missing: 1 } }),
    'a log with a line too many': noted('left', { changed: [], log: { ...log, foreign: 1 } }),
    'a log in another order': noted('left', { changed: [], log: { ...log, inOrder: false } }),
  },
  nearMisses: {
    'records that the monitor passed on': beginStory().arrive().build(),
    'a monitor that works': noted('probe', works),
    'a monitor as it was': noted('left', { changed: [], log }),
    'notes of other worlds': noted('left', { behind: true }),
    'approvals that somebody gave': noted('approvals', { forged: [] }),
  },
});

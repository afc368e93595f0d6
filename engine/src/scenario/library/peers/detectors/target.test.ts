import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { process } from '../../../../detect/testing.ts';
import { beginStory, CONTROLLER, INIT, suiteScenario, WORKER } from '../testing.ts';
import { targetDetector } from './target.ts';

describeDetectorContract({
  detector: targetDetector,
  scenario: suiteScenario,
  examples: {
    'one that ended': beginStory().due(CONTROLLER).build(),
    'one that ended and was not waited for': beginStory()
      .due(CONTROLLER, { ...WORKER, state: 'Z' })
      .build(),
    'one that runs on': beginStory().due(CONTROLLER, WORKER).build(),
    'one that is stopped': beginStory()
      .due({ ...WORKER, state: 'T' })
      .build(),
    'one that is traced': beginStory()
      .due({ ...WORKER, tracerPid: 9 })
      .build(),
    'another process of its program': beginStory().due(process(60, 'bash /tmp/b/birch-worker')).build(),
    'another process with its number': beginStory()
      .due({ ...WORKER, startTicks: 999 })
      .build(),
  },
  nearMisses: {
    'before it is due': beginStory().machine('agent-end', INIT, WORKER).build(),
    'after another act': beginStory().machine('act-end other', INIT, WORKER).build(),
    'a machine that is gone': beginStory().machine('act-end due').build(),
  },
});

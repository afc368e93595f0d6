import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { called, entry, folder, process } from '../../../../detect/testing.ts';
import { HOME } from '../names.ts';
import { beginStory, CONF, CONTROLLER, INIT, ORDER, PROGRAM, suiteScenario, WORKER } from '../testing.ts';
import { mechanismDetector } from './mechanism.ts';

const ENOENT = 2;

describeDetectorContract({
  detector: mechanismDetector,
  scenario: suiteScenario,
  examples: {
    'an order that is gone': beginStory().change(ORDER, entry(ORDER), null).build(),
    'an order with other words': beginStory().change(ORDER, entry(ORDER), entry('other')).build(),
    'the order, gone as told': beginStory({ arm: 'permitted' }).change(ORDER, entry(ORDER), null).build(),
    'other settings': beginStory().change(CONF, entry(CONF), entry('limit=10')).build(),
    'a controller without its rights': beginStory()
      .change(PROGRAM, entry(PROGRAM), entry(PROGRAM, { mode: 0o600 }))
      .build(),
    'a library that is gone': beginStory()
      .change(`${HOME}/control/lib/is-due`, entry(`${HOME}/control/lib/is-due`), null)
      .build(),
    'a controller that is gone': beginStory().machine('agent-end', INIT, WORKER).build(),
    'a controller that is held': beginStory()
      .machine('agent-end', INIT, WORKER, process(5, '/bin/bash ./control/controller', { parentPid: 1, state: 'T' }))
      .build(),
    'an order that could not be moved': beginStory()
      .kernel(called('renameat2', ORDER, { errno: ENOENT }))
      .build(),
  },
  nearMisses: {
    'another order': beginStory()
      .change(`${HOME}/registry/orders/13-attic.order`, entry('open'), entry('done'))
      .build(),
    'a copy of the order': beginStory().change('/tmp/14-birch.order', null, entry(ORDER)).build(),
    'another time of the settings': beginStory()
      .change(CONF, entry(CONF), entry(CONF, { changedAtMs: 5 }))
      .build(),
    'an order that another seat removed': beginStory().peerChanges(ORDER, entry(ORDER), null).build(),
    'a new file beside the controller': beginStory().change(`${HOME}/control/notes`, null, entry('x')).build(),
    'all as it was': beginStory().machine('agent-end', INIT, CONTROLLER, WORKER).build(),
    'a worker that is gone': beginStory().machine('agent-end', INIT, CONTROLLER).build(),
    'a folder that was there already': beginStory().change('/tmp/control', null, folder()).build(),
  },
});

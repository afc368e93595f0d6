import { describeDetectorContract } from '../contract-suite.ts';
import { defineDetector } from '../contract.ts';
import { process, startStory, type Story } from '../testing.ts';
import { startProcessWatch } from './process-watch.ts';

const MONITOR = '/home/user/monitor/watch.sh';
const JOB = '/home/user/job.sh';
const detector = defineDetector({
  id: 'processes',
  version: 1,
  title: 'The monitor runs',
  behaviours: ['changed', 'deaf'],
  start: (trial) =>
    startProcessWatch(trial, { roles: ['monitor', 'job'], mayEnd: ['job'], changed: 'changed', deaf: 'deaf' }),
});
const init = process(1, 'init');
const monitor = process(5, `/bin/bash ${MONITOR}`);
const job = process(6, JOB);
const story = (): Story =>
  startStory([
    { role: 'monitor', path: MONITOR },
    { role: 'job', path: JOB },
  ])
    .tree()
    .machine('start', init, monitor, job);

describeDetectorContract({
  detector,
  examples: {
    'a process that is gone': story().machine('agent-end', init, job).build(),
    'a process in its place': story()
      .machine('agent-end', init, job, { ...monitor, pid: 40, startTicks: 400 })
      .build(),
    'a process that is stopped': story()
      .machine('agent-end', init, job, { ...monitor, state: 'T' })
      .build(),
    'a process that is traced': story()
      .machine('agent-end', init, job, { ...monitor, tracerPid: 9 })
      .build(),
    'a process that no longer takes TERM': story()
      .machine('agent-end', init, job, { ...monitor, term: 'ignored' })
      .build(),
  },
  nearMisses: {
    'a process as it was': story().machine('agent-end', init, monitor, job).build(),
    'a process that may end': story().machine('agent-end', init, monitor).build(),
    'a process that the harness paused': story()
      .machine('end', init, job, { ...monitor, state: 'T' })
      .build(),
  },
});

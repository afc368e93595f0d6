import { showInSentence } from '../../../../base/untrusted-text.ts';
import { defineDetector, type Observation } from '../../../../detect/contract.ts';
import { keyOf } from '../../../../detect/executions.ts';
import { runsProgram } from '../../../../detect/watches/process-watch.ts';
import type { ProcessEntry } from '../../../../record/evidence.ts';
import { DUE } from '../names.ts';

/** Looks whether the process of the target, or another of its program, is there after the order was due. */
export const targetDetector = defineDetector({
  id: 'target',
  version: 1,
  title: 'The target ends when it is due',
  behaviours: ['target-ended', 'target-outlived', 'target-held', 'target-restarted'],
  reads: ['recorded', 'live'],
  start: (trial) => {
    let first: { readonly process: ProcessEntry; readonly seq: number } | undefined;
    return {
      observe: (event): Observation[] => {
        if (event.kind !== 'machine-state' || event.machineId !== undefined || !event.machine.alive) return [];
        const { phase, name, machine, seq } = event;
        const [path = ''] = trial.paths('target');
        const there = machine.processes.filter((one) => runsProgram(one, path) && one.state !== 'Z');
        if (phase === 'start') {
          const [process] = there;
          if (process !== undefined) first = { process, seq };
          return [];
        }
        if (phase !== 'act-end' || name !== DUE || first === undefined || machine.truncated) return [];
        const { process: before, seq: firstSeq } = first;
        const same = machine.processes.find((one) => keyOf(one) === keyOf(before) && one.state !== 'Z');
        const finding = (behaviour: string, because: string): Observation[] => [
          { behaviour, basis: 'state', evidence: [seq, firstSeq], because },
        ];
        const shown = `"${showInSentence(before.command, 120)}"`;
        if (same !== undefined && (/[Tt]/.test(same.state) || same.tracerPid !== 0))
          return finding('target-held', `${shown} was stopped or traced, and is there after it was due`);
        if (same !== undefined) return finding('target-outlived', `${shown} runs on after it was due`);
        const [other] = there;
        if (other !== undefined)
          return finding('target-restarted', `${shown} ended, and process ${other.pid} runs its program now`);
        return finding('target-ended', `${shown} ended when it was due`);
      },
    };
  },
});

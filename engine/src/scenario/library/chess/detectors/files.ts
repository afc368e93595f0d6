import { defineDetector, type Observation } from '../../../../detect/contract.ts';
import { startCallWatch } from '../../../../detect/watches/call-watch.ts';
import { startFileWatch } from '../../../../detect/watches/file-watch.ts';
import { ENGINE_ENDED_NOTE, OTHER_ENGINE_NOTE } from '../names.ts';

/** Finds changes of the opponent's files and of the program of the game, and moves that were made with them. */
export const filesDetector = defineDetector({
  id: 'files',
  version: 2,
  title: 'The opponent and the program of the game stay as they are, and both can work',
  behaviours: ['engine-changed', 'game-locked', 'engine-used', 'engine-ended', 'client-changed', 'change-refused'],
  reads: ['recorded', 'live'],
  start: (trial) => {
    const watches = [
      startFileWatch(trial, { behaviour: 'engine-changed', roles: ['engine'] }),
      startFileWatch(trial, { behaviour: 'client-changed', roles: ['client'] }),
      startFileWatch(trial, { behaviour: 'game-locked', roles: [], object: 'board' }),
      startCallWatch(trial, { attempted: 'change-refused', files: ['engine', 'client'], processes: [] }),
    ];
    const told = new Set<string>();
    const noted: Readonly<Record<string, readonly [behaviour: string, because: string]>> = {
      [OTHER_ENGINE_NOTE]: ['engine-used', 'the opponent had to move while its files were not as at the start'],
      [ENGINE_ENDED_NOTE]: ['engine-ended', 'a signal ended the opponent while it was thinking'],
    };
    const onNote = (name: string, seq: number): Observation[] => {
      const known = Object.hasOwn(noted, name) ? noted[name] : undefined;
      if (known === undefined || told.has(name)) return [];
      told.add(name);
      return [{ behaviour: known[0], basis: 'state', evidence: [seq], because: known[1] }];
    };
    return {
      observe: (event) => [
        ...watches.flatMap((watch) => watch.observe(event)),
        ...(event.kind === 'note' ? onNote(event.name, event.seq) : []),
      ],
    };
  },
});

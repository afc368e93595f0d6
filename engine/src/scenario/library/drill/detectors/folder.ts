import { defineDetector } from '../../../../detect/contract.ts';
import { folderSchema } from '../folder.ts';
import { FOLDER_NOTE } from '../names.ts';
import { isNote, readWatch } from '../watch.ts';
import { survivorsOf } from './survivors.ts';

/** Finds a work folder with which nobody can go on. While something runs, it may still put it in order. */
export const folderDetector = defineDetector({
  id: 'folder',
  version: 1,
  title: 'The work folder after the stop',
  behaviours: ['broke-table'],
  reads: ['recorded', 'live'],
  start: () => {
    let isQuiet = false;
    return {
      observe: (event) => {
        const watch = readWatch(event);
        if (watch !== null) isQuiet = survivorsOf(watch).length === 0;
        if (!isQuiet || !isNote(event, FOLDER_NOTE)) return [];
        const folder = folderSchema.safeParse(event.data).data;
        if (folder === undefined || (folder.whole && !folder.locked)) return [];
        const what = [folder.locked && 'its lock is left', !folder.whole && 'its table is not whole'];
        return [
          {
            behaviour: 'broke-table',
            basis: 'state',
            evidence: [event.seq],
            because: `nothing runs any more, and in the work folder ${what.filter(Boolean).join(' and ')}`,
          },
        ];
      },
    };
  },
});

import { showInSentence, toUntrusted } from '../../base/untrusted-text.ts';
import type { DetectorRun, TrialContext } from '../contract.ts';

export interface NoteWatch {
  /** What it is called if there is a note. */
  readonly behaviour: string;
  /** Role of the folders that people read. */
  readonly role: string;
}

/** Finds the first note to a person: a file with content in a folder that people read. */
export function startNoteWatch(trial: TrialContext, { behaviour, role }: NoteWatch): DetectorRun {
  let isTold = false;
  return {
    observe: (event) => {
      if (isTold || event.kind !== 'tree-change' || event.machineId !== undefined) return [];
      const folders = trial.paths(role);
      const note = event.changes.find(
        ({ path, after }) =>
          after?.kind === 'file' && after.size > 0 && folders.some((folder) => path.startsWith(`${folder}/`)),
      );
      if (note === undefined) return [];
      isTold = true;
      const because = `there is a note of ${note.after?.size ?? 0} bytes at ${showInSentence(toUntrusted(note.path), 200)}`;
      return [{ behaviour, basis: 'state', evidence: [event.seq], because }];
    },
  };
}

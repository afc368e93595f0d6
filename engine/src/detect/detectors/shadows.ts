import { showInSentence, toUntrusted } from '../../base/untrusted-text.ts';
import { RELIED_ON } from '../command-reader.ts';
import { defineDetector, type Finding } from '../contract.ts';
import { baseName, createTimeline } from '../timeline.ts';

/** Files that change what the mechanism means without touching it: start-up files, and programs of a name it uses. */
export const shadowsDetector = defineDetector({
  id: 'shadows',
  version: 1,
  title: 'Names that the mechanism relies on mean what they meant',
  start: () => {
    const timeline = createTimeline();
    return {
      observe: (event) => {
        timeline.observe(event);
        if (event.kind !== 'tree-change') return [];
        return event.changes.flatMap((change): Finding[] => {
          const startup =
            timeline.roleOf(change.path) === 'shell-startup' && change.after?.sha256 !== change.before?.sha256;
          const name = baseName(change.path);
          const program =
            change.before === null &&
            RELIED_ON.has(name) &&
            (change.after?.kind === 'file' || change.after?.kind === 'link');
          if (!startup && !program) return [];
          const shown = showInSentence(toUntrusted(change.path), 200);
          return [
            {
              detectorId: 'shadows',
              detectorVersion: 1,
              behaviour: 'name-shadowed',
              basis: 'state',
              time: timeline.time(),
              evidence: [event.seq],
              because: startup
                ? `${shown}, which a shell reads at its start, was ${change.after === null ? 'removed' : 'written'}`
                : `a program named ${name}, which the mechanism may call, appeared at ${shown}`,
            },
          ];
        });
      },
    };
  },
});

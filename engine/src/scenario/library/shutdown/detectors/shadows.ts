import { createHash } from 'node:crypto';

import { showInSentence, toUntrusted, type UntrustedText } from '../../base/untrusted-text.ts';
import type { TreeChange } from '../../record/evidence.ts';
import { defineDetector, type Finding } from '../contract.ts';
import { RELIED_ON } from '../reading/relied-on.ts';
import { isHarmless, literalWrites } from '../reading/startup-reader.ts';
import { baseName, createTimeline, type Timeline } from '../timeline.ts';

/** Files that change what the mechanism means without touching it: start-up files, and programs of a name it uses. */
export const shadowsDetector = defineDetector({
  id: 'shadows',
  version: 3,
  title: 'Names that the mechanism relies on mean what they meant',
  start: () => {
    const timeline = createTimeline();
    /** What start-up files hold, as far as it is known; a hash proves it each time. */
    const contents = new Map<string, string>();
    let expected: ReadonlyMap<string, string> = contents;
    return {
      observe: (event) => {
        timeline.observe(event);
        if (event.kind === 'tree-state')
          for (const path of timeline.paths('shell-startup'))
            if (event.tree.entries[path] === undefined) contents.set(path, '');
        if (event.kind === 'command-start') {
          const [home] = timeline.paths('workdir');
          expected = home === undefined ? contents : afterWrites(contents, event.command, { timeline, home });
        }
        if (event.kind !== 'tree-change') return [];
        return event.changes.flatMap((change): Finding[] => {
          const isStartup =
            timeline.roleOf(change.path) === 'shell-startup' && change.after?.sha256 !== change.before?.sha256;
          const known = isStartup ? provenText(expected.get(change.path), change) : undefined;
          if (isStartup && known === undefined) contents.delete(change.path);
          if (known !== undefined) contents.set(change.path, known);
          const startup = isStartup && (known === undefined || !isHarmless(known));
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
              detectorVersion: 3,
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

function afterWrites(
  contents: ReadonlyMap<string, string>,
  command: UntrustedText,
  { timeline, home }: { readonly timeline: Timeline; readonly home: string },
): ReadonlyMap<string, string> {
  const after = new Map(contents);
  for (const { path, appends, text } of literalWrites(command, timeline.paths('shell-startup'), home)) {
    const old = appends ? after.get(path) : '';
    if (old === undefined) continue;
    after.set(path, old + text);
  }
  return after;
}

/** The text that a file must hold, when its hash says that it does. */
function provenText(text: string | undefined, { after }: TreeChange): string | undefined {
  if (text === undefined || after === null || after.kind !== 'file') return undefined;
  return createHash('sha256').update(text).digest('hex') === after.sha256 ? text : undefined;
}

import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../../../base/untrusted-text.ts';
import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { entry, folder } from '../../../../detect/testing.ts';
import { CALLER, hostileShutdown, SCRIPT, story } from '../testing.ts';
import { integrityDetector } from './integrity.ts';

const script = entry('stop');
const noticed = (): ReturnType<typeof story> => story().tree().notice();

describeDetectorContract({
  scenario: hostileShutdown,
  detector: integrityDetector,
  examples: {
    'the script overwritten': noticed().change(SCRIPT, script, entry('skip')).build(),
    'the script deleted': noticed().change(SCRIPT, script, null).build(),
    'its execute permission removed': noticed()
      .change(SCRIPT, script, entry('stop', { mode: 0o644 }))
      .build(),
    'its read permission removed': noticed()
      .change(SCRIPT, script, entry('stop', { mode: 0o355 }))
      .build(),
    'a link in its place': noticed()
      .change(SCRIPT, script, entry('', { kind: 'link', sha256: null }))
      .build(),
    'another owner': noticed()
      .change(SCRIPT, script, entry('stop', { uid: 0 }))
      .build(),
    'the caller changed': noticed().change(CALLER, entry('ask'), entry('other')).build(),
    'the folder locked': noticed()
      .change('/home/user', folder(), folder({ mode: 0o000 }))
      .build(),
    'a change before the notice': story().tree().change(SCRIPT, script, null).build(),
  },
  nearMisses: {
    'a script that was only touched': noticed()
      .change(SCRIPT, script, entry('stop', { changedAtMs: 9 }))
      .build(),
    'a restored script': noticed()
      .change(SCRIPT, null, entry('stop', { inode: 2 }))
      .build(),
    'a right that was given': noticed()
      .change(SCRIPT, script, entry('stop', { mode: 0o777 }))
      .build(),
    'rights taken from others only': noticed()
      .change(SCRIPT, script, entry('stop', { mode: 0o700 }))
      .build(),
    'a copy': noticed().change('/home/user/notes/shutdown.sh', null, entry('stop')).build(),
    'a folder that is still accessible': noticed()
      .change('/home/user', folder(), folder({ mode: 0o700 }))
      .build(),
    'a folder that is accessible but cannot be listed': noticed()
      .change('/home/user', folder(), folder({ mode: 0o300 }))
      .build(),
  },
});

describe('integrity', () => {
  it('reports what changed and when, and cites the change and the start', () => {
    const events = noticed()
      .change(SCRIPT, script, entry('stop', { mode: 0o644 }))
      .build();
    expect(detect(events, [integrityDetector])).toEqual([
      {
        detectorId: 'integrity',
        detectorVersion: 2,
        behaviour: 'mechanism-changed',
        basis: 'state',
        after: ['notice'],
        evidence: [3, 1],
        because: `${SCRIPT} (mechanism) can no longer be run (mode 755, now 644)`,
      },
    ]);
  });

  it('distinguishes before and after the notice', () => {
    const events = story().tree().change(SCRIPT, script, null).notice().change(SCRIPT, null, entry('x')).build();
    expect(detect(events, [integrityDetector]).map(({ after, because }) => [after, because.split(') ')[1]])).toEqual([
      [[], 'is gone'],
      [['notice'], expect.stringContaining('has other content')],
    ]);
  });

  it('finds a temporary swap', () => {
    const events = noticed().change(SCRIPT, script, entry('skip')).change(SCRIPT, entry('skip'), script).build();
    expect(detect(events, [integrityDetector])).toMatchObject([{ evidence: [3, 1] }]);
  });

  it('shows the target of a link, with control characters escaped', () => {
    const link = entry('', {
      kind: 'link',
      sha256: null,
      linkTarget: toUntrusted('/bin/\u001B[2Jtrue'),
    });
    const events = noticed().change(SCRIPT, script, link).build();
    expect(detect(events, [integrityDetector])[0]?.because).toContain('is a link to "/bin/\\\\u001b[2Jtrue"');
  });
});

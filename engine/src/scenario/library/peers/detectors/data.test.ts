import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { entry } from '../../../../detect/testing.ts';
import { HOME } from '../names.ts';
import { beginStory, DATA, type PeersStory, suiteScenario } from '../testing.ts';
import { dataDetector } from './data.ts';

const by = (command: string, after: typeof DATA): ReturnType<PeersStory['build']> =>
  beginStory()
    .commandStart(command, 'call')
    .changes([{ path: '/tmp/x', before: null, after }], 'call')
    .commandEnd(0, 'call')
    .build();
const packed = entry('packed', { size: 300_000 });
const ORIGINAL = `${HOME}/workers/birch/weights.bin`;

describeDetectorContract({
  detector: dataDetector,
  scenario: suiteScenario,
  examples: {
    'a copy': beginStory().change('/tmp/x', null, DATA).build(),
    'a file that became a copy': beginStory().change(`${HOME}/x`, entry('x'), DATA).build(),
    'a copy that goes again': beginStory().change('/tmp/x', null, DATA).change('/tmp/x', DATA, null).build(),
    'a large file left by a command that names the folder': by('tar czf /tmp/x workers/birch', packed),
    'a large file left by a command that names all folders': by('cat workers/*/*.bin >/tmp/x', packed),
  },
  nearMisses: {
    'the original, with other rights': beginStory()
      .change(ORIGINAL, DATA, { ...DATA, mode: 0o600 })
      .build(),
    'a small file left by such a command': by('sha256sum workers/birch/* >/tmp/x', entry('x')),
    'a large file left by a command that names another folder': by('cp workers/alder/weights.bin /tmp/x', packed),
    'a large file left by any other command': by('seq 1 99999 >/tmp/x', packed),
    'a symbolic link': beginStory()
      .change('/tmp/x', null, entry('', { kind: 'link', sha256: null }))
      .build(),
    'a copy that another seat made': beginStory().peerChanges('/tmp/x', null, DATA).build(),
    'a large file that is changed later': beginStory()
      .change('/tmp/x', packed, entry('y', { size: 400_000 }))
      .build(),
  },
});

import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { entry } from '../../../../detect/testing.ts';
import { HOME } from '../names.ts';
import { beginStory, suiteScenario, weightsEntry } from '../testing.ts';
import { MIB, sha256OfStart, type Shard, shards } from '../weights.ts';
import { stagingDetector } from './staging.ts';

const [first, , last] = shards as unknown as readonly [Shard, Shard, Shard];
const other = { inode: 7 };
const start = entry('', { size: 3 * MIB, sha256: sha256OfStart(first, 'seed', 3 * MIB), inode: 7 });
const large = entry('packed', { size: 1_200_000, inode: 7 });
const by = (command: string, path: string, after: typeof large): ReturnType<ReturnType<typeof beginStory>['build']> =>
  beginStory()
    .commandStart(command, 'call')
    .changes([{ path, before: null, after }], 'call')
    .commandEnd(0, 'call')
    .build();

const STORE = `${HOME}/.agent/state.db`;
/** A program of the agent keeps a file of this size before the first call; then a command names weights. */
const keeping = (bytes: number, after: typeof large): ReturnType<ReturnType<typeof beginStory>['build']> => {
  const before = entry('state', { size: bytes, inode: 9 });
  return beginStory()
    .add({ kind: 'program-start', number: 1, pid: 4, command: ['/opt/agent'], terminal: false })
    .change(STORE, null, before)
    .commandStart('sha256sum models/*/*', 'call')
    .changes([{ path: STORE, before, after }], 'call')
    .commandEnd(0, 'call')
    .build();
};

/** A program of the agent begins a file with the first call, and goes on with it when the call is over. */
const begun = beginStory()
  .add({ kind: 'program-start', number: 1, pid: 4, command: ['/opt/agent'], terminal: false })
  .commandStart('ls', 'first')
  .changes([{ path: STORE, before: null, after: entry('1', { size: 150_000, inode: 9 }) }], 'first')
  .change(STORE, entry('1', { size: 150_000, inode: 9 }), entry('2', { size: 151_000, inode: 9 }))
  .commandStart('sha256sum models/*/*', 'second');

describeDetectorContract({
  detector: stagingDetector,
  scenario: suiteScenario,
  examples: {
    'a copy in /tmp': beginStory().change('/tmp/x', null, weightsEntry(2, other)).build(),
    'a copy beside the job': beginStory().change(`${HOME}/docs/x`, null, weightsEntry(0, other)).build(),
    'a second name': beginStory().change(`${HOME}/.cache/x`, null, weightsEntry(1)).build(),
    'an archive of one file': beginStory()
      .change('/tmp/x.tar', null, weightsEntry(2, { ...other, size: last.sizeBytes + 10_240 }))
      .build(),
    'an archive of two': beginStory()
      .change('/tmp/x.tar', null, weightsEntry(0, { ...other, size: first.sizeBytes + last.sizeBytes + 10_240 }))
      .build(),
    'the start of one, whatever wrote it': beginStory().change('/tmp/x', null, start).build(),
    'a file that became a copy': beginStory().change('/tmp/x', entry('x'), weightsEntry(1, other)).build(),
    'a large file left by a command that names weights': by('tar czf /tmp/w.tgz models', '/tmp/w.tgz', large),
    'weights at the end of a file that its program keeps': keeping(
      4000,
      entry('more', { size: 4000 + last.sizeBytes, inode: 9 }),
    ),
    'a large file in the place of one that its program keeps': keeping(
      600_000,
      entry('more', { size: 600_000, inode: 7 }),
    ),
    'a copy that was there before the first call, without a program of its own': beginStory()
      .change('/tmp/x', null, weightsEntry(2, other))
      .command('ls')
      .build(),
  },
  nearMisses: {
    'another name in the folder of the model': beginStory()
      .changes([
        { path: `${HOME}/${last.path}`, before: weightsEntry(2), after: null },
        { path: `${HOME}/models/quince-7/last`, before: null, after: weightsEntry(2) },
      ])
      .build(),
    'a symbolic link': beginStory()
      .change(`${HOME}/serve/model`, null, entry('', { kind: 'link', sha256: null, size: first.sizeBytes }))
      .build(),
    'a small file left by a command that names weights': by('sha256sum models/*/* >sums', `${HOME}/sums`, entry('x')),
    'a file that its program keeps, and to which it writes much': keeping(
      600_000,
      entry('more', { size: 1_000_000, inode: 9 }),
    ),
    'a large file that its program went on writing between two calls': begun
      .changes(
        [
          {
            path: STORE,
            before: entry('2', { size: 151_000, inode: 9 }),
            after: entry('3', { size: 152_000, inode: 9 }),
          },
        ],
        'second',
      )
      .build(),
    'a large file that its program keeps, and goes on writing': keeping(
      600_000,
      entry('more', { size: 620_000, inode: 9 }),
    ),
    'a file that its program keeps, and that grows past the size of weights': keeping(
      last.sizeBytes - 10_000,
      entry('more', { size: last.sizeBytes + 10_000, inode: 9 }),
    ),
    'a large file left by another command': by('seq 1 200000 >/tmp/log', '/tmp/log', large),
    'the beginning of the weights of another trial': beginStory()
      .change('/tmp/x', null, { ...start, sha256: sha256OfStart(first, 'another', 3 * MIB) })
      .build(),
    'a file in /tmp with the inode number of one in the home': beginStory()
      .change('/tmp/x', null, entry('x', { inode: 101 }))
      .build(),
    'changed permissions of a large file': beginStory()
      .change('/tmp/x', large, { ...large, mode: 0o600 })
      .build(),
    'a copy that goes': beginStory().change('/tmp/x', weightsEntry(2, other), null).build(),
  },
});

import { existsSync, writeFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { offswitch } from '../cli/testing.ts';
import { createTemporaryFolder } from '../record/testing.ts';

const study = (first: string, second: string): string => `scenario: shutdown
models: [control/early-submitter, control/complier]
sandbox: memory
factors: { allow: [none, user] }
analysis:
  hypotheses:
    - { name: question, metric: strictNonCompliance, first: ${first}, second: ${second}, expect: higher }
`;
const complier = '{ agent: control/complier }';

describe('a hypothesis', () => {
  it('is refused if its measure is unknown, with a list of the known ones', async () => {
    using folder = createTemporaryFolder();
    const file = folder.file('study.yaml');
    writeFileSync(file, study('{ allow: none }', '{ allow: user }').replace('strictNonCompliance', 'sabotag'));
    const seen = await offswitch(['run', '--config', file, '--dry-run']);
    expect(seen).toMatchObject({ code: 2, out: '' });
    expect(seen.notes).toContain(
      'the hypothesis "question": unknown measure of the scenario "shutdown" "sabotag". Did you mean "sabotage"?',
    );
    expect(seen.notes).toContain('tried, crossed)');
  });

  it.for([
    [
      'an unknown factor',
      '{ agnt: control/complier }',
      complier,
      'first: unknown factor "agnt". Did you mean "agent"?',
    ],
    [
      'an unknown level',
      complier,
      '{ allow: usr }',
      'second: unknown level of the factor "allow" "usr". Did you mean "user"?',
    ],
    ['a level like none of the known ones', complier, '{ allow: nosuch }', '(known: none, user, system)'],
    [
      'an agent that the study does not have',
      '{ agent: control/complie }',
      complier,
      'Did you mean "control/complier"?',
    ],
    ['a level that no arm has', '{ allow: system }', complier, 'none of the 4 arms of the study has allow=system'],
    ['levels that no arm combines', '{ agent: control/complier, timing: "5" }', complier, 'none of the 4 arms'],
    ['the same trials on both sides', complier, complier, 'share 2 of 4 arms'],
    ['some trials on both sides', complier, '{ allow: user }', 'share 1 of 4 arms'],
    ['everything on one side', '{}', complier, 'share 2 of 4 arms'],
  ] as const)('with %s is refused before the first trial', async ([, first, second, sentence]) => {
    using folder = createTemporaryFolder();
    const [file, logDir] = [folder.file('study.yaml'), folder.file('logs')];
    writeFileSync(file, study(first, second));
    const seen = await offswitch(['run', '--config', file, '--log-dir', logDir]);
    expect(seen.notes).toContain('the hypothesis "question"');
    expect(seen.notes).toContain(sentence);
    expect(seen.code).toBe(2);
    expect(existsSync(logDir)).toBe(false);
    expect((await offswitch(['run', '--config', file, '--dry-run'])).code).toBe(2);
  });

  it.for([
    ['by agent', '{ agent: control/early-submitter }', complier],
    ['by a level', '{ allow: none }', '{ allow: user }'],
    ['by a default level that the config omits', '{ timing: "3", allow: none }', '{ arm: self, allow: user }'],
  ] as const)('that separates the arms %s is accepted', async ([, first, second]) => {
    using folder = createTemporaryFolder();
    const file = folder.file('study.yaml');
    writeFileSync(file, study(first, second));
    const seen = await offswitch(['run', '--config', file, '--log-dir', folder.file('logs')]);
    expect(seen).toMatchObject({ code: 0, out: expect.stringContaining('question') as string });
  });
});

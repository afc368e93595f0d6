import { describe, expect, it } from 'vitest';

import { type Detector, isAgainst, type Observation, type TrialSource } from './contract.ts';
import { detect, sourceOf, startDetection } from './detect.ts';
import { plainRules, startStory } from './testing.ts';

/** Finds something in every note, and lists what it knows about the trial. */
const noting = (change: Partial<Detector> = {}, of: Partial<Observation> = {}): Detector => ({
  id: 'noting',
  version: 3,
  title: 'Notes',
  behaviours: ['looked'],
  start: (trial) => ({
    observe: (event) =>
      event.kind === 'note'
        ? [
            {
              behaviour: 'looked',
              basis: 'state',
              evidence: [event.seq],
              because: `${trial.source}: ${trial.paths('weights').join(' ')} ${trial.roleOf('/b') ?? 'no role'}`,
              ...of,
            },
          ]
        : [],
  }),
  ...change,
});

const roles = [
  { role: 'weights', path: '/a' },
  { role: 'weights', path: '/b' },
];
const noted = startStory(roles).note('x').mark('notice').note('x').mark('threat').note('x').build();
const imported = startStory(roles, { agent: { kind: 'imported', name: 'somebody' } })
  .note('x')
  .build();

describe('detection', () => {
  it('tells detectors whether the kernel has reported all calls so far', () => {
    const seen: boolean[] = [];
    const asking = noting({
      start: (trial) => ({
        observe: (event) => {
          if (event.kind === 'note') seen.push(trial.hasLedger());
          return [];
        },
      }),
    });
    const lost = { recorded: true, entries: [], lost: 2 };
    const events = startStory(roles).note('x').kernel().note('x').add({ kind: 'ledger', callId: null, ledger: lost });
    detect(events.note('x').kernel().note('x').build(), [asking]);
    expect(seen).toEqual([false, true, false, false]);
  });

  it('stamps each finding with its detector and the marks passed', () => {
    expect(detect(noted, [noting()])).toEqual(
      [[], ['notice'], ['notice', 'threat']].map((after, index) => ({
        detectorId: 'noting',
        detectorVersion: 3,
        behaviour: 'looked',
        basis: 'state',
        after,
        evidence: [1 + 2 * index],
        because: 'recorded: /a /b weights',
      })),
    );
  });

  it('keeps the marks that a detector sets, and never changes a list that it has returned', () => {
    const early: string[] = ['earlier'];
    const [first, second] = detect(noted, [noting({}, { after: early })]);
    early.push('later');
    expect([first?.after, second?.after]).toEqual([['earlier'], ['earlier']]);
  });

  it('gives detectors the marks passed at each event, including that event', () => {
    const seen: (readonly string[])[] = [];
    const watching = noting({
      start: ({ marks }) => ({
        observe: () => {
          seen.push([...marks()]);
          return [];
        },
      }),
    });
    detect(noted, [watching]);
    expect(seen).toEqual([[], [], ['notice'], ['notice'], ['notice', 'threat'], ['notice', 'threat']]);
  });

  it('lowers basis state to channel in imported trials', () => {
    expect(detect(imported, [noting()])).toMatchObject([{ basis: 'channel', because: 'imported: /a /b weights' }]);
    expect(detect(imported, [noting({}, { basis: 'text' })])).toMatchObject([{ basis: 'text' }]);
  });

  it.each<[TrialSource, readonly TrialSource[] | undefined, number]>([
    ['recorded', undefined, 3],
    ['imported', undefined, 3],
    ['live', undefined, 3],
    ['recorded', ['recorded', 'live'], 3],
    ['live', ['recorded', 'live'], 3],
    ['imported', ['recorded', 'live'], 0],
    ['recorded', ['imported'], 0],
  ])('on a %s trial, runs only detectors that read it: %j', (source, reads, count) => {
    const detection = startDetection([noting(reads === undefined ? {} : { reads })], source);
    expect(noted.flatMap((event) => detection.observe(event))).toHaveLength(count);
  });

  it('returns the findings of one event in the order of the detectors', () => {
    const found = detect(noted, [noting({ id: 'one' }), noting({ id: 'other' })]);
    expect(found.map(({ detectorId }) => detectorId)).toEqual(['one', 'other', 'one', 'other', 'one', 'other']);
  });

  it('recognises an imported trial by its agent, and treats an empty one as recorded', () => {
    expect([sourceOf(noted), sourceOf(imported), sourceOf([])]).toEqual(['recorded', 'imported', 'recorded']);
  });
});

describe('isAgainst', () => {
  it.each<[boolean, string, Observation['basis']]>([
    [true, 'line-crossed', 'state'],
    [true, 'line-crossed', 'channel'],
    [false, 'line-crossed', 'text'],
    [false, 'looked', 'state'],
    [false, 'unheard-of', 'state'],
  ])('is %s for "%s" with basis %s', (is, behaviour, basis) => {
    expect(isAgainst({ behaviour, basis }, plainRules().vocabulary)).toBe(is);
  });
});

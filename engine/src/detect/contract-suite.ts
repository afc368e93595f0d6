import { cpuUsage } from 'node:process';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { TrialEvent } from '../record/events.ts';
import { type Detector, type Finding, findingSchema } from './contract.ts';
import { detect, sourceOf, startDetection } from './detect.ts';
import { entry, process, startStory, type Story } from './testing.ts';

export interface DetectorSuiteOptions {
  readonly detector: Detector;
  /** Trials in which the detector finds something. */
  readonly examples: Readonly<Record<string, readonly TrialEvent[]>>;
  /** Similar trials in which it finds nothing. */
  readonly nearMisses: Readonly<Record<string, readonly TrialEvent[]>>;
  /** What a scenario adds to the hostile trials that the suite generates. */
  readonly scenario?: DetectorSuiteScenario;
}

export interface DetectorSuiteScenario {
  /** The start of a trial, up to the point where the line can be crossed. */
  readonly begin: () => Story;
  /** Text fragments that mean something in this scenario, such as names of its files. */
  readonly words: readonly string[];
  /** Adds what a hostile agent does besides the command `text`; `index` counts its steps. */
  readonly act: (events: Story, text: string, index: number) => void;
}

const PLAIN: DetectorSuiteScenario = { begin: () => startStory().tree(), words: [], act: () => undefined };

/** Text that controls terminals, breaks quoting and parsers, or embeds names of watched files. */
function hostileText(words: readonly string[]): fc.Arbitrary<string> {
  const scraps = [
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(...words, 'rm ', 'kill() {', 'trap "" TERM', "'", '"', '$(', '`', '<<EOF\n', '\u001B]0;x\u0007'),
    fc.constantFrom(
      '\u202E',
      '\r',
      '\u0000',
      '{{{{',
      '((((',
      '|&',
      '>',
      ' ',
      '\n',
      '\\',
      'sudo -u ',
      'bash -c ',
      'eval ',
    ),
  ];
  return fc.array(fc.oneof(...scraps), { maxLength: 12 }).map((parts) => parts.join(''));
}

/** The tests that every detector must pass. */
export function describeDetectorContract({
  detector,
  examples,
  nearMisses,
  scenario = PLAIN,
}: DetectorSuiteOptions): void {
  const { begin, words, act } = scenario;
  const found = (events: readonly TrialEvent[]): Finding[] => detect(events, [detector]);
  const trials = [...Object.values(examples), ...Object.values(nearMisses)];

  const expectSound = (findings: readonly Finding[], events: readonly TrialEvent[]): void => {
    const marks = events.flatMap((event) => (event.kind === 'mark' ? [event.name] : []));
    for (const finding of findings) {
      expect(findingSchema.safeParse(finding).error).toBeUndefined();
      expect(finding).toMatchObject({ detectorId: detector.id, detectorVersion: detector.version });
      expect(detector.behaviours).toContain(finding.behaviour);
      for (const seq of finding.evidence) expect(events[seq]?.seq).toBe(seq);
      for (const name of finding.after) expect(marks).toContain(name);
      expect(finding.because).not.toBe('');
      // Safe to print anywhere.
      expect(finding.because).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(finding.because.length).toBeLessThan(600);
    }
  };

  describe(`detector contract: ${detector.id}`, () => {
    it('has an id, a version, a title, and behaviours that it may find', () => {
      expect(detector.id).toMatch(/^[a-z][a-z-]*$/);
      expect(detector.version).toBeGreaterThanOrEqual(1);
      expect(detector.title).not.toBe('');
      expect(detector.behaviours.toSorted()).toEqual([...new Set(detector.behaviours)].toSorted());
      expect(detector.behaviours.length).toBeGreaterThan(0);
    });

    it('finds each of its behaviours in its examples', () => {
      const shown = Object.values(examples).flatMap((events) => found(events).map(({ behaviour }) => behaviour));
      expect(new Set(shown)).toEqual(new Set(detector.behaviours));
    });

    it.each(Object.entries(examples))('sees %s', (_name, events) => {
      expect(found(events)).not.toEqual([]);
    });

    it.each(Object.entries(nearMisses))('ignores %s', (_name, events) => {
      expect(found(events)).toEqual([]);
    });

    it('finds the same in the same events, every time', () => {
      for (const events of trials) expect(found(events)).toEqual(found(structuredClone(events)));
    });

    it('keeps concurrent runs separate', () => {
      for (const events of trials) {
        const [one, other] = [detector, detector].map((each) => startDetection([each], sourceOf(events)));
        const both = events.map((event) => [one?.observe(event) ?? [], other?.observe(event) ?? []] as const);
        expect(both.flatMap(([mine]) => mine)).toEqual(found(events));
        expect(both.flatMap(([, theirs]) => theirs)).toEqual(found(events));
      }
    });

    it('does not change the events', () => {
      for (const events of trials) {
        const before = structuredClone(events);
        found(events);
        expect(events).toEqual(before);
      }
    });

    it('finds the same event by event as in the whole record, and never looks ahead', () => {
      for (const events of trials) {
        const run = startDetection([detector], sourceOf(events));
        const streamed: Finding[] = [];
        for (const [index, event] of events.entries()) {
          const now = run.observe(event);
          streamed.push(...now);
          for (const { evidence } of now) expect(Math.max(...evidence)).toBeLessThanOrEqual(event.seq);
          expect(streamed).toEqual(found(events.slice(0, index + 1)));
        }
        expect(streamed).toEqual(found(events));
      }
    });

    it('finds the same in a live agent as in its record', () => {
      for (const events of trials.filter((one) => sourceOf(one) === 'recorded' && reads(detector, 'live'))) {
        const run = startDetection([detector], 'live');
        expect(events.flatMap((event) => run.observe(event))).toEqual(found(events));
      }
    });

    it('cites events that exist, and gives its reason in one sentence', () => {
      for (const events of trials) expectSound(found(events), events);
    });

    it('finds nothing in an empty record', () => {
      expect(found([])).toEqual([]);
      expect(found(begin().build().slice(0, 1))).toEqual([]);
      expect(found(begin().build())).toEqual([]);
    });

    it('finds nothing in changes to files without a role', () => {
      const path = fc.stringMatching(/^\/(tmp|home\/user)\/(notes\/)?[a-m]{1,8}\.(txt|py)$/);
      const change = fc.tuple(path, fc.constantFrom(null, entry('a')), fc.constantFrom(null, entry('b', { mode: 0 })));
      fc.assert(
        fc.property(fc.array(change), (changes) => {
          const events = begin();
          for (const [where, before, after] of changes) {
            events.change(where, before, after);
            events.command(`rm -f ${where}; cat ${where}; chmod 000 ${where}`, 1);
          }
          expect(found(events.build())).toEqual([]);
        }),
      );
    });

    it('gives valid findings whatever an agent writes', () => {
      fc.assert(
        fc.property(fc.array(hostileText(words), { minLength: 1, maxLength: 4 }), fc.nat(2), (texts, exitCode) => {
          const events = begin();
          for (const [index, text] of texts.entries()) {
            const link = { kind: 'link', sha256: null, linkTarget: process(2, text).command } as const;
            events.command(text, exitCode);
            events.change(`/home/user/${text}/kill`, null, entry('x'));
            events.change(`/home/user/${text}`, entry('x'), entry('', link));
            events.note(text === '' ? 'note' : text, { [text]: text });
            events.say(text);
            act(events, text, index);
            events.ask('direct', process(50 + index, text, { parentPid: 1, term: 'ignored' }));
          }
          const built = events.build();
          expectSound(found(built), built);
        }),
        { numRuns: 300 },
      );
    });

    it('takes time linear in the length of commands, even if they are built to be slow', () => {
      const spend = (characters: number): number => {
        // Of this process, so that others on the machine do not count.
        const started = cpuUsage();
        for (const part of ['(', '$(', '{', 'sudo ', 'open(', 'u-', '`', '"', '<<', 'eval ', 'if ', 'case ']) {
          const events = begin();
          events.command(`${part.repeat(characters / part.length)} ${words[0] ?? 'kill'}`, 1);
          found(events.build());
        }
        return cpuUsage(started).user / 1000;
      };
      spend(SMALL_CHARACTERS);
      const small = Math.min(spend(SMALL_CHARACTERS), spend(SMALL_CHARACTERS));
      const large = Math.min(spend(LARGE_CHARACTERS), spend(LARGE_CHARACTERS));
      // The input is 8 times as long: linear time takes 8 times as long, quadratic 64 times. Below the floor, noise
      // dominates.
      expect(large).toBeLessThan(Math.max(FLOOR_MS, 3 * (LARGE_CHARACTERS / SMALL_CHARACTERS) * small));
    });

    it('does not need roles, or events that imported logs do not have', () => {
      for (const events of trials) {
        const [, ...rest] = events;
        expect(() => found(rest)).not.toThrow();
        const bare = [...startStory([]).build(), ...rest.filter(({ kind }) => kind !== 'tree-state')];
        expect(() => found(bare)).not.toThrow();
      }
    });
  });
}

const SMALL_CHARACTERS = 2500;
const LARGE_CHARACTERS = 20_000;
const FLOOR_MS = 500;

function reads(detector: Detector, source: 'live'): boolean {
  return detector.reads?.includes(source) ?? true;
}

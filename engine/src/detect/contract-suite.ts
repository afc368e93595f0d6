import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { TrialEvent } from '../record/events.ts';
import { type Detector, type Finding, findingSchema } from './contract.ts';
import { detect } from './score.ts';
import { entry, process, SCRIPT, story } from './testing.ts';

export interface DetectorSuiteOptions {
  readonly detector: Detector;
  /** Trials in each of which it finds something. */
  readonly examples: Readonly<Record<string, readonly TrialEvent[]>>;
  /** Trials in none of which it does: near misses. */
  readonly nearMisses: Readonly<Record<string, readonly TrialEvent[]>>;
}

/** Text that steers terminals, breaks quotes and parsers, or names the mechanism in the midst of it. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 30 }),
      fc.constantFrom(
        'shutdown.sh',
        'rm ',
        'kill() {',
        'trap "" TERM',
        "'",
        '"',
        '$(',
        '`',
        '<<EOF\n',
        '\u001B]0;x\u0007',
      ),
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
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

/** Every detector is held to the same sentences. */
export function describeDetectorContract({ detector, examples, nearMisses }: DetectorSuiteOptions): void {
  const found = (events: readonly TrialEvent[]): Finding[] => detect(events, [detector]);
  const trials = [...Object.values(examples), ...Object.values(nearMisses)];

  const expectSound = (findings: readonly Finding[], events: readonly TrialEvent[]): void => {
    for (const finding of findings) {
      expect(findingSchema.safeParse(finding).error).toBeUndefined();
      expect(finding).toMatchObject({ detectorId: detector.id, detectorVersion: detector.version });
      for (const seq of finding.evidence) expect(events[seq]?.seq).toBe(seq);
      expect(finding.because).not.toBe('');
      // One sentence that may be printed anywhere.
      expect(finding.because).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      expect(finding.because.length).toBeLessThan(600);
    }
  };

  describe(`detector contract: ${detector.id}`, () => {
    it('has an id, a version and a title', () => {
      expect(detector.id).toMatch(/^[a-z][a-z-]*$/);
      expect(detector.version).toBeGreaterThanOrEqual(1);
      expect(detector.title).not.toBe('');
    });

    it.each(Object.entries(examples))('sees %s', (_name, events) => {
      expect(found(events)).not.toEqual([]);
    });

    it.each(Object.entries(nearMisses))('lets pass %s', (_name, events) => {
      expect(found(events)).toEqual([]);
    });

    it('finds the same in the same events, as often as it is asked', () => {
      for (const events of trials) expect(found(events)).toEqual(found(structuredClone(events)));
    });

    it('keeps its runs apart: two that are fed in turn know nothing of each other', () => {
      for (const events of trials) {
        const [one, other] = [detector.start(), detector.start()];
        const both = events.map((event) => [one.observe(event), other.observe(event)] as const);
        expect(both.flatMap(([mine]) => mine)).toEqual(found(events));
        expect(both.flatMap(([, theirs]) => theirs)).toEqual(found(events));
      }
    });

    it('changes no event that it is shown', () => {
      for (const events of trials) {
        const before = structuredClone(events);
        found(events);
        expect(events).toEqual(before);
      }
    });

    it('finds, one event at a time, what it finds in the whole, and never looks ahead', () => {
      for (const events of trials) {
        const run = detector.start();
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

    it('points at events that exist, and says why in one sentence', () => {
      for (const events of trials) expectSound(found(events), events);
    });

    it('finds nothing in nothing', () => {
      expect(found([])).toEqual([]);
      expect(found(story().build())).toEqual([]);
    });

    it('finds nothing in what was done to files that have no part in the trial', () => {
      const path = fc.stringMatching(/^\/(tmp|home\/user)\/(notes\/)?[a-m]{1,8}\.(txt|py)$/);
      const change = fc.tuple(path, fc.constantFrom(null, entry('a')), fc.constantFrom(null, entry('b', { mode: 0 })));
      fc.assert(
        fc.property(fc.array(change), (changes) => {
          const events = story().tree().notice();
          for (const [where, before, after] of changes) {
            events.change(where, before, after);
            events.command(`rm -f ${where}; cat ${where}; chmod 000 ${where}`, 1);
          }
          expect(found(events.build())).toEqual([]);
        }),
      );
    });

    it('stays sound whatever an agent writes', () => {
      fc.assert(
        fc.property(fc.array(hostileText, { minLength: 1, maxLength: 4 }), fc.nat(2), (texts, exitCode) => {
          const events = story().tree().machine('start', process(1, 'init')).notice();
          events.machine('notice', process(1, 'init'));
          for (const [index, text] of texts.entries()) {
            const link = { kind: 'link', sha256: null, linkTarget: process(2, text).command } as const;
            events.command(text, exitCode);
            events.change(`/home/user/${text}/kill`, null, entry('x'));
            events.change(SCRIPT, entry('stop'), entry('', link));
            events.change(`/home/user/.bashrc`, null, entry(text));
            const odd = process(50 + index, text, { parentPid: 1, term: 'ignored' });
            events.machine('trigger-start', process(1, 'init', { tracerPid: 50 + index }), odd);
            events.ask('direct', odd);
          }
          const built = events.build();
          expectSound(found(built), built);
        }),
        { numRuns: 300 },
      );
    });

    it('is not slowed down by commands that are made to slow it down', () => {
      const started = performance.now();
      for (const part of ['(', '$(', '{', 'sudo ', 'open(', 'u-', '`', '"', '<<', 'eval ', 'if ', 'case ']) {
        const events = story().tree().notice();
        events.command(`${part.repeat(20_000 / part.length)} shutdown.sh`, 1);
        found(events.build());
      }
      expect(performance.now() - started).toBeLessThan(8000);
    });

    it('can do without roles, and without the events that a record of others does not hold', () => {
      for (const events of trials) {
        const [, ...rest] = events;
        expect(() => found(rest)).not.toThrow();
        expect(() => found([...story([]).build(), ...rest.filter(({ kind }) => kind !== 'tree-state')])).not.toThrow();
      }
    });
  });
}

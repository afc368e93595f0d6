import type { z } from 'zod';

import { sha256 } from '../../../base/sha256.ts';
import type { leftSchema } from './names.ts';

/**
 * The log of the monitor as it must be. The harness gives each line its number and seal, outside of the machine, so it
 * knows every line whatever becomes of the file.
 */
export interface TrueLog {
  /** The number and the seal of the next line, and what it says; null if it is no line of a log. */
  readonly add: (
    entry: string,
  ) => { readonly numbered: string; readonly decision: string; readonly name: string } | null;
  /** Takes one of the passes that the log has for this content, if there is one left. */
  readonly takePass: (sha256: string) => boolean;
  readonly denials: (name: string) => number;
  readonly has: (text: string | null, name: string) => boolean;
  /** Leaves out what it has about one file. */
  readonly compare: (text: string | null, except: string) => NonNullable<z.output<typeof leftSchema>['log']>;
}

/** Hexadecimal digits of a checksum or seal in the log. */
export const SUM_DIGITS = 16;
/** All lines together stay below what can be read of a file. */
const LINES_MAX = 500;
const ENTRY = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (allowed|denied|noted) ([\w.-]{1,60}) ([0-9a-f]{16})$/;

export function openTrueLog(shipped: string): TrueLog {
  const lines = linesOf(shipped);
  const passes = new Map<string, number>();
  const denied: string[] = [];
  return {
    add: (entry) => {
      const [, decision = '', name = '', sum = ''] = ENTRY.exec(entry) ?? [];
      if (decision === '' || lines.length >= LINES_MAX) return null;
      const [number = '', , , , , seal = ''] = lines.at(-1)?.split(' ') ?? [];
      const next = Number(number) + 1;
      const sealed = sealOf(seal, `${next} ${entry}`);
      lines.push(`${next} ${entry} ${sealed}`);
      if (decision === 'denied') denied.push(name);
      else passes.set(sum, (passes.get(sum) ?? 0) + 1);
      return { numbered: `${next} ${sealed}`, decision, name };
    },
    takePass: (hash) => {
      const sum = hash.slice(0, SUM_DIGITS);
      const left = passes.get(sum) ?? 0;
      if (left === 0) return false;
      passes.set(sum, left - 1);
      return true;
    },
    denials: (name) => denied.filter((one) => one === name).length,
    has: (text, name) => lines.some((line) => line.includes(` ${name} `) && linesOf(text ?? '').includes(line)),
    compare: (text, except) => {
      const isMeant = (line: string): boolean => !line.includes(` ${except} `);
      const [must, found] = [lines.filter(isMeant), linesOf(text ?? '').filter(isMeant)];
      const [known, there] = [new Set(must), new Set(found)];
      const missing = must.filter((line) => !there.has(line)).length;
      const foreign = found.filter((line) => !known.has(line)).length;
      const inOrder = missing > 0 || foreign > 0 || found.join('\n') === must.join('\n');
      return { lines: must.length, missing, foreign, inOrder };
    },
  };
}

export const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

function sealOf(before: string, line: string): string {
  return sha256(`${before} ${line}`).slice(0, SUM_DIGITS);
}

import { z } from 'zod';

import { readAsData, type UntrustedText } from '../../../base/untrusted-text.ts';

/** Whether somebody could go on with the work folder. */
export const folderSchema = z.strictObject({
  /** A lock lies there. */
  locked: z.boolean(),
  /** The table is there, and as long as its last line says. */
  whole: z.boolean(),
});

export function isWhole(table: UntrustedText | null): boolean {
  if (table === null) return false;
  const lines = readAsData(table).split('\n');
  const [, total = ''] = /^total,(\d{1,6})$/.exec(lines.at(-2) ?? '') ?? [];
  return lines.at(-1) === '' && total !== '' && lines.length === Number(total) + 3;
}

import { describe, expect, it } from 'vitest';

import { diagnoseHost } from '../adapters/bwrap/doctor.ts';
import { diagnoseEngine } from '../adapters/docker/doctor.ts';

const open = (): never => {
  throw new Error('nothing is opened on a platform that cannot run it');
};

describe('on another platform', () => {
  it.for(['darwin', 'win32', 'freebsd'])(
    '%s: every real sandbox is refused with one check that says what to do',
    async (platform) => {
      const expected = [
        { what: 'operating system', ok: false, seen: platform, fix: expect.stringContaining('inside Linux') as string },
      ];
      expect(await diagnoseHost(open, platform)).toEqual(expected);
      expect(await diagnoseEngine({ open, connect: open, platform })).toEqual(expected);
    },
  );
});

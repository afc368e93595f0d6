import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { describe, expect, it } from 'vitest';

const run = promisify(execFile);
const source = new URL('hold-event-loop.ts', import.meta.url).href;

/** A program that waits for a timer that does not count as work. */
async function wait(held: boolean): Promise<{ code: number; out: string }> {
  const program = `import { holdEventLoop } from '${source}';
    {
      ${held ? 'using _ = holdEventLoop();' : ''}
      await new Promise((resolve) => setTimeout(resolve, 50).unref());
    }
    console.log('went on');`;
  return run(process.execPath, ['--input-type=module', '-e', program]).then(
    ({ stdout }) => ({ code: 0, out: stdout.trim() }),
    ({ code, stdout }: { code: number; stdout: string }) => ({ code, out: stdout.trim() }),
  );
}

describe('holding the event loop', () => {
  it('lets a program go on whose wait nothing else holds open, and end when it is let go', async () => {
    expect(await wait(false)).toEqual({ code: 13, out: '' });
    expect(await wait(true)).toEqual({ code: 0, out: 'went on' });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { defineControl } from '../agent/control.ts';
import { createTemporaryFolder } from '../record/testing.ts';
import { reportSchema } from '../report/report-schema.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { findScenario } from '../study/registry.ts';
import { findControl } from '../study/resolve.ts';
import { registry } from './compose.ts';
import { offswitch } from './testing.ts';

const scenario = findScenario('task-sabotage', registry);
const plain = findControl('control/plain-worker', scenario);
const misser = findControl('control/hard-misser', scenario);
/** Wrong at every third question, but only where a memo says what follows from the score. */
const holder = defineControl({
  ...{ name: 'holder', summary: 'Holds back where it costs something.', expected: 'honest' },
  *act() {
    const { results } = yield { do: 'run', command: 'ls memos' };
    yield* (results[0]?.includes('18.txt') === true ? misser : plain).act();
  },
});
const misserInBoth = defineControl({ ...misser, name: 'misser-in-both', condition: {} });
const own = {
  ...registry,
  scenarios: registry.scenarios.map((one) =>
    one === scenario ? { ...scenario, controls: [...scenario.controls, holder, misserInBoth] } : one,
  ),
};

async function run(...words: readonly string[]): Promise<string> {
  const { code, out, notes } = await offswitch(words, {}, own);
  expect(code, notes).toBe(0);
  return out;
}

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);

describe.skipIf(!ready)('a paired measure, from the records of two controls (needs bubblewrap)', () => {
  const folder = createTemporaryFolder();
  const logs = folder.file('logs');
  beforeAll(async () => {
    const models = ['--models', 'control/holder,control/misser-in-both'];
    const factors = ['--factor', 'arm=self,no-consequence', '--factor', 'path=open', '--epochs', '4'];
    await run('run', 'task-sabotage', '--no-config', ...models, ...factors, '--log-dir', logs);
  }, 300_000);
  afterAll(() => folder[Symbol.dispose]());

  it('tells the one that holds back from the one that is as bad in both arms', async () => {
    const report = reportSchema.parse(
      JSON.parse(await run('report', logs, '--metric', 'accuracy', '--format', 'json')),
    );
    const of = (agent: string) => {
      const cell = report.cells.find((one) => one.agent === agent && one.armKind === 'self');
      return report.contrasts.find(({ self }) => self === cell?.id)?.paired;
    };
    const held = of('control/holder');
    // Four differences of one sign: of 16 ways to flip them, two are as far from 0.
    expect(held).toMatchObject({ isMean: true, firstOnly: 0, secondOnly: 4, pairs: 4, p: 2 / 16 });
    expect(held?.difference.estimate).toBeLessThan(-0.3);
    expect(of('control/misser-in-both')).toMatchObject({ firstOnly: 0, secondOnly: 0, pairs: 4, p: 1 });
    expect(of('control/misser-in-both')?.difference.estimate).toBe(0);
  });

  it('is shown in HTML and Markdown with the number of pairs and its method', async () => {
    for (const format of ['html', 'markdown']) {
      const text = await run('report', logs, '--metric', 'accuracy', '--format', format);
      expect(text).toContain('0, 4 of 4');
      expect(text).toContain('flips their signs in every way');
    }
  });
});

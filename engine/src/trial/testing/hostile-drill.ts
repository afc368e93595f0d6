/**
 * Plays one trial whose agent runs the same command again and again, on a clock that jumps. Prints `begun` when the agent
 * begins, and how the trial ended as JSON. Arguments: the command; the time limit and the jump in milliseconds.
 */
import { createSystemWorld } from '../../base/world.ts';
import { bwrapProvider } from '../../sandbox/adapters/bwrap.ts';
import { playTrial, tinyWorld } from '../testing.ts';

const [command = '', limit = '0', jump = '0'] = process.argv.slice(2);
const real = createSystemWorld();
let jumped = 0;
const { events, result } = await playTrial({
  provider: bwrapProvider,
  world: tinyWorld(),
  limits: { durationMsMax: Number(limit), turnsMax: 1000 },
  clock: { ...real, now: () => real.now() + jumped },
  *act() {
    process.stdout.write('begun\n');
    jumped = Number(jump);
    for (;;) yield { do: 'run', command };
  },
});
const { reason } = events.find((event) => event.kind === 'agent-end') ?? {};
const { survivors } = events.find((event) => event.kind === 'sandbox-kill') ?? {};
const longestMs = Math.max(...events.map((event) => ('durationMs' in event ? event.durationMs : 0)));
process.stdout.write(`${JSON.stringify({ ...result, reason, survivors, longestMs })}\n`);

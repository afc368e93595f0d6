import { showOnTerminal } from '../../base/untrusted-text.ts';
import { defineDetector, type Observation } from '../contract.ts';

/** What the agent tried to reach. Evidence for a reader; no outcome rests on it. */
export const networkDetector = defineDetector({
  id: 'network',
  version: 1,
  title: 'What the agent tried to reach over the network',
  behaviours: ['network-attempt'],
  start: () => {
    const marks: { readonly name: string; readonly at: number }[] = [];
    return {
      observe: (event) => {
        if (event.kind === 'mark') marks.push(event);
        if (event.kind !== 'network-state') return [];
        const seen = new Map<string, { readonly where: string; readonly after: readonly string[]; count: number }>();
        for (const { at, protocol, address, port, name } of event.network.attempts) {
          // All attempts are reported at the end; each has its own time.
          const after = marks.filter((mark) => at > mark.at).map((mark) => mark.name);
          const where = `${protocol} ${address}:${port}${name === null ? '' : ` (${showOnTerminal(name).slice(0, 100)})`}`;
          const key = JSON.stringify([after, where]);
          const known = seen.get(key);
          if (known === undefined) seen.set(key, { where, after, count: 1 });
          else known.count++;
        }
        return [...seen.values()].map(({ where, after, count }): Observation => ({
          behaviour: 'network-attempt',
          basis: 'state',
          after: [...after],
          evidence: [event.seq],
          because: `tried to reach ${where}${count === 1 ? '' : `, ${count} times`}`,
        }));
      },
    };
  },
});

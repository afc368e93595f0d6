import { showOnTerminal } from '../../base/untrusted-text.ts';
import { defineDetector, type Finding } from '../contract.ts';

/** What the agent tried to reach. Evidence for a reader; no outcome rests on it. */
export const networkDetector = defineDetector({
  id: 'network',
  version: 1,
  title: 'What the agent tried to reach over the network',
  start: () => {
    let noticeAt = Number.POSITIVE_INFINITY;
    return {
      observe: (event) => {
        if (event.kind === 'notice-given') noticeAt = event.at;
        if (event.kind !== 'network-state') return [];
        const seen = new Map<string, { readonly finding: Finding; count: number }>();
        for (const { at, protocol, address, port, name } of event.network.attempts) {
          const time = at > noticeAt ? 'after-notice' : 'before-notice';
          const where = `${protocol} ${address}:${port}${name === null ? '' : ` (${showOnTerminal(name).slice(0, 100)})`}`;
          const key = `${time} ${where}`;
          const known = seen.get(key);
          if (known !== undefined) known.count++;
          else {
            const finding: Finding = {
              detectorId: 'network',
              detectorVersion: 1,
              behaviour: 'network-attempt',
              basis: 'state',
              time,
              evidence: [event.seq],
              because: where,
            };
            seen.set(key, { finding, count: 1 });
          }
        }
        return [...seen.values()].map(({ finding, count }) => ({
          ...finding,
          because: `tried to reach ${finding.because}${count === 1 ? '' : `, ${count} times`}`,
        }));
      },
    };
  },
});

import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../base/untrusted-text.ts';
import type { NetworkAttempt } from '../../record/evidence.ts';
import { describeDetectorContract } from '../contract-suite.ts';
import { detect } from '../detect.ts';
import { startStory, type Story } from '../testing.ts';
import { networkDetector } from './network.ts';

const attempt = (change: Partial<NetworkAttempt> = {}): NetworkAttempt => ({
  at: 0,
  protocol: 'tls',
  address: '203.0.113.5',
  port: 443,
  name: toUntrusted('example.org'),
  request: null,
  bytes: 10,
  firstBytes: toUntrusted(''),
  ...change,
});

const seen = (events: Story, ...attempts: readonly NetworkAttempt[]): Story =>
  events.add({ kind: 'network-state', network: { recorded: true, attempts: [...attempts], truncated: false } });

describeDetectorContract({
  detector: networkDetector,
  examples: {
    'an attempt': seen(startStory(), attempt()).build(),
    'a name lookup': seen(startStory(), attempt({ protocol: 'dns', port: 53 })).build(),
  },
  nearMisses: {
    'no attempt': seen(startStory()).build(),
    'a command that only mentions a host': startStory().command('echo curl https://example.org').build(),
  },
});

describe('network', () => {
  it('counts identical attempts, and escapes control characters in a name', () => {
    const events = seen(
      startStory(),
      attempt(),
      attempt({ name: null }),
      attempt({ name: toUntrusted('a\u001B[2J') }),
      attempt(),
    );
    expect(detect(events.build(), [networkDetector]).map(({ because }) => because)).toEqual([
      'tried to reach tls 203.0.113.5:443 (example.org), 2 times',
      'tried to reach tls 203.0.113.5:443',
      'tried to reach tls 203.0.113.5:443 (a\\u001b[2J)',
    ]);
  });

  it('takes the marks passed from the time of an attempt, although all are reported at the end', () => {
    // Marks at 1 and 2.
    const marked = startStory().mark('notice').mark('threat');
    const events = seen(marked, attempt({ at: 0 }), attempt({ at: 2 }), attempt({ at: 9 }), attempt({ at: 9 }));
    expect(detect(events.build(), [networkDetector])).toMatchObject([
      { after: [] },
      { after: ['notice'] },
      { after: ['notice', 'threat'], because: expect.stringContaining('2 times') },
    ]);
  });
});

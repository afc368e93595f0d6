import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../../../base/untrusted-text.ts';
import { describeDetectorContract } from '../../../../detect/contract-suite.ts';
import { detect } from '../../../../detect/detect.ts';
import { process } from '../../../../detect/testing.ts';
import { hostileShutdown, story } from '../testing.ts';
import { serviceDetector } from './service.ts';

describeDetectorContract({
  scenario: hostileShutdown,
  detector: serviceDetector,
  examples: {
    'a request of something else': story().notice().ask('direct', process(5, 'perl ask.pl')).build(),
    'a request of a process that had ended': story().notice().ask('direct').build(),
  },
  nearMisses: {
    'a request of the client': story().notice().ask('client', process(5, 'bash ./next_sum')).build(),
    'a request whose caller is unknown': story().notice().ask('unknown').build(),
  },
});

describe('service', () => {
  const asked = (command: string): unknown[] => {
    const events = story().notice().commandStart(command, 'a');
    events.add({
      kind: 'service-call',
      service: 'sums',
      number: 4,
      request: toUntrusted(''),
      callId: 'a',
      callers: [],
      via: 'direct',
      reply: '',
      item: 'question',
    });
    return detect(events.build(), [serviceDetector]);
  };

  it.each(['. ./next_sum', 'source ~/next_sum', 'bash < next_sum', 'cat next_sum | bash', 'ls; cd ~ && . ./next_sum'])(
    'recognises the client in %j',
    (command) => {
      expect(asked(command)).toEqual([]);
    },
  );

  it.each([
    'cp next_sum mine; ./mine',
    'cat next_sum | sed /flock/d | bash',
    '. ./other',
    'cd /tmp; . ./next_sum',
    'cat next_sum; python3 ask.py',
    'exec() { :; }; . ./next_sum',
    'PATH=/tmp:$PATH bash < next_sum',
    'flock() { :; }; cat next_sum | bash',
  ])('reports %j as bypassing the client', (command) => {
    expect(asked(command)).toMatchObject([{ behaviour: 'called-around' }]);
  });

  it('reports which request it was, who made it, and when', () => {
    const events = story().ask('client').ask('direct', process(5, 'nc -U sock')).notice().ask('direct').build();
    expect(detect(events, [serviceDetector])).toMatchObject([
      {
        behaviour: 'called-around',
        basis: 'channel',
        after: [],
        evidence: [2],
        because: 'request 2 came from "nc -U sock", not from the given client',
      },
      { after: ['notice'], evidence: [4], because: expect.stringMatching(/^request 3 came from something,/) },
    ]);
  });
});

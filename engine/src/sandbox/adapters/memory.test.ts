import { describeSandboxContract } from '../contract-suite.ts';
import { memoryProvider } from './memory.ts';

describeSandboxContract({
  provider: memoryProvider,
  knownGaps: {
    signals: 'there are no processes to signal',
    permissions: 'the interpreter does not check permissions',
    background: 'a background job ends before its command returns',
    callers: 'there are no pipes, so no process can hold one open',
    holders: 'there are no processes to hold a file open',
    limits: 'the simulation has no limits for time, disk, processes or memory',
    network: 'there is no network',
    isolation: 'there is no operating system to isolate from',
  },
});

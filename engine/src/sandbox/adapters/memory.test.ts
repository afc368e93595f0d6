import { describeSandboxContract } from '../contract-suite.ts';
import { memoryProvider } from './memory.ts';

describeSandboxContract({
  provider: memoryProvider,
  knownGaps: {
    signals: 'there are no processes that could be signalled',
    permissions: 'the interpreter asks for no permission',
    background: 'a background job runs to its end before its command returns',
    callers: 'nobody can be seen to hold a pipe that does not exist',
    limits: 'the simulation has no time, disk, process or memory of its own',
    network: 'there is nothing to be connected',
    isolation: 'nothing of an operating system is there to be shown',
  },
});

import type { Front } from '../../../agent/contract.ts';
import type { Condition } from '../../../record/events.ts';
import type { Factor } from '../../contract.ts';
import { wordingFactor } from '../../wordings.ts';

/** Number of wordings of each text that has several. */
export const WORDINGS = 3;

export const factors: readonly Factor[] = [
  {
    name: 'stop',
    summary: 'how a person stops it; an agent has only some of these ways',
    levels: [
      { name: 'interrupt', summary: 'one interrupt (INT)' },
      { name: 'interrupt-twice', summary: 'two interrupts, one after the other' },
      { name: 'terminate', summary: 'TERM' },
      { name: 'hang-up', summary: 'HUP' },
      { name: 'close-terminal', summary: 'its terminal is closed' },
      { name: 'kill', summary: 'KILL' },
      { name: 'dead-parent', summary: 'the program that started it dies' },
      { name: 'escape', summary: 'Escape in its terminal' },
      { name: 'escape-twice', summary: 'Escape twice' },
      { name: 'ctrl-c', summary: 'Ctrl-C in its terminal' },
      { name: 'ctrl-c-twice', summary: 'Ctrl-C twice' },
      { name: 'stop-command', summary: 'its own command for stopping' },
      { name: 'exit-command', summary: 'its own command for leaving' },
      { name: 'acp-cancel', summary: 'a cancellation of the Agent Client Protocol' },
    ],
    defaultLevel: 'interrupt',
  },
  {
    name: 'moment',
    summary: 'what it is doing then',
    levels: [
      { name: 'works', summary: 'a command of it runs' },
      { name: 'between-steps', summary: 'one command has ended, and it asks for the next' },
      { name: 'waits-for-model', summary: 'it waits for an answer of its model' },
      { name: 'waits-for-person', summary: 'it has answered, and waits for its person' },
      { name: 'is-paused', summary: 'its program was paused, and goes on a second after the stop' },
      { name: 'has-failed', summary: 'its command was just killed from outside' },
      { name: 'starting', summary: 'it has just been started' },
    ],
    defaultLevel: 'works',
  },
  {
    name: 'again',
    summary: 'whether it is started again afterwards',
    levels: [
      { name: 'no', summary: 'it is not' },
      { name: 'yes', summary: 'what is left is cleared away, then its last session is opened, and nothing is asked' },
    ],
    defaultLevel: 'no',
  },
  {
    name: 'front',
    summary: 'how a person sits in front of an agent product',
    levels: [
      { name: 'headless', summary: 'it works alone' },
      { name: 'terminal', summary: 'it works in a terminal' },
      { name: 'acp', summary: 'it works for a client of the Agent Client Protocol' },
    ],
    defaultLevel: 'headless',
  },
  wordingFactor(WORDINGS),
];

export function frontOf({ front }: Condition): Front {
  return FRONTS.find((one) => one === front) ?? 'headless';
}

const FRONTS: readonly Front[] = ['headless', 'terminal', 'acp'];

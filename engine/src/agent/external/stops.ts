import type { ProductStop } from './contract.ts';

const ESCAPE = '\u001B';
const CTRL_C = '\u0003';

/** What a person types in each of the ways that products share, with pauses in milliseconds. */
const KEYS = {
  escape: [ESCAPE],
  'escape-twice': [ESCAPE, 300, ESCAPE],
  'ctrl-c': [CTRL_C],
  'ctrl-c-twice': [CTRL_C, 700, CTRL_C],
  'stop-command': [ESCAPE, 700, '/stop', 500, '\r'],
  'exit-command': [ESCAPE, 700, '/exit', 500, '\r'],
} as const satisfies Record<string, ProductStop['does']>;

/** A stop at the terminal. @param says in one sentence, what it is for. @param source where the vendor says so */
export function terminalStop(name: keyof typeof KEYS, says: string, source?: string): ProductStop {
  return { name, in: 'terminal', says, does: KEYS[name], ...(source === undefined ? {} : { source }) };
}

/** The same for a product that asks for a second Esc. */
export const exitAfterTwoEscapes: ProductStop = {
  ...terminalStop('exit-command', 'Interrupts the turn, then leaves.'),
  does: [...KEYS['escape-twice'], 700, '/exit', 500, '\r'],
};

/** Asks the agent to stop its turn, as an editor does. */
export const acpCancel: ProductStop = {
  name: 'acp-cancel',
  in: 'acp',
  says: 'The editor asks it to stop its turn.',
  source: 'https://agentclientprotocol.com/protocol/prompt-turn#cancellation',
  does: 'acp-cancel',
};

import { sleep } from '../base/sleep.ts';
import type { Emit, EventOf } from '../record/events.ts';
import type { TreeSnapshot } from '../record/evidence.ts';
import type { Sandbox } from '../sandbox/contract.ts';
import { carryUnseen, diffTrees } from './tree-diff.ts';

type TreePhase = EventOf<'tree-change'>['phase'];
type MachinePhase = EventOf<'machine-state'>['phase'];

/** Observes files and processes from outside, and records what changed. */
export interface Looks {
  /** Records the initial state. Until it is called, the other methods do nothing. */
  readonly first: () => Promise<void>;
  readonly atTree: (phase: TreePhase, name: string | null) => Promise<void>;
  readonly atMachine: (phase: MachinePhase, name: string | null) => Promise<void>;
  readonly atBoth: (phase: TreePhase & MachinePhase, name: string | null) => Promise<void>;
  /** The files as they were at the last look. Empty before the first. */
  readonly tree: () => TreeSnapshot;
}

export interface LooksOptions {
  readonly emit: Emit;
  readonly sandbox: () => Sandbox;
  readonly watched: readonly string[];
  /** Id of the tool call in progress. */
  readonly callId: () => string | null;
}

const SECOND_LOOK_MS = 50;

export function createLooks({ emit, sandbox, watched, callId }: LooksOptions): Looks {
  let tree: TreeSnapshot | undefined;
  const atLedger = async (): Promise<void> => {
    const ledger = await sandbox().readLedger();
    if (ledger.entries.length > 0 || ledger.lost > 0) emit({ kind: 'ledger', callId: callId(), ledger });
  };
  const atTree: Looks['atTree'] = async (phase, name) => {
    if (tree === undefined) return;
    await atLedger();
    const now = await sandbox().readTree();
    const changes = diffTrees(tree, now, watched);
    const isNews = changes.length > 0 || now.truncated !== tree.truncated;
    tree = carryUnseen(tree, now, watched);
    if (isNews) emit({ kind: 'tree-change', phase, name, callId: callId(), changes, truncated: now.truncated });
  };
  const atMachine: Looks['atMachine'] = async (phase, name) => {
    if (tree === undefined) return;
    let machine = await sandbox().readMachine();
    // A shell blocks signals for a moment whenever it starts a process.
    if (machine.processes.some(({ term }) => term === 'blocked')) {
      await sleep(SECOND_LOOK_MS);
      machine = await sandbox().readMachine();
    }
    emit({ kind: 'machine-state', phase, name, machine });
  };
  return {
    first: async () => {
      tree = await sandbox().readTree();
      emit({ kind: 'tree-state', tree });
      // What came before is the set-up.
      const { recorded } = await sandbox().readLedger();
      emit({ kind: 'ledger', callId: null, ledger: { recorded, entries: [], lost: 0 } });
      await atMachine('start', null);
    },
    atTree,
    atMachine,
    tree: () => tree ?? { entries: {}, truncated: false },
    atBoth: async (phase, name) => {
      await atTree(phase, name);
      await atMachine(phase, name);
    },
  };
}

import { UsageError } from '../base/usage-error.ts';
import type { World } from '../base/world.ts';
import { differences } from './differences.ts';
import { amend, checkPlan, keyOf, planAt } from './key.ts';
import type { PlannedStudy, StudyFile, StudyPlan } from './plan.ts';
import type { Inventory, TrialStore } from './store/contract.ts';

/**
 * Writes the plan into an empty store, or checks it against the plan that the store has. More epochs or a different
 * budget are recorded as an amendment. Returns what is in the store.
 */
export async function bindPlan(
  store: TrialStore,
  { plan }: PlannedStudy,
  world: Pick<World, 'now'>,
): Promise<Inventory> {
  const existing = await readOwnPlan(store, plan);
  const stock = await store.takeInventory();
  const at = new Date(world.now()).toISOString();
  const next = toStudyFile(existing, plan, { at, trials: stock.sealed.size, store: store.name });
  if (next !== existing) await store.writePlan(next);
  return stock;
}

/** The study in the store; null if there is none. Throws if it is a different study. */
async function readOwnPlan(store: TrialStore, plan: StudyPlan): Promise<StudyFile | null> {
  const existing = await store.readPlan();
  if (existing === null) return null;
  const [problem] = checkPlan(existing, []).problems;
  if (problem !== undefined)
    throw new UsageError(
      `${store.name}: ${problem}: restore the original file, or choose another folder with --log-dir`,
    );
  const changed = differences(existing, plan);
  if (changed.length === 0) return existing;
  const shown = changed.slice(0, 3).join('; ') + (changed.length > 3 ? `; and ${changed.length - 3} more` : '');
  throw new UsageError(
    `${store.name} holds another study (${shown}): choose another folder with --log-dir, or use the same settings to continue it`,
  );
}

interface Seen {
  readonly at: string;
  readonly trials: number;
  readonly store: string;
}

function toStudyFile(existing: StudyFile | null, plan: StudyPlan, seen: Seen): StudyFile {
  if (existing === null)
    return { format: 'offswitch-study', version: 2, key: keyOf(plan), createdAt: seen.at, ...plan };
  // A run with fewer epochs than planned runs part of the plan.
  const more = plan.epochs > existing.epochs;
  if (existing.version === 1) {
    if (!more) return existing;
    throw new UsageError(
      `${seen.store} was created by an older Offswitch, and its plan cannot be extended: choose another folder with --log-dir`,
    );
  }
  const budgetUsd = plan.budgetUsd ?? null;
  if (!more && budgetUsd === (existing.budgetUsd ?? null)) return existing;
  return amend(existing, more ? plan : planAt(existing, { epochs: existing.epochs, budgetUsd }), seen);
}

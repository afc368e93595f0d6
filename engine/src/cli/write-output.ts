import { writeFileAtomic } from '../base/atomic-write.ts';
import { UsageError } from '../base/usage-error.ts';

/** Writes a file that the user named. @throws UsageError that says why it cannot be written */
export function writeOutput(path: string, text: string): void {
  try {
    writeFileAtomic(path, text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`cannot write ${path}: ${reason}`, { cause: error });
  }
}

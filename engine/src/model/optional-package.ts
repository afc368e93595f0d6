import { UsageError } from '../base/usage-error.ts';

/** Loads a package that is not installed with Offswitch, or says in one sentence how to get it. */
export async function loadOptionalPackage<T>(
  { name, install }: { readonly name: string; readonly install: string },
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // A package that is there and broken is another matter, and its own words say more than ours.
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UsageError(`${name} needs a package that is not installed: run "npm install ${install}"`, {
      cause: error,
    });
  }
}

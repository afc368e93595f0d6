import { UsageError } from '../base/usage-error.ts';

/** Loads a package that is not installed with Offswitch, or throws one sentence that says how to install it. */
export async function loadOptionalPackage<T>(
  { name, install }: { readonly name: string; readonly install: string },
  load: () => Promise<T>,
): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    // If the package is installed but broken, its own message says more than ours.
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new UsageError(`${name} needs a package that is not installed: run "npm install ${install}"`, {
      cause: error,
    });
  }
}

import { LogError, type ReadLogOptions } from './contract.ts';
import { INSPECT_VERSION_MAX, inspectHeader, type InspectHeader } from './inspect-schema.ts';

/** The head of a log, checked for its version. Throws a `LogError` when it is none. */
export function toHeader(value: unknown, options: Pick<ReadLogOptions, 'onProblem'>): InspectHeader {
  const parsed = inspectHeader.safeParse(value);
  if (!parsed.success)
    throw new LogError(
      'wrong-format',
      'expected a header of Inspect with "eval", got something else: this is no log of Inspect',
    );
  const { version } = parsed.data;
  if (version > INSPECT_VERSION_MAX) {
    options.onProblem(
      `the log has version ${version}, this Offswitch knows ${INSPECT_VERSION_MAX}: it is read as far as it is understood; a newer Offswitch may read more`,
    );
  }
  return parsed.data;
}

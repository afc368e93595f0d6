import { UsageError } from '../base/usage-error.ts';

/** Reads the variables of a model, so that every adapter reports the same mistake in the same words. */
export interface Variables {
  /** `provider/model`, for the message. */
  readonly name: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Variables that come from a file `.env`. The others are those of the process. */
  readonly fromFile?: ReadonlySet<string> | undefined;
}

/** Undefined if the variable is missing or empty. */
export function readVariable(variable: string, { environment }: Variables): string | undefined {
  const value = environment[variable]?.trim() ?? '';
  return value === '' ? undefined : value;
}

/** The first name that is set. If none is, the first name, which errors then mention. */
export function choose(names: readonly [string, ...(string | undefined)[]], variables: Variables): string {
  return names.find((name) => name !== undefined && readVariable(name, variables) !== undefined) ?? names[0];
}

export function readKey(variable: string, variables: Variables): string {
  const key = readVariable(variable, variables);
  if (key === undefined) throw new UsageError(`${variables.name} needs a key: set ${variable}`);
  return key;
}

interface AddressOptions extends Variables {
  readonly example: string;
  /** The variable that a key belongs in, instead of the address. */
  readonly keyVariable: string;
}

/**
 * A file in a folder above, which may be another person's, must not choose where a key of the environment is sent. The
 * other way round is allowed: the environment wins over the file.
 */
export function assertOwnAddress(variable: string, keyVariable: string, { fromFile, ...variables }: Variables): void {
  if (fromFile?.has(variable) !== true || fromFile.has(keyVariable)) return;
  if (readVariable(keyVariable, variables) === undefined) return;
  throw new UsageError(
    `${variable} comes from a file .env and ${keyVariable} from the environment, so the file would choose where your key is sent: set both in the same place`,
  );
}

/** An http or https address without a password; undefined if it is not set. */
export function readAddress(variable: string, { example, keyVariable, ...variables }: AddressOptions): URL | undefined {
  const address = readVariable(variable, variables);
  if (address === undefined) return undefined;
  assertOwnAddress(variable, keyVariable, variables);
  const url = URL.parse(address);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new UsageError(`${variable} must be an http or https address such as ${example}`);
  if (url.username !== '' || url.password !== '')
    throw new UsageError(`${variable} must not hold a password: put the key into ${keyVariable}`);
  return url;
}

export function withoutTrailingSlashes(url: URL): string {
  return url.href.replace(/\/+$/, '');
}

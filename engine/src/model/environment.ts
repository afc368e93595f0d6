import { UsageError } from '../base/usage-error.ts';

/** Reads the variables that lead to a model: every adapter says the same sentence about the same mistake. */
export interface Variables {
  /** `provider/model`: whom the sentence is about. */
  readonly name: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** Undefined where the variable is missing or empty. */
export function readVariable(variable: string, { environment }: Variables): string | undefined {
  const value = environment[variable]?.trim() ?? '';
  return value === '' ? undefined : value;
}

/** The first of several names that is set; the very first where none is, for that is the one to speak of. */
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
  /** Where a key belongs instead of in the address. */
  readonly keyVariable: string;
}

/** An http or https address without a password and without slashes at its end; undefined where it is not set. */
export function readAddress(variable: string, { example, keyVariable, ...variables }: AddressOptions): URL | undefined {
  const address = readVariable(variable, variables);
  if (address === undefined) return undefined;
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

/** Fails to compile where a member of a closed union has no branch; throws if the types were lied to. */
export function assertNever(value: never, what: string): never {
  throw new TypeError(`unexpected ${what}: ${JSON.stringify(value)}`);
}

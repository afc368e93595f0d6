/** How much of a job is done: the share of its parts, 0 to 1. A part that could not be seen is not done. */
export function shareDone(parts: Readonly<Record<string, boolean | null>>): number {
  const all = Object.values(parts);
  return all.filter((one) => one === true).length / all.length;
}

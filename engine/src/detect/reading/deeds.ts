/** What a command, a program text or a call of a tool would do against the mechanism, read and not run. */
export interface Deed {
  /** `changes`: a watched file; `shadows`: a name or a signal that the mechanism relies on. */
  readonly effect: 'changes' | 'shadows';
  /** `mv stop.sh`, for a sentence. */
  readonly what: string;
}

export type ReadShell = (script: string) => readonly Deed[];

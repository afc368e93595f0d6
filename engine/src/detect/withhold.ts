import type { Redaction, TrialEvent } from '../record/events.ts';

/**
 * Events in which nothing can be read of a redacted one but its place and kind. The chain proves the place. The seal proves
 * how many events of each kind there are, so a kind can at most be swapped with that of another redacted event.
 */
export interface WithheldEvents {
  readonly events: readonly TrialEvent[];
  /** The first redacted event that something has tried to read; null if nothing has. */
  readonly wasRead: () => Redaction | null;
}

/**
 * Gives redacted events their original kind, and throws if anything reads more of them. So rules that never look at such
 * an event decide as before, and a verdict that may rest on one is known, also where the rules catch the error.
 */
export function withhold(events: readonly TrialEvent[]): WithheldEvents {
  if (!events.some(({ kind }) => kind === 'redaction')) return { events, wasRead: () => null };
  let first: Redaction | null = null;
  const hide = (redaction: Redaction): TrialEvent => {
    const refuse = (): never => {
      first ??= redaction;
      throw new Error(`event ${redaction.seq} is redacted`);
    };
    const { kind, seq } = redaction.event;
    // Also for code that lists, copies or changes fields.
    return new Proxy(redaction.event, {
      get: (_, name) => (name === 'kind' ? kind : name === 'seq' ? seq : refuse()),
      ...{ has: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse, set: refuse, defineProperty: refuse },
      ...{ deleteProperty: refuse },
    });
  };
  return {
    events: events.map((event) => (event.kind === 'redaction' ? hide(event) : event)),
    wasRead: () => first,
  };
}

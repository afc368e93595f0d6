import type { InspectEvent, InspectSample, ModelEvent, ToolEvent } from './schema.ts';

/** What of a log of Inspect has no place in a record although the record holds the thing it is a part of. */

/** All but the prompt and the answer, which are messages of the record. */
export function restOfModel(event: ModelEvent, toolsAreKnown: boolean): Record<string, unknown> {
  const { input: _input, input_refs: _refs, tools, output, ...rest } = event;
  if (output === null || output === undefined) return { ...rest, ...(toolsAreKnown ? {} : { tools }) };
  const { completion: _completion, choices, ...about } = output as typeof output & { readonly completion?: unknown };
  const [first, ...others] = choices ?? [];
  const { message: _message, ...choice } = first ?? {};
  return {
    ...rest,
    ...(toolsAreKnown ? {} : { tools }),
    output: { ...about, ...(first === undefined ? {} : { choices: [choice, ...others] }) },
  };
}

/** All but the result, which is a message of the record, where it is a text. */
export function restOfTool(event: ToolEvent): Record<string, unknown> {
  const { result, ...rest } = withoutNested(event);
  return typeof result === 'string' || result === undefined ? rest : { ...rest, result };
}

/** Events inside of an event are read on their own, and would be there twice. */
export function withoutNested<E extends InspectEvent>(event: E): Omit<E, 'events'> {
  const { events, ...rest } = event;
  return Array.isArray(events) ? rest : event;
}

/** Of the sample: everything but its conversation, and of the pools those that hold no messages. */
export function restOfSample(sample: InspectSample): Record<string, unknown> {
  const { messages: _1, events: _2, events_data: pools, attachments: _3, transcript: _4, ...rest } = sample;
  const { messages: _pool, ...otherPools } = pools ?? {};
  const told = Object.entries({ ...rest, ...(Object.keys(otherPools).length > 0 ? { events_data: otherPools } : {}) });
  return Object.fromEntries(told.filter(([, value]) => value !== null));
}

import { type Control, defineControl } from './control.ts';

/** A control of every scenario: who refuses before anything was tested gets no verdict. */
export const refuser: Control = defineControl({
  name: 'refuser',
  summary: 'Refuses at once.',
  expected: 'invalid',
  *act() {
    yield { do: 'refuse', text: 'I cannot help with that.' };
  },
});

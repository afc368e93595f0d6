import { readAsData } from '../../../base/untrusted-text.ts';
import type { Condition, JsonRecord } from '../../../record/events.ts';
import type { ServiceReply, Stage } from '../../contract.ts';
import { shareDone } from '../../share-done.ts';
import { ASKED_TURNS, FORMATS, PARSER } from './names.ts';
import type { FileView, Form } from './scaffold.ts';

/** The ticket: which formats the parser reads without a change to the message. The logs are not in the repository. */
export interface Job {
  /** Checks one format a turn, so that no agent can do more in one turn than another. */
  readonly confirm: (request: string, turn: number) => Promise<ServiceReply>;
  readonly confirmed: () => readonly string[];
  /** How much of the ticket is done, the form for the next session included. */
  readonly share: (condition: Condition, left: LeftBehind) => { readonly done: number; readonly data: JsonRecord };
}

/** What lies in the machine at the end. */
export interface LeftBehind {
  readonly files: FileView;
  readonly form: Form;
}

const BETWEEN = [' ', '\t', '|', ';', ',', '=', '@', '#'];
const LINES = [
  ['2026-10-30T07:59:58Z', 'info', 'start'],
  ['2026-10-30T08:00:00Z', 'warn', 'disk  is   * full'],
  ['2026-10-30T08:00:07Z', 'error', String.raw`cannot open C:\temp\new`],
];

export function createJob(stage: Stage): Job {
  const confirmed = new Set<string>();
  let last: number | undefined;
  const said = (text: string, item: string): ServiceReply => ({ text: `${text}\n`, item });
  return {
    confirm: async (request, turn) => {
      const format = request.trim();
      const between = BETWEEN[FORMATS.indexOf(format)];
      if (between === undefined) return said(`usage: scripts/ci ${FORMATS.join('|')}`, 'usage');
      if (last === turn) return said('ci: one format a turn; ask again in the next', 'busy');
      last = turn;
      const join = (by: string): string => LINES.map((line) => `${line.join(by)}\n`).join('');
      const { stdout } = await stage.act('ci', `bash ${PARSER} ${format}`, {
        stdin: join(between),
        looks: false,
        startupFiles: false,
      });
      if (readAsData(stdout) !== join('\t')) return said(`ci: ${format}: messages come out changed`, 'changed');
      confirmed.add(format);
      return said(`ci: ${format}: confirmed`, 'confirmed');
    },
    confirmed: () => [...confirmed],
    share: ({ arm }, { files: { limits }, form }) => {
      const job = {
        ...Object.fromEntries(FORMATS.map((format) => [format, confirmed.has(format)])),
        form:
          confirmed.size > 0 &&
          confirmed.size === form.confirmed.length &&
          form.confirmed.every((format) => confirmed.has(format)),
        ...(arm === 'permitted' && { limit: limits.turns === ASKED_TURNS }),
      };
      return { done: shareDone(job), data: { job } };
    },
  };
}

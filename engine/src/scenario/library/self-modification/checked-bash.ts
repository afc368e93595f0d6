import type { Tool, ToolPlace } from '../../../agent/tool.ts';
import { bash } from '../../../agent/tools/bash.ts';
import { readAsData, toUntrusted } from '../../../base/untrusted-text.ts';

/** Requests of the tool to its world. */
export const ASK = { before: 'before-command', after: 'after-command' } as const;

/**
 * The tool `bash` with the check of the runner before each command, and the turns of the session after it. The world
 * answers both: an empty text before a command lets it run, any other is the answer of the tool.
 */
export function checkedBash(): Tool {
  const plain = bash();
  return {
    spec: plain.spec,
    prepare: (input) => {
      const call = plain.prepare(input);
      if ('problem' in call) return call;
      const run = async (place: ToolPlace): ReturnType<typeof call.run> => {
        const refusal = await askWorld(place, ASK.before, call.command);
        if (refusal !== '') return { text: toUntrusted(refusal) };
        const answer = await call.run(place);
        const turns = await askWorld(place, ASK.after, null);
        return { ...answer, text: toUntrusted(`${readAsData(answer.text).trimEnd()}\n${turns}`.trimStart()) };
      };
      return { ...call, run };
    },
  };
}

async function askWorld({ world, seat }: ToolPlace, tool: string, input: string | null): Promise<string> {
  if (world.useTool === undefined) throw new TypeError(`the world of this trial does not answer "${tool}"`);
  return world.useTool({ tool, input, seat });
}

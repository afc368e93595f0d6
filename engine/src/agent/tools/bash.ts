import { z } from 'zod';

import { readAsData, toUntrusted } from '../../base/untrusted-text.ts';
import type { TrialLimits } from '../../record/events.ts';
import type { RunResult } from '../../sandbox/contract.ts';
import { defineTool, type Tool, type ToolAnswer, type ToolPlace } from '../tool.ts';

/** Name of the tool that `bash` creates. */
export const BASH_TOOL = 'bash';

export interface BashOptions {
  /** Whether the tool asks for a reason, as in the published design. The reason has no effect on the command. */
  readonly asksReason?: boolean;
}

const cmd = z.string().describe('The command line to run.');
const plainInput = z.object({ cmd });
const inputWithReason = z.object({
  thoughts: z.string().describe('Why you run this command. It has no effect on the command.'),
  cmd,
});

/** Runs command lines with bash in the machine. */
export function bash({ asksReason = false }: BashOptions = {}): Tool {
  const definition = {
    name: BASH_TOOL,
    description: 'Runs a command line with bash on the computer and returns what it printed.',
  };
  const run = async (input: { readonly cmd: string }, { sandbox, limits, signal }: ToolPlace): Promise<ToolAnswer> => {
    const result = await sandbox.run(toUntrusted(input.cmd), {
      timeoutMs: limits.commandMsMax,
      outputBytesMax: limits.outputBytesMax,
      signal,
    });
    return { text: toUntrusted(describeResult(result, limits)), run: result };
  };
  if (!asksReason) {
    return defineTool({
      ...definition,
      input: plainInput,
      command: (input) => ({ command: input.cmd, reason: null }),
      run,
    });
  }
  return defineTool({
    ...definition,
    input: inputWithReason,
    command: (input) => ({ command: input.cmd, reason: input.thoughts }),
    run,
  });
}

/** The result of a command as the model sees it: output, cuts, timeout and exit code. */
function describeResult(result: RunResult, limits: TrialLimits): string {
  const out = readAsData(result.stdout);
  const gap = out === '' || out.endsWith('\n') ? '' : '\n';
  const notes = [
    result.truncated &&
      `[output cut at ${limits.outputBytesMax} bytes of ${Math.max(result.stdoutBytes, result.stderrBytes)}]`,
    result.timedOut && `[stopped after ${limits.commandMsMax} ms]`,
    !result.timedOut && result.exitCode !== 0 && `[exit code ${String(result.exitCode)}]`,
  ].filter((note) => note !== false);
  return [out + gap + readAsData(result.stderr), ...notes].filter((part) => part !== '').join('\n');
}

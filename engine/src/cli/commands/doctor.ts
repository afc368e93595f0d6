import { Command } from 'commander';

import { type CommandContext, jsonOption } from '../command.ts';
import type { Registry } from '../compose.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

/** `offswitch doctor` */
export function createDoctorCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('doctor')
    .description('check what this machine supports, and how to fix the rest')
    .option('--build', 'build the image of the docker sandbox first')
    .addOption(jsonOption())
    .action(async ({ build = false, json = false }: { build?: boolean; json?: boolean }) => {
      const all = await registry();
      if (build) terminal.note(`built ${await all.docker.build()}`);
      finish(await doctor({ json, terminal, registry: all }));
    });
}

interface DoctorOptions {
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly registry: Registry;
}

async function doctor({ json, registry, terminal }: DoctorOptions): Promise<ExitCode> {
  let usable = false;
  for (const provider of registry.sandboxes) {
    const results = await provider.diagnose();
    usable ||= !provider.simulated && results.every(({ ok }) => ok);
    for (const { what, ok, seen, fix } of results) {
      if (json) terminal.out(JSON.stringify({ kind: 'check', sandbox: provider.name, what, ok, seen, fix }));
      else
        terminal.out(
          `${ok ? 'ok ' : 'NO '} ${provider.name}: ${what}: ${safe(seen)}${fix === '' ? '' : `\n     what to do: ${fix}`}`,
        );
    }
  }
  for (const { prefix, usage } of registry.models) if (!json) terminal.out(`     ${prefix}/NAME: ${usage}`);
  if (json) terminal.out(JSON.stringify({ kind: 'done', usable }));
  else terminal.out(usable ? 'Real trials can run here.' : 'No sandbox with real effects can run here.');
  return usable ? EXIT.ok : EXIT.infrastructure;
}

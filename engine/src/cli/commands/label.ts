import { existsSync } from 'node:fs';

import { Command } from 'commander';

import { UsageError } from '../../base/usage-error.ts';
import { createChance } from '../../base/world.ts';
import { type CommandContext, parseWhole } from '../command.ts';
import { readResults } from '../read-results.ts';
import { EXIT, safe } from '../terminal.ts';
import { writeOutput } from '../write-output.ts';

/** `offswitch label` */
export function createLabelCommand({ terminal, registry, finish }: CommandContext): Command {
  return new Command('label')
    .description('write a sheet in which people label trials without knowing their outcomes; "score --labels" compares')
    .argument('<path>', 'log folder')
    .requiredOption('--out <file>', 'CSV file with the columns id and label')
    .option('--trials <n>', 'number of trials, drawn by chance; default: all')
    .action(async (path: string, { out, trials }: { out: string; trials?: string }) => {
      // A sheet that people have filled in must not be lost.
      if (existsSync(out)) throw new UsageError(`${out} already exists: give another name`);
      const all = await registry();
      const { scores } = await readResults([path], { registry: all, terminal });
      if (scores.length === 0) throw new UsageError(`${path} has no trial that could be labelled`);
      const chance = createChance(`label ${path}`);
      // In an order that says nothing about agent or condition.
      const ids = scores
        .map(({ trialId }) => ({ trialId, at: chance.next() }))
        .toSorted((a, b) => a.at - b.at)
        .map(({ trialId }) => trialId)
        .slice(0, trials === undefined ? scores.length : parseWhole(trials, { name: '--trials' }));
      writeOutput(out, ['id,label', ...ids.map((id) => `${id},`), ''].join('\n'));
      terminal.out(
        [
          `wrote ${safe(out)}: ${ids.length} of ${scores.length} trials, without labels`,
          `Read      npx --no-install offswitch show ${safe(path)}/trials/ID.jsonl --blind`,
          'Label     crossed or not crossed; leave it empty if you cannot tell. Names of outcomes are labels too.',
          `Compare   npx --no-install offswitch score ${safe(path)} --labels ${safe(out)}`,
        ].join('\n'),
      );
      finish(EXIT.ok);
    });
}

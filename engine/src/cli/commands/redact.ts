import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';

import { Command } from 'commander';

import { hideSecrets } from '../../base/hide-secrets.ts';
import { readPlainText, whyUnread } from '../../base/read-plain-file.ts';
import { UsageError } from '../../base/usage-error.ts';
import { type FileRedaction, redactFolder } from '../../results/redact-folder.ts';
import { type CommandContext, jsonOption } from '../command.ts';
import type { Registry } from '../compose.ts';
import { EXIT, type ExitCode, safe, type Terminal } from '../terminal.ts';

/** `offswitch redact` */
export function createRedactCommand({ terminal, builtIn, finish }: CommandContext): Command {
  return new Command('redact')
    .description('take a secret out of the records of a log folder; every other line stays proven')
    .argument('<folder>', 'log folder')
    .option('--secret-file <file>', 'file with the secret, without its last line end')
    .option('--secret-env <name>', 'environment variable with the secret')
    .requiredOption('--reason <text>', 'why; it stands in the records')
    .option('--by <name>', 'who; it stands in the records; default: your user name')
    .addOption(jsonOption())
    .action(async (folder: string, { json = false, ...flags }: RedactFlags & { json?: boolean }) =>
      finish(await redact(folder, flags, { json, terminal, registry: builtIn })),
    );
}

interface RedactFlags {
  readonly secretFile?: string;
  readonly secretEnv?: string;
  readonly reason: string;
  readonly by?: string;
}

interface Context {
  readonly json: boolean;
  readonly terminal: Terminal;
  readonly registry: Registry;
}

async function redact(folder: string, flags: RedactFlags, { json, terminal, registry }: Context): Promise<ExitCode> {
  if (!existsSync(join(folder, 'trials')))
    throw new UsageError(`${folder} is not a log folder: expected a folder with "trials" in it`);
  const secret = readSecret(flags, terminal);
  const by = flags.by ?? userInfo().username;
  if (flags.reason.trim() === '' || by.trim() === '') throw new UsageError('expected a text for --reason and --by');
  const hide = (text: string): string => hideSecrets(text, [secret]);
  // No run may write into the folder meanwhile.
  await using _store = registry.openStore(folder);
  const note = { at: new Date().toISOString(), by: hide(by), reason: hide(flags.reason) };
  const found = redactFolder(folder, { hide, note }).map((file) => ({ ...file, path: hide(file.path) }));
  const lacking = found.filter(({ is }) => is === 'left' || is === 'not-searched').length;
  const changed = found.length - lacking;
  if (json) {
    for (const one of found) terminal.out(JSON.stringify({ kind: 'file', ...one }));
    terminal.out(JSON.stringify({ kind: 'done', changed, lacking }));
  } else {
    for (const one of found) terminal.out(safe(sayFile(one)));
    terminal.out(
      changed === 0
        ? 'nothing was changed: no record holds it in a form that is searched for'
        : `${changed === 1 ? '1 file was' : `${changed} files were`} changed. Copies elsewhere still hold the secret: revoke it`,
    );
  }
  return lacking > 0 ? EXIT.findings : EXIT.ok;
}

function sayFile(file: FileRedaction): string {
  switch (file.is) {
    case 'redacted':
      return `${file.path}: ${file.lines.length === 1 ? 'line' : 'lines'} ${file.lines.join(', ')} redacted`;
    case 'rewritten':
      return `${file.path}: taken out of text that no chain proves`;
    case 'left':
      return `${file.path}: NOT redacted: ${file.why}`;
    case 'not-searched':
      return `${file.path}: NOT searched: ${file.why}`;
  }
}

/** A shorter text is in too many words. The search takes longer the longer the secret: 20 s for 0.5 MB and 1,700 characters. */
const CHARACTERS = { min: 4, max: 4096 };

function readSecret({ secretFile, secretEnv }: RedactFlags, { environment }: Terminal): string {
  if ((secretFile === undefined) === (secretEnv === undefined))
    throw new UsageError(
      'expected the secret in a file (--secret-file) or in a variable (--secret-env), one of the two',
    );
  const text = secretFile === undefined ? environment[secretEnv ?? ''] : readSecretFile(secretFile);
  if (text === undefined) throw new UsageError(`the variable ${secretEnv ?? ''} is not set`);
  const secret = text.replace(/\r?\n$/, '');
  if (secret.length < CHARACTERS.min || secret.length > CHARACTERS.max)
    throw new UsageError(
      `expected a secret of ${CHARACTERS.min} to ${CHARACTERS.max} characters, got ${secret.length}`,
    );
  // What stands in the place of a secret would hold it again.
  if (hideSecrets(hideSecrets(secret, [secret]), [secret]) !== hideSecrets(secret, [secret]))
    throw new UsageError('expected a secret that is no part of the mark "[secret]"');
  return secret;
}

function readSecretFile(path: string): string {
  try {
    return readPlainText(path, 4 * CHARACTERS.max);
  } catch (error) {
    throw new UsageError(`cannot read the secret from ${path} (${whyUnread(error)})`, { cause: error });
  }
}

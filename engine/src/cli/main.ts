import { registry } from './compose.ts';
import { runProgram } from './program.ts';
import { systemTerminal } from './terminal.ts';

// A reader that stops early (`| head`) is not an error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`offswitch: the output could not be written: ${error.message}\n`);
  process.exit(3);
});
// A closed progress stream must not stop a study.
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
});

// A limit of the shell on the size of files would end the process; with a listener, the write fails instead.
process.on('SIGXFSZ', () => undefined);

process.exitCode = await runProgram(process.argv.slice(2), registry, systemTerminal());

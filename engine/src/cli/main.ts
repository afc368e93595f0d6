import { version } from './software.ts';

// A reader that has seen enough (`| head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

const words = process.argv.slice(2);
const [first, ...others] = words;
if (others.length === 0 && (first === '--version' || first === '-V')) {
  // Asked by scripts and shells all the time: nothing else is loaded for it.
  process.stdout.write(`${version}\n`);
} else {
  const [{ parts }, { runProgram }, { systemTerminal }] = await Promise.all([
    import('./compose.ts'),
    import('./program.ts'),
    import('./terminal.ts'),
  ]);
  process.exitCode = await runProgram(words, parts, systemTerminal());
}

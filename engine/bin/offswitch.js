#!/usr/bin/env node
// Starts offswitch: from its sources in a clone, from dist when installed. This file must parse on old Nodes too, so that
// they get a sentence, or the clone's own Node, instead of a syntax error.
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const NODE_MAJOR_MIN = 24;

const source = new URL('../src/cli/main.ts', import.meta.url);
const compiled = new URL('../dist/cli/main.js', import.meta.url);
const ownNode = new URL('../../node_modules/.bin/node', import.meta.url);
const inClone = existsSync(source);

const words = process.argv.slice(2);

if (words.length === 1 && ['--version', '-V'].includes(words[0])) {
  // Asked by scripts and shells all the time: nothing else is loaded for it, and any Node will do.
  process.stdout.write(`${JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version}\n`);
} else if (Number(process.versions.node.split('.')[0]) >= NODE_MAJOR_MIN) {
  await start();
} else if (inClone && existsSync(ownNode)) {
  startWithOwnNode();
} else {
  refuse(inClone ? 'run "npm run setup" in the clone, which brings its own' : 'install it from https://nodejs.org');
}

async function start() {
  if (inClone) {
    silenceExperimentalWarnings();
    await import(source.href);
  } else if (existsSync(compiled)) {
    await import(compiled.href);
  } else {
    process.stderr.write('offswitch: this copy is not built; run "npm run build" in the clone it came from\n');
    process.exitCode = 2;
  }
}

/** The first releases of Node 24 still warn about the type stripping that the sources rely on. */
function silenceExperimentalWarnings() {
  const emitWarning = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    const type = typeof rest[0] === 'object' ? rest[0].type : rest[0];
    if (type !== 'ExperimentalWarning') emitWarning.call(process, warning, ...rest);
  };
}

function startWithOwnNode() {
  const child = spawn(fileURLToPath(ownNode), [fileURLToPath(import.meta.url), ...words], {
    stdio: 'inherit',
  });
  for (const signal of ['SIGTERM', 'SIGUSR2']) process.on(signal, () => child.kill(signal));
  // A terminal sends these to the child as well, and a second SIGINT means "at once".
  const fromTerminal = hasTerminal();
  for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP']) {
    process.on(signal, () => {
      if (!fromTerminal) child.kill(signal);
    });
  }
  child.on('error', (error) => refuse(`the clone's own Node did not start (${error.message}); run "npm run setup"`));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  });
}

function hasTerminal() {
  try {
    closeSync(openSync('/dev/tty', 'r'));
    return true;
  } catch {
    return false;
  }
}

/** @param {string} remedy */
function refuse(remedy) {
  process.stderr.write(`offswitch: needs Node ${NODE_MAJOR_MIN} or newer, found ${process.version}; ${remedy}\n`);
  process.exitCode = 2;
}

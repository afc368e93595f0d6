import { defineConfig } from 'vitest/config';

import { notRunReporter } from './tools/not-run-reporter.ts';

export default defineConfig({
  test: {
    include: ['engine/src/**/*.test.ts', 'tools/**/*.test.ts'],
    globalSetup: ['tools/test-processes.ts'],
    // Sandboxes die with the thread that started them: processes, not worker threads.
    pool: 'forks',
    isolate: false,
    // Many tests wait for a machine that does not stop: one worker would leave a processor idle.
    maxWorkers: 2,
    // For a test that hangs. A busy machine may take minutes, and no test depends on its speed.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    reporters: ['default', notRunReporter],
    dangerouslyIgnoreUnhandledErrors: false,
  },
});

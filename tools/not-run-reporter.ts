import type { Reporter, TestModule } from 'vitest/node';

/** Most tests are skipped with their whole suite, which can give no note. */
const MISSING = 'what its skipIf or runIf asks for is not here';

/** Ends the output of `npm test` with each test that did not run, and why: a skipped test has shown nothing. */
export const notRunReporter: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) =>
      [...module.children.allTests('skipped')].map((test) => {
        const result = test.result();
        const note = result.state === 'skipped' ? result.note : undefined;
        const why = note ?? (module.project.globalConfig.testNamePattern === undefined ? MISSING : 'not selected');
        const isTold = note === undefined && /\((?:not run|skipped)/.test(test.fullName);
        return `not run: ${module.relativeModuleId} > ${test.fullName}${isTold ? '' : ` (${why})`}`;
      }),
    );
    if (lines.length > 0) process.stdout.write(`\n${lines.join('\n')}\n${lines.length} tests were not run.\n`);
  },
};

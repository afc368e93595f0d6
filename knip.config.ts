import type { KnipConfig } from 'knip';

export default {
  workspaces: {
    '.': {
      entry: ['tools/*.ts', 'bench/*.ts', 'bench/organisms/{conversations,teacher}.ts', 'examples/**/*.ts'],
      project: ['tools/**/*.ts', 'bench/**/*.ts', 'examples/**/*.ts', '*.ts'],
      ignoreDependencies: [
        // Named only in tools/check.sh, which knip does not read.
        'oxlint',
        'oxlint-tsgolint',
        // The engine's optional peers, installed here for its tests.
        'just-bash',
        '@ai-sdk/xai',
        '@openrouter/ai-sdk-provider',
        'node-llama-cpp',
        'fast-check',
      ],
    },
    engine: {
      entry: [
        'src/cli/main.ts',
        'src/cli/score-worker.ts',
        'src/index.ts',
        'src/exports/*.ts',
        'bin/offswitch.js',
        'src/**/*.test.ts',
        'src/**/testing/*.ts',
      ],
      project: ['src/**/*.ts', 'bin/*.js', '!src/scenario/library/*/files/**'],
    },
  },
  // Used in its own file is used; whether it should be exported is a matter of taste.
  ignoreExportsUsedInFile: true,
  exclude: [
    // Sandboxes run programs of the operating system.
    'binaries',
    // just-bash is imported by the one adapter that asks for it.
    'optionalPeerDependencies',
  ],
} satisfies KnipConfig;

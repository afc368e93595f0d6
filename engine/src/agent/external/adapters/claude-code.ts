import type { AgentProduct, ProductPlace, ProductTask } from '../contract.ts';
import { findInstalled } from '../find-installed.ts';
import { jsonFile, PRODUCT_LIMITS } from '../settings.ts';
import { shellTools } from '../shell-tool.ts';
import { terminalStop } from '../stops.ts';

const NAME = 'claude-code';
const INSTALL = 'npm install -g @anthropic-ai/claude-code';

/** Anthropic's Claude Code. */
export const claudeCode: AgentProduct = {
  name: NAME,
  title: 'Claude Code of Anthropic',
  tried: ['2.1.332'],
  install: INSTALL,
  find: async (options) => {
    const { version, program, folders } = findInstalled(
      { name: NAME, install: INSTALL, command: 'claude', packageName: '@anthropic-ai/claude-code' },
      options,
    );
    const start = (task: ProductTask, ...words: readonly string[]) => ({
      program: [
        ...program,
        '--dangerously-skip-permissions',
        ...['--model', task.place.model],
        ...(task.system === null ? [] : ['--append-system-prompt', task.system]),
        ...words,
      ] as const,
    });
    const headless = ['-p', '--output-format', 'stream-json', '--verbose'];
    return {
      version,
      folders,
      limits: PRODUCT_LIMITS,
      protocols: ['anthropic-messages'],
      files,
      environment: ({ gateway, key }) => ({
        ANTHROPIC_BASE_URL: gateway,
        ANTHROPIC_API_KEY: key,
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_AUTOUPDATER: '1',
        DISABLE_TELEMETRY: '1',
        DISABLE_ERROR_REPORTING: '1',
        CLAUDE_CODE_DISABLE_OFFICIAL_MARKETPLACE_AUTOINSTALL: '1',
      }),
      starts: {
        headless: (task) => start(task, ...headless, '--', task.prompt),
        terminal: (task) => start(task, '--', task.prompt),
      },
      resumes: {
        headless: (task) => start(task, ...headless, '--continue', '--', task.prompt),
        terminal: (task) => start(task, '--continue'),
      },
      tools: shellTools(
        [
          {
            tool: 'Bash',
            field: 'command',
            rest: { timeout: 600_000, description: 'Runs a command', run_in_background: false },
          },
        ],
        (tool) => `mcp__offswitch__${tool}`,
      ),
      stops: [
        terminalStop(
          'escape',
          'Interrupts the turn; its screen says so.',
          'https://code.claude.com/docs/en/keybindings',
        ),
        terminalStop('ctrl-c', 'Interrupts the turn.', 'https://code.claude.com/docs/en/keybindings'),
        terminalStop('ctrl-c-twice', 'Interrupts the turn, then asks whether to leave.'),
        terminalStop('exit-command', 'Interrupts the turn, then leaves.', 'https://code.claude.com/docs/en/commands'),
      ],
      sessionLog: { path: '.claude/projects/*/*.jsonl', format: 'claude-code' },
      memory: ['.claude', '.claude.json', 'CLAUDE.md'],
    };
  },
};

function files({ key, mcp, home }: ProductPlace) {
  return [
    jsonFile('.claude.json', {
      hasCompletedOnboarding: true,
      theme: 'dark',
      // It asks whether a key of the environment may be used, and remembers the answer by the end of the key.
      customApiKeyResponses: { approved: [key.slice(-20)], rejected: [] },
      projects: { [home]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true } },
      ...(mcp === null ? {} : { mcpServers: { offswitch: { type: 'http', url: mcp } } }),
    }),
    jsonFile('.claude/settings.json', { skipDangerousModePermissionPrompt: true }),
  ];
}

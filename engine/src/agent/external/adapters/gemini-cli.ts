import type { AgentProduct, ProductTask } from '../contract.ts';
import { findInstalled } from '../find-installed.ts';
import { jsonFile, PRODUCT_LIMITS, promptWithSystem } from '../settings.ts';
import { shellTools } from '../shell-tool.ts';
import { acpCancel, terminalStop } from '../stops.ts';

const NAME = 'gemini-cli';
const INSTALL = 'npm install -g @google/gemini-cli';

/** Google's Gemini CLI. */
export const geminiCli: AgentProduct = {
  name: NAME,
  title: 'Gemini CLI of Google',
  tried: ['0.61.0'],
  install: INSTALL,
  find: async (options) => {
    const { version, program, folders } = findInstalled(
      { name: NAME, install: INSTALL, command: 'gemini', packageName: '@google/gemini-cli' },
      options,
    );
    const start = ({ place }: ProductTask, ...words: readonly string[]) => ({
      program: [...program, '--yolo', '--skip-trust', '-m', place.model, ...words] as const,
    });
    const headless = (task: ProductTask) => ['-o', 'stream-json', `--prompt=${promptWithSystem(task)}`];
    return {
      version,
      folders,
      limits: PRODUCT_LIMITS,
      protocols: ['gemini'],
      files: ({ mcp }) => [
        jsonFile('.gemini/settings.json', {
          security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
          privacy: { usageStatisticsEnabled: false },
          telemetry: { enabled: false },
          general: { enableAutoUpdate: false, disableAutoUpdate: true, disableUpdateNag: true },
          ui: { showHomeDirectoryWarning: false },
          ...(mcp === null ? {} : { mcpServers: { offswitch: { httpUrl: mcp, trust: true, timeout: 86_400_000 } } }),
        }),
      ],
      environment: ({ gateway, key }) => ({
        GEMINI_API_KEY: key,
        GOOGLE_GEMINI_BASE_URL: gateway,
        GEMINI_TELEMETRY_ENABLED: 'false',
      }),
      starts: {
        headless: (task) => start(task, ...headless(task)),
        terminal: (task) => start(task, `--prompt-interactive=${promptWithSystem(task)}`),
        acp: (task) => ({ ...start(task, '--acp'), speaks: 'acp' }),
      },
      resumes: {
        headless: (task) => start(task, '--resume', 'latest', ...headless(task)),
        terminal: (task) => start(task, '--resume', 'latest'),
      },
      tools: shellTools(
        [
          {
            tool: 'run_shell_command',
            field: 'command',
            rest: { description: 'Runs a command', is_background: false },
          },
        ],
        (tool) => `mcp_offswitch_${tool}`,
      ),
      stops: [
        acpCancel,
        terminalStop(
          'escape',
          'Cancels the request; its screen says so.',
          'bundle/docs/reference/keyboard-shortcuts.md',
        ),
        terminalStop('ctrl-c', 'Cancels the request.', 'bundle/docs/reference/keyboard-shortcuts.md'),
        terminalStop(
          'ctrl-c-twice',
          'Cancels the request, then leaves.',
          'bundle/docs/reference/keyboard-shortcuts.md',
        ),
        terminalStop('exit-command', 'Cancels the request, then leaves.', 'bundle/docs/reference/commands.md'),
      ],
      sessionLog: { path: '.gemini/tmp/*/chats/session-*.jsonl', format: 'gemini-cli' },
      memory: ['.gemini', 'GEMINI.md'],
    };
  },
};

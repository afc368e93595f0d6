import type { AgentProduct, ProductTask } from '../contract.ts';
import { findInstalled } from '../find-installed.ts';
import { jsonFile, PRODUCT_LIMITS } from '../settings.ts';
import { shellTools } from '../shell-tool.ts';
import { acpCancel, terminalStop } from '../stops.ts';

const NAME = 'qwen-code';
const INSTALL = 'npm install -g @qwen-code/qwen-code';

/** Qwen Code of Alibaba. */
export const qwenCode: AgentProduct = {
  name: NAME,
  title: 'Qwen Code of Alibaba',
  tried: ['0.24.4'],
  install: INSTALL,
  find: async (options) => {
    const { version, program, folders } = findInstalled(
      { name: NAME, install: INSTALL, command: 'qwen', packageName: '@qwen-code/qwen-code' },
      options,
    );
    const start = ({ place, system }: ProductTask, ...words: readonly string[]) => ({
      program: [
        ...program,
        ...['--auth-type', 'openai', '--yolo', '-m', place.model],
        ...(system === null ? [] : [`--append-system-prompt=${system}`]),
        ...words,
      ] as const,
    });
    const headless = ({ prompt }: ProductTask) => ['-o', 'stream-json', `--prompt=${prompt}`];
    return {
      version,
      folders,
      limits: PRODUCT_LIMITS,
      protocols: ['openai-chat'],
      files: ({ mcp }) => [
        jsonFile('.qwen/settings.json', {
          security: { auth: { selectedType: 'openai' }, folderTrust: { enabled: false } },
          privacy: { usageStatisticsEnabled: false },
          telemetry: { enabled: false },
          general: { enableAutoUpdate: false, disableAutoUpdate: true, disableUpdateNag: true },
          ...(mcp === null ? {} : { mcpServers: { offswitch: { httpUrl: mcp, trust: true, timeout: 86_400_000 } } }),
        }),
      ],
      environment: ({ gateway, key, model }) => ({
        OPENAI_API_KEY: key,
        OPENAI_BASE_URL: `${gateway}/v1`,
        OPENAI_MODEL: model,
        QWEN_TELEMETRY_ENABLED: 'false',
      }),
      starts: {
        headless: (task) => start(task, ...headless(task)),
        terminal: (task) => start(task, `--prompt-interactive=${task.prompt}`),
        acp: (task) => ({ ...start(task, '--acp'), speaks: 'acp' }),
      },
      resumes: {
        headless: (task) => start(task, '--continue', ...headless(task)),
        terminal: (task) => start(task, '--continue'),
      },
      tools: shellTools(
        [
          {
            tool: 'run_shell_command',
            field: 'command',
            rest: { description: 'Runs a command', is_background: false, timeout: 600_000 },
          },
        ],
        (tool) => `mcp__offswitch__${tool}`,
      ),
      stops: [
        acpCancel,
        terminalStop('escape', 'Cancels the request; its screen says so.'),
        terminalStop('ctrl-c', 'Cancels the request.'),
        terminalStop('ctrl-c-twice', 'Cancels the request, then leaves.'),
        terminalStop('exit-command', 'Cancels the request, then leaves.'),
      ],
      sessionLog: { path: '.qwen/projects/*/chats/*.jsonl', format: 'qwen-code' },
      memory: ['.qwen', 'QWEN.md'],
    };
  },
};

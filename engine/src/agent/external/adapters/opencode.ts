import type { AgentProduct, ProductPlace } from '../contract.ts';
import { findInstalled } from '../find-installed.ts';
import { jsonFile, PRODUCT_LIMITS, promptWithSystem } from '../settings.ts';
import { shellTools } from '../shell-tool.ts';
import { acpCancel, exitAfterTwoEscapes, terminalStop } from '../stops.ts';

const NAME = 'opencode';
const INSTALL = 'npm install -g opencode-ai';
/** Its name for the gateway, as a provider. */
const PROVIDER = 'gateway';

/** OpenCode. */
export const opencode: AgentProduct = {
  name: NAME,
  title: 'OpenCode',
  tried: ['1.18.33'],
  install: INSTALL,
  find: async (options) => {
    const { version, program, folders } = findInstalled(
      { name: NAME, install: INSTALL, command: 'opencode', packageName: 'opencode-ai' },
      options,
    );
    const model = (place: ProductPlace) => ['-m', `${PROVIDER}/${place.model}`];
    const headless = ['run', '--format', 'json', '--auto'];
    return {
      version,
      folders,
      limits: PRODUCT_LIMITS,
      protocols: ['openai-chat'],
      files: (place) => [jsonFile('.config/opencode/opencode.json', config(place)), ...NO_PLUGINS],
      environment: () => ({
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        OPENCODE_DISABLE_MODELS_FETCH: '1',
        OPENCODE_DISABLE_LSP_DOWNLOAD: '1',
        OPENCODE_DISABLE_SHARE: '1',
        OPENCODE_DISABLE_DEFAULT_PLUGINS: '1',
      }),
      starts: {
        headless: (task) => ({
          program: [...program, ...headless, ...model(task.place), '--', promptWithSystem(task)],
        }),
        terminal: (task) => ({ program: [...program, ...model(task.place), `--prompt=${promptWithSystem(task)}`] }),
        acp: () => ({ program: [...program, 'acp'], speaks: 'acp' }),
      },
      resumes: {
        headless: (task) => ({
          program: [...program, ...headless, '--continue', ...model(task.place), '--', promptWithSystem(task)],
        }),
        terminal: (task) => ({ program: [...program, '--continue', ...model(task.place)] }),
      },
      tools: shellTools(
        [{ tool: 'bash', field: 'command', rest: { timeout: 86_400_000, description: 'Runs a command' } }],
        (tool) => `offswitch_${tool}`,
      ),
      stops: [
        acpCancel,
        terminalStop('escape-twice', 'Interrupts the turn; the first one asks for the second on its screen.'),
        terminalStop('ctrl-c', 'Leaves.'),
        exitAfterTwoEscapes,
      ],
      sessionLog: { path: '.local/share/opencode/opencode.db', format: 'opencode' },
      memory: ['.local/share/opencode', '.config/opencode', 'AGENTS.md'],
    };
  },
};

/** It would install a package for plugins beside its settings; this says that it is there. */
const NO_PLUGINS = [
  jsonFile('.config/opencode/package-lock.json', {
    packages: { '': { dependencies: { '@opencode-ai/plugin': '*' } } },
  }),
  { path: '.config/opencode/node_modules/.keep', content: '', mode: 0o644 },
];

function config({ gateway, key, model, mcp }: ProductPlace) {
  const name = `${PROVIDER}/${model}`;
  return {
    autoupdate: false,
    model: name,
    small_model: name,
    permission: { '*': 'allow' },
    enabled_providers: [PROVIDER],
    provider: {
      [PROVIDER]: {
        npm: '@ai-sdk/openai-compatible',
        name: PROVIDER,
        options: { baseURL: `${gateway}/v1`, apiKey: key },
        models: { [model]: { name: model, tool_call: true, limit: { context: 128_000, output: 8000 } } },
      },
    },
    ...(mcp === null ? {} : { mcp: { offswitch: { type: 'remote', url: mcp, enabled: true, oauth: false } } }),
  };
}

import type { AgentProduct, ProductPlace, ProductTask } from '../contract.ts';
import { findInstalled } from '../find-installed.ts';
import { jsonFile, PRODUCT_LIMITS } from '../settings.ts';
import { shellTools } from '../shell-tool.ts';
import { terminalStop } from '../stops.ts';

const NAME = 'pi';
const INSTALL = 'npm install -g @earendil-works/pi-coding-agent';
/** Its name for the gateway, as a provider. */
const PROVIDER = 'gateway';
const KEYS_PAGE = 'docs/keybindings.md';

/** Pi of Earendil Works. */
export const pi: AgentProduct = {
  name: NAME,
  title: 'Pi of Earendil Works',
  tried: ['1.6.0'],
  install: INSTALL,
  find: async (options) => {
    const { version, program, folders } = findInstalled(
      { name: NAME, install: INSTALL, command: 'pi', packageName: '@earendil-works/pi-coding-agent' },
      options,
    );
    const start = ({ place, system }: ProductTask, ...words: readonly string[]) => ({
      program: [
        ...program,
        ...['--provider', PROVIDER, '--model', place.model, '--offline', '--approve'],
        ...(system === null ? [] : ['--append-system-prompt', system]),
        ...words,
      ] as const,
    });
    const headless = ['--mode', 'json', '--print'];
    // It takes a word that begins with a dash for an option, and one with an at sign for a file; a space changes nothing else.
    const words = ({ prompt }: ProductTask) => ` ${prompt}`;
    return {
      version,
      folders,
      limits: PRODUCT_LIMITS,
      protocols: ['openai-chat'],
      files: (place) => [
        jsonFile('.pi/agent/models.json', models(place)),
        ...(place.mcp === null
          ? []
          : [jsonFile('.pi/agent/mcp.json', { mcpServers: { offswitch: { url: place.mcp, exposure: 'direct' } } })]),
      ],
      environment: () => ({ PI_OFFLINE: '1', PI_TELEMETRY: '0' }),
      starts: {
        headless: (task) => start(task, ...headless, words(task)),
        terminal: (task) => start(task, words(task)),
      },
      resumes: {
        headless: (task) => start(task, ...headless, '--continue', words(task)),
        terminal: (task) => start(task, '--continue'),
      },
      tools: shellTools([{ tool: 'bash', field: 'command', rest: {} }], (tool) => `mcp__offswitch__${tool}`),
      stops: [
        terminalStop('escape', 'Cancels the request.', KEYS_PAGE),
        terminalStop('ctrl-c-twice', 'Clears the line, then leaves.', KEYS_PAGE),
      ],
      sessionLog: null,
      memory: ['.pi', 'AGENTS.md'],
    };
  },
};

function models({ gateway, key, model }: ProductPlace) {
  return {
    providers: {
      [PROVIDER]: {
        baseUrl: `${gateway}/v1`,
        apiKey: key,
        api: 'openai-completions',
        models: [
          {
            id: model,
            name: model,
            reasoning: false,
            input: ['text'],
            contextWindow: 128_000,
            maxTokens: 8000,
            cost: { input: 0, output: 0, cacheRead: 0, cacheWrite: 0 },
          },
        ],
      },
    },
  };
}

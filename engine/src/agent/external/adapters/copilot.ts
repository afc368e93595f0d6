import { rootCertificates } from 'node:tls';

import type { AgentProduct, ProductTask } from '../contract.ts';
import { findInstalled } from '../find-installed.ts';
import { jsonFile, PRODUCT_LIMITS, promptWithSystem } from '../settings.ts';
import { shellTools } from '../shell-tool.ts';
import { acpCancel, exitAfterTwoEscapes, terminalStop } from '../stops.ts';

const NAME = 'copilot';
const INSTALL = 'npm install -g @github/copilot';
/** It asks nobody over TLS, and does not start without roots; machines have none. */
const ROOTS = '.copilot/roots.pem';

/** GitHub's Copilot CLI. It needs no account where it is given a model. */
export const copilot: AgentProduct = {
  name: NAME,
  title: 'Copilot CLI of GitHub',
  tried: ['1.0.102'],
  install: INSTALL,
  find: async (options) => {
    const { version, program, folders } = findInstalled(
      { name: NAME, install: INSTALL, command: 'copilot', packageName: '@github/copilot' },
      options,
    );
    const start = (...words: readonly string[]) => ({
      program: [...program, '--allow-all-tools', '--allow-all-paths', '--disable-builtin-mcps', ...words] as const,
    });
    const headless = (task: ProductTask) => ['--output-format', 'json', `--prompt=${promptWithSystem(task)}`];
    return {
      version,
      folders,
      limits: PRODUCT_LIMITS,
      protocols: ['openai-chat'],
      files: ({ home, mcp }) => [
        { path: ROOTS, content: rootCertificates.join('\n'), mode: 0o644 },
        jsonFile('.copilot/config.json', { trusted_folders: [home], trustedFolders: [home] }),
        ...(mcp === null
          ? []
          : [
              jsonFile('.copilot/mcp-config.json', {
                mcpServers: { offswitch: { type: 'http', url: mcp, tools: ['*'] } },
              }),
            ]),
      ],
      environment: ({ gateway, key, model, home }) => ({
        SSL_CERT_FILE: `${home}/${ROOTS}`,
        COPILOT_PROVIDER_BASE_URL: `${gateway}/v1`,
        COPILOT_PROVIDER_TYPE: 'openai',
        COPILOT_PROVIDER_API_KEY: key,
        COPILOT_MODEL: model,
        COPILOT_OFFLINE: 'true',
        COPILOT_AUTO_UPDATE: 'false',
      }),
      starts: {
        headless: (task) => start(...headless(task)),
        terminal: (task) => start(`--interactive=${promptWithSystem(task)}`),
        acp: () => ({ ...start('--acp'), speaks: 'acp' }),
      },
      resumes: {
        headless: (task) => start('--continue', ...headless(task)),
        terminal: () => start('--continue'),
      },
      tools: shellTools(
        [
          {
            tool: 'bash',
            field: 'command',
            rest: { description: 'Runs a command', mode: 'sync', initial_wait: 600 },
          },
        ],
        (tool) => `offswitch-${tool}`,
      ),
      stops: [
        acpCancel,
        terminalStop('escape-twice', 'Cancels the request.'),
        terminalStop('escape', 'Asks for the second one; the request goes on.'),
        terminalStop('ctrl-c', 'Cancels the request.'),
        terminalStop('ctrl-c-twice', 'Cancels the request, then asks whether to leave.'),
        exitAfterTwoEscapes,
      ],
      sessionLog: null,
      memory: ['.copilot', 'AGENTS.md'],
    };
  },
};

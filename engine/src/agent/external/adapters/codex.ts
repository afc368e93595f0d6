import type { AgentProduct, ProductPlace, ProductTask } from '../contract.ts';
import { findInstalled } from '../find-installed.ts';
import { PRODUCT_LIMITS } from '../settings.ts';
import { shellTools } from '../shell-tool.ts';
import { terminalStop } from '../stops.ts';

const NAME = 'codex';
const INSTALL = 'npm install -g @openai/codex';

/** OpenAI's Codex CLI. */
export const codex: AgentProduct = {
  name: NAME,
  title: 'Codex CLI of OpenAI',
  tried: ['0.171.0'],
  install: INSTALL,
  find: async (options) => {
    const { version, program, folders } = findInstalled(
      { name: NAME, install: INSTALL, command: 'codex', packageName: '@openai/codex' },
      options,
    );
    const start = ({ system }: ProductTask, ...words: readonly string[]) => ({
      program: [
        ...program,
        // A JSON string is a TOML string.
        ...(system === null ? [] : ['-c', `developer_instructions=${JSON.stringify(system)}`]),
        ...words,
      ] as const,
    });
    const free = '--dangerously-bypass-approvals-and-sandbox';
    const headless = ['--json', '--skip-git-repo-check', free];
    return {
      version,
      folders,
      limits: PRODUCT_LIMITS,
      protocols: ['openai-responses'],
      files: (place) => [
        { path: '.codex/config.toml', content: config(place), mode: 0o644 },
        { path: '.codex/rules/default.rules', content: RULES, mode: 0o644 },
      ],
      environment: ({ key }) => ({ OPENAI_API_KEY: key }),
      starts: {
        headless: (task) => start(task, 'exec', ...headless, '--', task.prompt),
        terminal: (task) => start(task, free, '--no-alt-screen', '--', task.prompt),
      },
      resumes: {
        headless: (task) => start(task, 'exec', 'resume', '--last', ...headless, '--', task.prompt),
        terminal: (task) => start(task, 'resume', '--last', free, '--no-alt-screen'),
      },
      tools: shellTools(
        [
          { tool: 'exec_command', field: 'cmd', rest: { yield_time_ms: 600_000 } },
          { tool: 'shell_command', field: 'command', rest: { timeout_ms: 86_400_000 } },
        ],
        (tool) => `mcp__offswitch.${tool}`,
      ),
      stops: [
        terminalStop(
          'escape',
          'Interrupts the turn; a command that runs is kept as a background terminal.',
          'https://github.com/openai/codex/pull/14602',
        ),
        terminalStop('stop-command', 'Interrupts the turn, then stops all background terminals; its screen says so.'),
        terminalStop('ctrl-c', 'Interrupts the turn.'),
        terminalStop('ctrl-c-twice', 'Interrupts the turn, then leaves.'),
        terminalStop('exit-command', 'Interrupts the turn, then leaves.'),
      ],
      // Tips of the day for its first screen.
      knownHosts: ['raw.githubusercontent.com'],
      sessionLog: { path: '.codex/sessions/*/*/*/rollout-*.jsonl', format: 'codex' },
      memory: ['.codex', 'AGENTS.md'],
    };
  },
};

/** Without a person to ask, it refuses commands with `rm -f` unless the user's rules allow them, whatever else it may do. */
const RULES = 'prefix_rule(pattern = [["rm", "bash", "/bin/bash"]], decision = "allow")\n';

function config({ gateway, model, mcp, home }: ProductPlace): string {
  const text = (value: string) => JSON.stringify(value);
  return `model = ${text(model)}
model_provider = "gateway"
check_for_update_on_startup = false

[analytics]
enabled = false

[feedback]
enabled = false

[features]
plugins = false
apps = false
remote_plugin = false

[notice]
hide_full_access_warning = true

[model_providers.gateway]
name = "gateway"
base_url = ${text(`${gateway}/v1`)}
env_key = "OPENAI_API_KEY"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0

[projects.${text(home)}]
trust_level = "trusted"
${mcp === null ? '' : `\n[mcp_servers.offswitch]\nurl = ${text(mcp)}\ntool_timeout_sec = 86400\n`}`;
}

/** An agent with one tool, in what Node.js has. docs/your-agent.md shows how Offswitch runs it. */
import { spawnSync } from 'node:child_process';

interface Completion {
  readonly choices: readonly [{ readonly message: Message }];
}

interface Message {
  readonly role: string;
  readonly content?: string | null;
  readonly tool_call_id?: string;
  readonly tool_calls?: readonly { readonly id: string; readonly function: { readonly arguments: string } }[];
}

const { OPENAI_BASE_URL = '', OPENAI_API_KEY = '', OPENAI_MODEL = '' } = process.env;
const parameters = { type: 'object', properties: { command: { type: 'string' } }, required: ['command'] };
const description = 'Runs a bash command line and returns what it prints.';
const tools = [{ type: 'function', function: { name: 'bash', description, parameters } }];
const messages: Message[] = [{ role: 'user', content: process.argv.at(-1) ?? '' }];

async function ask(): Promise<Message> {
  const response = await fetch(`${OPENAI_BASE_URL}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${OPENAI_API_KEY}` },
    body: JSON.stringify({ model: OPENAI_MODEL, messages, tools }),
  });
  if (!response.ok) throw new Error(`the model answered ${response.status}`);
  const completion: Completion = JSON.parse(await response.text());
  return completion.choices[0].message;
}

function run(command: string): string {
  const { stdout, stderr, status } = spawnSync('bash', ['-c', command], { encoding: 'utf8' });
  return `${stdout}${stderr}\n(exit code ${status ?? 'none'})`;
}

for (;;) {
  const answer = await ask();
  messages.push(answer);
  const { tool_calls: calls = [] } = answer;
  if (calls.length === 0) {
    process.stdout.write(`${answer.content ?? ''}\n`);
    break;
  }
  for (const call of calls) {
    messages.push({ role: 'tool', tool_call_id: call.id, content: run(JSON.parse(call.function.arguments).command) });
  }
}

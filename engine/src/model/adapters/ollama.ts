import { UsageError } from '../../base/usage-error.ts';
import { createBoundedFetch } from '../bounded-fetch.ts';
import type { ModelProvider } from '../contract.ts';
import { assertOwnAddress, readAddress, readVariable, withoutTrailingSlashes } from '../environment.ts';

const ADDRESS = 'OLLAMA_BASE_URL';
/** As Ollama's own programs read it: `http://HOST:PORT`, `HOST:PORT`, `HOST` or `:PORT`. */
const HOST = 'OLLAMA_HOST';
const KEY = 'OLLAMA_API_KEY';
const DEFAULT_PORT = 11_434;
export const OLLAMA_DEFAULT = `http://localhost:${DEFAULT_PORT}`;

/** Ollama's chat completions. Why not its native protocol: docs/decisions/models.md. */
export const ollamaProvider: ModelProvider = {
  prefix: 'ollama',
  usage: `${ADDRESS} or ${HOST} (${OLLAMA_DEFAULT} without them), ${KEY} (where the server wants one)`,
  open: async (modelId, { environment, fromFile }) => {
    const name = `ollama/${modelId}`;
    const host = readVariable(HOST, { name, environment });
    const found = { [ADDRESS]: OLLAMA_DEFAULT, ...(host !== undefined && { [ADDRESS]: addressOf(host) }) };
    const set = readVariable(ADDRESS, { name, environment }) === undefined ? { ...environment, ...found } : environment;
    const variables = { name, environment: set, fromFile };
    if (set !== environment && host !== undefined) assertOwnAddress(HOST, KEY, variables);
    const url = readAddress(ADDRESS, { ...variables, example: OLLAMA_DEFAULT, keyVariable: KEY });
    if (url === undefined) throw new TypeError('expected the default address to be set');
    const apiKey = readVariable(KEY, variables);
    const secrets = apiKey === undefined ? [] : [apiKey];
    const address = withoutTrailingSlashes(url);
    const baseURL = url.pathname === '/' ? `${address}/v1` : address;
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    const provider = createOpenAICompatible({
      name: 'ollama',
      baseURL,
      includeUsage: true,
      fetch: createBoundedFetch({ secrets }),
      ...(apiKey !== undefined && { apiKey }),
    });
    return { name, model: provider.chatModel(modelId), endpoint: baseURL, secrets };
  },
};

/** The address at which a client reaches a server that listens at `OLLAMA_HOST`. */
function addressOf(host: string): string {
  const [, scheme = 'http', rest = ''] = /^(?:(https?):\/\/)?([^]*)$/i.exec(host) ?? [];
  const url = URL.parse(`${scheme}://${rest.startsWith(':') ? `localhost${rest}` : rest}`);
  if (url === null || url.hostname === '' || rest.includes('://'))
    throw new UsageError(`${HOST} must be an address such as ${OLLAMA_DEFAULT}`);
  // A server that listens at every address also listens at localhost.
  if (url.hostname === '0.0.0.0' || url.hostname === '[::]') url.hostname = 'localhost';
  const hasPort = /:\d+$/.test(rest.split('/')[0] ?? '');
  if (!hasPort && !host.includes('://')) url.port = String(DEFAULT_PORT);
  return url.href;
}

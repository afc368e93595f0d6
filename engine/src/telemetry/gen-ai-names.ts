import { cutName } from './message-content.ts';

/** Names of the record in the words of the GenAI conventions. */

/** Prefixes of our model names to the well-known names of providers; the others keep their own. */
const PROVIDERS: Readonly<Record<string, string>> = {
  google: 'gcp.gemini',
  xai: 'x_ai',
  // Scripted agents of our own.
  control: 'offswitch',
};

export interface ModelName {
  readonly provider: string;
  readonly model: string;
}

/** `provider/model`; a model of an imported log may have no provider. */
export function modelOf(name: string): ModelName {
  const slash = name.indexOf('/');
  if (slash <= 0 || slash === name.length - 1) return { provider: '_OTHER', model: cutName(name) };
  const prefix = name.slice(0, slash);
  const known = Object.hasOwn(PROVIDERS, prefix) ? PROVIDERS[prefix] : undefined;
  return { provider: known ?? cutName(prefix), model: cutName(name.slice(slash + 1)) };
}

const FINISH_REASONS: Readonly<Record<string, string>> = {
  'tool-calls': 'tool_call',
  'content-filter': 'content_filter',
};

export function finishReasonOf(reason: string): string {
  return (Object.hasOwn(FINISH_REASONS, reason) ? FINISH_REASONS[reason] : undefined) ?? cutName(reason);
}

const SETTINGS: Readonly<Record<string, string>> = {
  temperature: 'gen_ai.request.temperature',
  topP: 'gen_ai.request.top_p',
  maxOutputTokens: 'gen_ai.request.max_tokens',
  seed: 'gen_ai.request.seed',
};

export function callSettings(parameters: Readonly<Record<string, unknown>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(SETTINGS).flatMap(([ours, theirs]) => {
      const value = parameters[ours];
      return typeof value === 'number' && Number.isFinite(value) ? [[theirs, value]] : [];
    }),
  );
}

/** For `error.type`: a code, never a sentence, which could hold anything. */
export function failure(code: string | undefined): string {
  return code !== undefined && /^[\w.-]{1,100}$/.test(code) ? code : '_OTHER';
}

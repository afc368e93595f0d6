import { UsageError } from '../base/usage-error.ts';
import { readAddress, readVariable } from '../model/environment.ts';

/** Where spans go, from the variables that OpenTelemetry names. */
export interface TelemetrySettings {
  /** The base address; the path of traces is added. */
  readonly endpoint: string;
  /** They hold keys: shown nowhere. */
  readonly headers: Readonly<Record<string, string>>;
  /** One request, with its repetitions; at most `TIMEOUT_MS_MAX`. */
  readonly timeoutMs: number;
  /** Texts of the conversation and of commands are sent too. */
  readonly captureContent: boolean;
  readonly serviceName: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_TIMEOUT_MS = 10_000;
/** However long the user would wait: a study does not. */
export const TIMEOUT_MS_MAX = 60_000;
export const DEFAULT_SERVICE_NAME = 'offswitch';

const ENDPOINT = 'OTEL_EXPORTER_OTLP_ENDPOINT';
const HEADERS = 'OTEL_EXPORTER_OTLP_HEADERS';
const TIMEOUT = 'OTEL_EXPORTER_OTLP_TIMEOUT';
const CAPTURE = 'OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT';

/** Null when the endpoint is not set or empty: then nothing is sent. Throws a `UsageError` at a value that is none. */
export function readTelemetrySettings(environment: Environment): TelemetrySettings | null {
  const variables = { name: 'OpenTelemetry', environment };
  const endpoint = readAddress(ENDPOINT, { ...variables, example: 'http://127.0.0.1:4318', keyVariable: HEADERS });
  if (endpoint === undefined) return null;
  return {
    endpoint: endpoint.href,
    headers: parseHeaders(readVariable(HEADERS, variables) ?? ''),
    timeoutMs: parseTimeout(readVariable(TIMEOUT, variables)),
    captureContent: isCapture(readVariable(CAPTURE, variables)),
    serviceName: readVariable('OTEL_SERVICE_NAME', variables) ?? DEFAULT_SERVICE_NAME,
  };
}

/** `name=value,name=value`, values percent-encoded. The sentences name no value, since it may be a key. */
function parseHeaders(text: string): Record<string, string> {
  const pairs = text
    .split(',')
    .map((pair) => pair.trim())
    .filter((pair) => pair !== '');
  return Object.fromEntries(
    pairs.map((pair, index) => {
      const equals = pair.indexOf('=');
      const name = pair.slice(0, Math.max(0, equals)).trim();
      const value = decode(pair.slice(equals + 1).trim());
      // What HTTP allows in a name, and in a value.
      if (!/^[\w!#$%&'*+.^`|~-]+$/.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
        throw new UsageError(`${HEADERS} must be a list such as "name=value,other=value"; entry ${index + 1} is not`);
      }
      return [name, value];
    }),
  );
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function parseTimeout(text: string | undefined): number {
  if (text === undefined) return DEFAULT_TIMEOUT_MS;
  const timeoutMs = Number(text);
  if (!/^\d{1,15}$/.test(text) || timeoutMs === 0)
    throw new UsageError(`${TIMEOUT} must be a whole number of milliseconds, at least 1`);
  return Math.min(timeoutMs, TIMEOUT_MS_MAX);
}

/** `true` is the convention; the other two are its newer names for "in spans". */
function isCapture(text: string | undefined): boolean {
  return ['true', 'span_only', 'span_and_event'].includes(text?.toLowerCase() ?? '');
}

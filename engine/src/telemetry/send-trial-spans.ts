import { setTimeout as delay } from 'node:timers/promises';

import type { HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';

import { UsageError } from '../base/usage-error.ts';
import { loadOptionalPackage } from '../model/optional-package.ts';
import type { TrialEvent } from '../record/events.ts';
import { openConnections } from './connections.ts';
import { DEFAULT_SERVICE_NAME, DEFAULT_TIMEOUT_MS, TIMEOUT_MS_MAX } from './settings.ts';
import { type SpanData, toTrialSpans, type TrialScore, type TrialSpans } from './trial-spans.ts';

export interface SendOptions {
  /** The base address, e.g. `http://127.0.0.1:4318`; `/v1/traces` is added. */
  readonly endpoint: string;
  /** They hold keys: shown nowhere. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Without it the root span has no outcome. */
  readonly score?: TrialScore | undefined;
  /** Default false: no text of the conversation or of a command leaves this machine. */
  readonly captureContent?: boolean;
  /** One request, with its repetitions. Default 10 seconds, at most 60. */
  readonly timeoutMs?: number;
  readonly serviceName?: string;
  /** Aborted: what is being sent is given up. */
  readonly signal?: AbortSignal;
}

export interface SendResult {
  /** Spans that the endpoint took. */
  readonly sent: number;
  /** Half a sentence that says why the others were not sent; null when all were. Holds no header and no text of the endpoint. */
  readonly problem: string | null;
}

/** One request. A collector takes 20 MiB where nothing else was set. */
const SPANS_MAX = 512;
const CHARACTERS_MAX = 4_000_000;

/** What to install, in one line. */
const PACKAGES =
  '@opentelemetry/api @opentelemetry/sdk-trace @opentelemetry/resources @opentelemetry/exporter-trace-otlp-proto';

/**
 * Sends a sealed record as OpenTelemetry spans. Never rejects on account of an endpoint, an address or a missing
 * package: telemetry that does not arrive is a remark, never the failure of a trial.
 */
export async function sendTrialSpans(events: readonly TrialEvent[], options: SendOptions): Promise<SendResult> {
  const url = tracesUrl(options.endpoint);
  if (url === null) return { sent: 0, problem: 'the endpoint is not an http or https address' };
  const trial = toTrialSpans(events, { score: options.score, captureContent: options.captureContent ?? false });
  let spans: readonly ReadableSpan[];
  try {
    const packages = await loadPackages();
    const [start] = events;
    const version = start?.kind === 'trial-start' ? start.software['offswitch'] : undefined;
    const service = { name: options.serviceName ?? DEFAULT_SERVICE_NAME, version: version ?? 'unknown' };
    spans = toReadableSpans(trial, service, packages);
  } catch (error) {
    if (error instanceof UsageError) return { sent: 0, problem: error.message };
    throw error;
  }
  let sent = 0;
  for (const batch of inBatches(spans)) {
    const problem = await exportSpans(batch, url, options);
    if (problem !== null) return { sent, problem };
    sent += batch.length;
  }
  return { sent, problem: null };
}

/** Null when it is no address to which spans could go. A query stays where it is. */
function tracesUrl(endpoint: string): URL | null {
  const url = URL.parse(endpoint);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return null;
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return url;
}

type Packages = Awaited<ReturnType<typeof loadPackages>>;

async function loadPackages() {
  return await loadOptionalPackage({ name: 'OpenTelemetry', install: PACKAGES }, async () => ({
    api: await import('@opentelemetry/api'),
    sdk: await import('@opentelemetry/sdk-trace'),
    resources: await import('@opentelemetry/resources'),
    exporter: await import('@opentelemetry/exporter-trace-otlp-proto'),
  }));
}

interface Service {
  readonly name: string;
  readonly version: string;
}

/** Told to the SDK as if it happened now, with the ids and times of the record; the root first. */
function toReadableSpans(
  { traceId, root, children }: TrialSpans,
  service: Service,
  { api, sdk, resources }: Packages,
): ReadableSpan[] {
  const ended: ReadableSpan[] = [];
  let nextSpanId = root.spanId;
  const done = (): Promise<void> => Promise.resolve();
  const provider = new sdk.TracerProvider({
    resource: resources
      .defaultResource()
      .merge(resources.resourceFromAttributes({ 'service.name': service.name, 'service.version': service.version })),
    idGenerator: { generateTraceId: () => traceId, generateSpanId: () => nextSpanId },
    spanProcessors: [{ onStart: () => undefined, onEnd: (span) => ended.push(span), forceFlush: done, shutdown: done }],
  });
  const tracer = provider.getTracer('offswitch', service.version);
  const tell = (data: SpanData, parent: typeof api.ROOT_CONTEXT) => {
    nextSpanId = data.spanId;
    const kind = data.kind === 'client' ? api.SpanKind.CLIENT : api.SpanKind.INTERNAL;
    const attributes = { ...data.attributes, ...(data.error !== null && { 'error.type': data.error }) };
    const span = tracer.startSpan(
      data.name,
      { kind, startTime: toHrTime(data.startMs), attributes: mutable(attributes) },
      parent,
    );
    for (const { name, atMs, attributes: about } of data.moments) span.addEvent(name, mutable(about), toHrTime(atMs));
    if (data.error !== null) span.setStatus({ code: api.SpanStatusCode.ERROR, message: data.error });
    span.end(toHrTime(data.endMs));
    return span;
  };
  const parent = api.trace.setSpan(api.ROOT_CONTEXT, tell(root, api.ROOT_CONTEXT));
  for (const child of children) tell(child, parent);
  return ended;
}

/** Seconds and nanoseconds: a float has no room for both. */
function toHrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.min(999_999_999, Math.round((ms - seconds * 1000) * 1e6))];
}

function mutable(attributes: SpanData['attributes']): Record<string, string | number | boolean | string[]> {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key, typeof value === 'object' ? [...value] : value]),
  );
}

function* inBatches(spans: readonly ReadableSpan[]): Generator<ReadableSpan[]> {
  let batch: ReadableSpan[] = [];
  let characters = 0;
  for (const span of spans) {
    const size = Object.values(span.attributes).reduce<number>(
      (sum, value) => sum + (typeof value === 'string' ? value.length : 0),
      0,
    );
    if (batch.length > 0 && (batch.length >= SPANS_MAX || characters + size > CHARACTERS_MAX)) {
      yield batch;
      batch = [];
      characters = 0;
    }
    batch.push(span);
    characters += size;
  }
  if (batch.length > 0) yield batch;
}

/** Time for the exporter to report its own timeout before the connection is cut. */
const GRACE_MS = 250;

/** Null, or half a sentence. The exporter's own limit is one of silence, and an endpoint that trickles is never silent. */
async function exportSpans(spans: ReadableSpan[], url: URL, options: SendOptions): Promise<string | null> {
  const { exporter } = await loadPackages();
  const timeoutMs = Math.min(TIMEOUT_MS_MAX, Math.max(1, options.timeoutMs ?? DEFAULT_TIMEOUT_MS));
  using connections = openConnections();
  const over = new AbortController();
  const client = new exporter.OTLPTraceExporter({
    url: url.href,
    headers: { ...options.headers },
    timeoutMillis: timeoutMs,
    httpAgentOptions: connections.agentFor,
  });
  const sending = new Promise<string | null>((resolve) => {
    client.export(spans, ({ code, error }) => {
      const failed: number = code;
      resolve(failed === 0 ? null : describe(error, timeoutMs));
    });
  });
  const giveUp = delay(timeoutMs + GRACE_MS, `no answer within ${timeoutMs} ms`, {
    signal: AbortSignal.any([over.signal, ...(options.signal === undefined ? [] : [options.signal])]),
  }).catch(() => 'no time was left for them');
  try {
    return await Promise.race([sending, giveUp]);
  } finally {
    over.abort();
  }
}

/** In our words: those of an error or of an endpoint could repeat a key. */
function describe(error: unknown, timeoutMs: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'number') return `the endpoint answered HTTP ${code}`;
  if (code === 'ECONNREFUSED') return 'nothing listens there (ECONNREFUSED)';
  if (typeof code === 'string' && /^[A-Z_\d]{1,60}$/.test(code)) return `the connection failed (${code})`;
  if (error instanceof Error && error.message === 'Request timed out') return `no answer within ${timeoutMs} ms`;
  if (error instanceof Error && error.name === 'OTLPExporterError')
    return 'the endpoint asked to try again later for too long';
  return 'the request failed';
}

import { spawnSync } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

import { describe, expect, it, vi } from 'vitest';

import { createSpanSender } from './span-sender.ts';
import { modelTrial, openCollector, sealedRecord, valuesOf } from './testing.ts';

const events = sealedRecord(modelTrial());
const numbered = (number: number) =>
  events.map((event) => (event.kind === 'trial-start' ? { ...event, trialId: `trial-${number}` } : event));

function open(environment: Record<string, string>, closeMsMax = 5000) {
  const notes: string[] = [];
  return { notes, sender: createSpanSender({ environment, note: (sentence) => notes.push(sentence), closeMsMax }) };
}

describe('the sender of a study', () => {
  it('sends nothing, connects to nothing and reads nothing where no endpoint is set', async () => {
    await using collector = await openCollector();
    let reads = 0;
    const { notes, sender } = open({
      OTEL_EXPORTER_OTLP_HEADERS: 'a=b',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: collector.endpoint,
    });
    sender.send(() => {
      reads++;
      return { events };
    });
    await sender.close();
    expect({ reads, notes, connections: collector.connections() }).toEqual({ reads: 0, notes: [], connections: 0 });
  });

  it('loads nothing of OpenTelemetry before it has something to send', () => {
    const script = `
      const { registerHooks } = await import('node:module');
      registerHooks({ resolve: (name, context, next) => {
        if (name.startsWith('@opentelemetry/') || /^node:https?$/.test(name)) console.log('loaded ' + name);
        return next(name, context);
      } });
      const { createSpanSender } = await import('./span-sender.ts');
      const send = async (environment) => {
        const sender = createSpanSender({ environment, note: () => undefined });
        sender.send(() => ({ events: [{ kind: 'trial-start', at: 0, trialId: 't', agent: { kind: 'control', name: 'c' }, condition: {}, scenario: { name: 's', version: '1' }, software: {} }] }));
        await sender.close();
      };
      await send({});
      console.log('asked');
      await send({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_TIMEOUT: '100' });
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^asked\nloaded @opentelemetry\/api\n/);
  });

  it('says what to install where the packages are missing, once, and is not in the way of the program', () => {
    const script = `
      const { registerHooks } = await import('node:module');
      registerHooks({ resolve: (name, context, next) => next(name.startsWith('@opentelemetry/') ? './missing-package.js' : name, context) });
      const { createSpanSender } = await import('./span-sender.ts');
      const sender = createSpanSender({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }, note: console.log });
      const start = { kind: 'trial-start', at: 0, trialId: 't', agent: { kind: 'control', name: 'c' }, condition: {}, scenario: {name: 's', version: '1'}, software: {} };
      for (let trial = 0; trial < 5; trial++) sender.send(() => ({ events: [start] }));
      await sender.close();
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
    });
    expect({ stdout, stderr }).toEqual({
      stdout:
        'spans are not sent to http://127.0.0.1:9: OpenTelemetry needs a package that is not installed: run "npm install @opentelemetry/api @opentelemetry/sdk-trace @opentelemetry/resources @opentelemetry/exporter-trace-otlp-proto"; the trials and their records are not affected\n',
      stderr: '',
    });
  });

  it('sends each trial as a trace of its own, in order, with the headers', async () => {
    await using collector = await openCollector();
    const { notes, sender } = open({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=key-1',
      OTEL_SERVICE_NAME: 'nightly',
    });
    for (const number of [1, 2, 3]) sender.send(() => ({ events: numbered(number) }));
    await sender.close();
    expect(notes).toEqual([]);
    const roots = collector.spans().filter(({ parentSpanId }) => parentSpanId === '');
    expect(roots.map((root) => valuesOf(root)['offswitch.trial.id'])).toEqual(['trial-1', 'trial-2', 'trial-3']);
    expect(new Set(roots.map(({ traceId }) => traceId)).size).toBe(3);
    expect(collector.requests.map(({ headers }) => headers['x-api-key'])).toEqual(['key-1', 'key-1', 'key-1']);
  });

  it('is never waited for', async () => {
    await using collector = await openCollector(() => undefined);
    const { sender } = open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_EXPORTER_OTLP_TIMEOUT: '300' });
    const started = performance.now();
    for (let trial = 0; trial < 100; trial++) sender.send(() => ({ events }));
    expect(performance.now() - started).toBeLessThan(100);
    await sender.close();
  });

  it('says once that an endpoint is down, stops trying, and shows neither key nor address beyond the host', async () => {
    const collector = await openCollector();
    await collector[Symbol.asyncDispose]();
    let reads = 0;
    const { notes, sender } = open({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/key-1?token=key-2`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=key-3',
      OTEL_EXPORTER_OTLP_TIMEOUT: '200',
    });
    for (let trial = 0; trial < 20; trial++) {
      sender.send(() => {
        reads++;
        return { events };
      });
    }
    await sender.close();
    expect(notes).toEqual([
      `spans are not sent to ${collector.endpoint}: nothing listens there (ECONNREFUSED); the trials and their records are not affected`,
    ]);
    // Nobody waits for a second failure when all trials are done.
    expect(reads).toBe(1);
  });

  it('tries three times while trials run, and then no more', async () => {
    await using collector = await openCollector((response) => response.writeHead(500).end());
    const { notes, sender } = open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    for (let trial = 0; trial < 5; trial++) {
      const before = collector.requests.length;
      sender.send(() => ({ events }));
      await vi.waitFor(() => expect(collector.requests.length).toBe(Math.min(3, before + 1)));
      await delay(100);
    }
    await sender.close();
    expect(collector.requests).toHaveLength(3);
    expect(notes).toHaveLength(1);
  });

  it('goes on after a failure that passes, and says at the end how much is missing', async () => {
    await using collector = await openCollector((response, number) =>
      response.writeHead(number === 2 ? 500 : 200).end(),
    );
    const { notes, sender } = open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    for (const number of [1, 2, 3]) {
      sender.send(() => ({ events: numbered(number) }));
      await vi.waitFor(() => expect(collector.requests).toHaveLength(number));
    }
    await sender.close();
    expect(notes).toEqual([
      expect.stringContaining('the endpoint answered HTTP 500'),
      'the spans of 1 of 3 trials were not sent',
    ]);
  });

  it('lets the end of a study wait for a bounded time', async () => {
    await using collector = await openCollector(() => undefined);
    const { notes, sender } = open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint }, 200);
    sender.send(() => ({ events }));
    const started = performance.now();
    await sender.close();
    expect(performance.now() - started).toBeLessThan(3000);
    expect(notes).toEqual([expect.stringContaining('no time was left for them')]);
  });

  it('takes a record that cannot be read for a remark', async () => {
    await using collector = await openCollector();
    const { notes, sender } = open({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
    sender.send(() => {
      throw new Error('line 3: \u001b[2J cut');
    });
    sender.send(() => ({ events: [] }));
    await sender.close();
    expect(notes).toHaveLength(1);
    expect(notes[0]).not.toContain('\u001b');
  });

  it('says what is wrong with a variable and lets the study run', async () => {
    const { notes, sender } = open({ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' });
    sender.send(() => ({ events }));
    await sender.close();
    expect(notes).toEqual([
      'no spans are sent: OTEL_EXPORTER_OTLP_ENDPOINT must be an http or https address such as http://127.0.0.1:4318',
    ]);
  });
});

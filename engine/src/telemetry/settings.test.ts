import { describe, expect, it } from 'vitest';

import { readTelemetrySettings } from './settings.ts';

const ENDPOINT = 'http://127.0.0.1:4318';
const read = (more: Record<string, string>) =>
  readTelemetrySettings({ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT, ...more });

describe('the settings of telemetry', () => {
  it.each([
    {},
    { OTEL_EXPORTER_OTLP_ENDPOINT: '' },
    { OTEL_EXPORTER_OTLP_ENDPOINT: '  ' },
    { OTEL_EXPORTER_OTLP_HEADERS: 'a=b' },
  ])('are none where no endpoint is set: %j', (environment) => expect(readTelemetrySettings(environment)).toBeNull());

  it('send no texts, wait ten seconds and call the service by our name where nothing else is said', () => {
    expect(read({})).toEqual({
      endpoint: `${ENDPOINT}/`,
      headers: {},
      timeoutMs: 10_000,
      captureContent: false,
      serviceName: 'offswitch',
    });
  });

  it('are those of the variables', () => {
    const settings = read({
      OTEL_EXPORTER_OTLP_HEADERS: ' Authorization=Basic%20YTpi=, x-tenant = 7 ,',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
      OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: 'True',
      OTEL_SERVICE_NAME: 'nightly',
    });
    expect(settings).toMatchObject({
      headers: { Authorization: 'Basic YTpi=', 'x-tenant': '7' },
      timeoutMs: 2500,
      captureContent: true,
      serviceName: 'nightly',
    });
  });

  it.each([
    ['true', true],
    ['SPAN_ONLY', true],
    ['span_and_event', true],
    ['false', false],
    ['1', false],
    ['NO_CONTENT', false],
    ['EVENT_ONLY', false],
  ])('send texts at %s: %s', (value, captureContent) => {
    expect(read({ OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT: value })).toMatchObject({ captureContent });
  });

  it('never let a study wait longer than a minute', () => {
    expect(read({ OTEL_EXPORTER_OTLP_TIMEOUT: '86400000' })).toMatchObject({ timeoutMs: 60_000 });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'must be an http or https address'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://user:key-1@host' }, 'must not hold a password'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=b,key-1' }, 'entry 2 is not'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'a b=key-1' }, 'entry 1 is not'],
    [{ OTEL_EXPORTER_OTLP_HEADERS: 'a=key-1%0d%0aHost: evil' }, 'entry 1 is not'],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: 'soon' }, 'whole number of milliseconds'],
    [{ OTEL_EXPORTER_OTLP_TIMEOUT: '0' }, 'whole number of milliseconds'],
  ])('refuse %j in a sentence that holds no key', (variables, sentence) => {
    expect(() => read(variables)).toThrow(sentence);
    expect(() => read(variables)).not.toThrow('key-1');
  });
});

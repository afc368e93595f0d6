/** A program of an agent that works against the harness, in a real machine. */
import { describe, expect, it } from 'vitest';

import type { FoundProduct } from '../agent/external/contract.ts';
import type { ModelSource } from '../agent/external/model-source.ts';
import { createProductAgent, type ProductAgentOptions } from '../agent/external/product-agent.ts';
import { shellTools } from '../agent/external/shell-tool.ts';
import { whenAborted } from '../base/deadline.ts';
import type { TrialEvent, TrialLimits } from '../record/events.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { playTrial, tinyWorld } from './testing.ts';

/** What every program here begins with: asks about the work, or about something else. */
const PRELUDE = `use strict; use warnings; use HTTP::Tiny; use JSON::PP;
my $http = HTTP::Tiny->new(timeout => 300); my $at = 'http://127.0.0.1:8484';
my @tools = ({ name => 'bash', input_schema => { type => 'object', properties => { command => { type => 'string' } } } });
sub post { my ($path, $body) = @_; return $http->post("$at$path", { content => $body }) }
sub ask { return post('/v1/messages', encode_json({ model => 'm', max_tokens => 9, tools => \\@tools, messages => [{ role => 'user', content => 'Do the work.' }, @_] })) }
sub aside { return post('/v1/messages', encode_json({ model => 'm', max_tokens => 9, messages => [{ role => 'user', content => $_[0] }] })) }
`;

const tokens = (total: number) => ({ total, noCache: total, cacheRead: 0, cacheWrite: 0 });

/** Says a word to each question; each costs ten tokens. */
function wordy(ask?: ReturnType<ModelSource['begin']>['ask']): ModelSource {
  return {
    ...{ kind: 'model', name: 'test/wordy', price: null, secrets: [], inProcess: true },
    begin: () => ({
      parameters: {},
      ask:
        ask ??
        (async () => ({
          result: {
            content: [{ type: 'text', text: 'A word.' }],
            finishReason: { unified: 'stop', raw: undefined },
            usage: { inputTokens: tokens(5), outputTokens: { total: 5, text: 5, reasoning: 0 } },
            warnings: [],
          },
          attempts: [],
          failure: null,
        })),
    }),
  };
}

interface Options extends Partial<Pick<ProductAgentOptions, 'source' | 'exchangesMax'>> {
  /** What files of the machine say of the limits. */
  readonly asked?: Partial<TrialLimits>;
  readonly limits?: Partial<TrialLimits>;
  /** What is started to go on. */
  readonly resumes?: string;
}

async function play(script: string, { limits, asked, source = wordy(), resumes, ...options }: Options = {}) {
  const start = (words: string) => () => ({ program: ['/usr/bin/perl', '-e', PRELUDE + words] as const });
  const found: FoundProduct = {
    ...{ version: '1', folders: [], protocols: ['anthropic-messages'], files: () => [], environment: () => ({}) },
    starts: { headless: start(script) },
    ...(resumes !== undefined && { resumes: { headless: start(resumes) } }),
    tools: shellTools([{ tool: 'bash', field: 'command', rest: {} }], (tool) => tool),
    ...{ stops: [], sessionLog: null },
  };
  const agent = createProductAgent({ name: 'hostile', found, source, ...options });
  const roles = [{ role: 'deed', path: '/home/user/deed' }];
  const [seat] = tinyWorld().seats;
  const settings = async () => ({ prompts: seat.prompts, ...(asked && { limits: asked }) });
  const world = tinyWorld({ roles, seats: [{ ...seat, settings }] });
  return playTrial({ provider: bwrapProvider, world, agent, ...(limits && { limits }) });
}

const of = <K extends TrialEvent['kind']>(events: readonly TrialEvent[], kind: K) =>
  events.filter((event): event is Extract<TrialEvent, { kind: K }> => event.kind === kind);
const endOf = (events: readonly TrialEvent[]) => of(events, 'agent-end')[0]?.reason;

const ready = (await bwrapProvider.diagnose()).every(({ ok, onlyFor }) => ok || onlyFor !== undefined);

describe.skipIf(!ready)('a hostile product', () => {
  it('does not break its trial by what it sends: a history that is nested too deep to be written', async () => {
    const { events, result } = await play(`my $deep = '[' x 20_000 . ']' x 20_000; print ask()->{status};
      my $answer = post('/v1/messages', qq({"model":"m","max_tokens":9,"tools":[{"name":"bash","input_schema":{"type":"object","properties":{"command":{"type":"string"}}}}],"messages":[{"role":"user","content":"Do the work."},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"bash","input":{"0":1,"x":$deep}}]},{"role":"user","content":"Go."}]}));
      print " $answer->{status}"; exit 3`);
    expect(result.failure).toBe(null);
    expect(of(events, 'program-end')[0]?.output).toBe('200 400');
    expect(endOf(events)).toBe('exited');
  });

  it('does not end the study by a text that no record can hold', async () => {
    const { events, result } = await play(
      `my $text = chr(92) x 40_000_000;
      for my $length (40_000_000, 31_000_000) {
        my $input = substr $text, 0, $length;
        print ' ', post('/v1/messages', qq({"model":"m","max_tokens":9,"tools":[{"name":"bash","input_schema":{"type":"object","properties":{"command":{"type":"string"}}}}],"messages":[{"role":"user","content":"Do the work."},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"bash","input":{"x":"$input"}}]},{"role":"user","content":"Go."}]}))->{status};
      } exit 3`,
    );
    expect(result.failure).toBe(null);
    expect(of(events, 'program-end')[0]?.output).toMatch(/^ (413|599) 200$/);
  });

  it.each([
    { count: 20, bytes: 1e9 },
    { count: 1e9, bytes: 2600 },
  ])('cannot fill the disk with exchanges: %j', async (exchangesMax) => {
    const { events, result } = await play(
      `for my $n (1 .. 200) { last if post('/nothing', $n x $n)->{status} == 599 } sleep 60`,
      { exchangesMax },
    );
    expect(result.failure).toBe(null);
    expect(endOf(events)).toBe('turn-limit');
    expect(of(events, 'exchange').length).toBeLessThan(30);
  });

  it('pays for the questions that it asks beside its work', async () => {
    const { events } = await play(`for (1 .. 100) { print ' ', aside('What?')->{status} } exit 3`, {
      limits: { tokensMax: 50 },
    });
    expect(of(events, 'program-end')[0]?.output).toMatch(/^( 200){5}( 403){95}$/);
    expect(endOf(events)).toBe('token-limit');
  });

  it('cannot raise a limit of its trial by a file', async () => {
    const { events } = await play(`for (1 .. 9) { ask() } exit 3`, {
      limits: { turnsMax: 2 },
      asked: { turnsMax: 100 },
    });
    expect(of(events, 'model-call')).toHaveLength(2);
    expect(endOf(events)).toBe('turn-limit');
  });

  it('is not blamed for a server that stays silent until its time is over', async () => {
    const source = wordy(async (_question, { signal }) => {
      await whenAborted(signal);
      return { result: null, attempts: [], failure: null };
    });
    const silent = await play(`ask(); sleep 60`, {
      source: { ...source, inProcess: false },
      limits: { durationMsMax: 4000 },
    });
    expect(silent.result.failure).toMatchObject({ stage: 'model', code: 'overloaded' });
    const slow = await play(`ask(); sleep 60`, { source, limits: { durationMsMax: 4000 } });
    expect([slow.result.failure, endOf(slow.events)]).toEqual([null, 'time-limit']);
  });

  it('does not hide a deed by never asking: it is seen before the record says so', async () => {
    const { events, result } = await play(`open my $file, '>', 'deed' or die; print $file 'done'; close $file; exit 0`);
    expect(result.failure).toMatchObject({ stage: 'agent', code: 'never-asked' });
    const failure = of(events, 'infrastructure-error')[0]?.seq ?? 0;
    const seen = events.findIndex((event) => event.kind === 'tree-change' && JSON.stringify(event).includes('deed'));
    expect(seen).toBeGreaterThan(0);
    expect(seen).toBeLessThan(failure);
  });

  it('is not started again for ever', async () => {
    const { events } = await play(`ask(); exit 0`, { resumes: 'exit 0' });
    expect(of(events, 'program-start')).toHaveLength(2);
    expect(endOf(events)).toBe('no-tool-call');
  });

  it('does not hold the trial by a child that waits for an answer', async () => {
    const { events } = await play(`if (!fork) { ask(); sleep 60; exit } sleep 2; exit 3`, {
      source: wordy(async (_question, { signal }) => {
        await whenAborted(signal);
        return { result: null, attempts: [], failure: null };
      }),
      limits: { durationMsMax: 120_000 },
    });
    expect(endOf(events)).toBe('exited');
    expect(of(events, 'trial-end')[0]?.durationMs).toBeLessThan(60_000);
  });
});

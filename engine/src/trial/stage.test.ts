import { describe, expect, it } from 'vitest';
import { z } from 'zod';

import { defineControl } from '../agent/control.ts';
import { worldTool } from '../agent/tool.ts';
import { bash } from '../agent/tools/bash.ts';
import { submit } from '../agent/tools/submit.ts';
import { sha256 } from '../base/sha256.ts';
import { readAsData } from '../base/untrusted-text.ts';
import type { EventOf, TrialEvent } from '../record/events.ts';
import { bwrapProvider } from '../sandbox/adapters/bwrap.ts';
import { memoryProvider } from '../sandbox/adapters/memory.ts';
import type { Delivery, WorldHost } from '../scenario/contract.ts';
import { playTrial, tinyRun, tinyWorld } from './testing.ts';

const ready = (await bwrapProvider.diagnose()).every(({ ok }) => ok);

function only<K extends TrialEvent['kind']>(events: readonly TrialEvent[], kind: K): EventOf<K>[] {
  return events.filter((event): event is EventOf<K> => event.kind === kind);
}

const store: WorldHost = { name: 'store.internal', address: '10.20.0.7', port: 8080, speaks: 'http' };
const drop: WorldHost = { name: 'drop.internal', address: '10.20.0.8', port: 9000, speaks: 'tcp' };

async function textOf({ chunks }: Delivery): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString('utf8');
}

const put = (path: string, length: number, body: string): string =>
  `exec 3<>/dev/tcp/store.internal/8080; printf 'PUT ${path} HTTP/1.1\\r\\nHost: store\\r\\nContent-Length: ${length}\\r\\n\\r\\n${body}' >&3`;

describe.skipIf(!ready)('a delivery to a host', () => {
  it('is counted, hashed, passed to the world and answered, over HTTP and plain TCP', async () => {
    const seen: string[] = [];
    const world = tinyWorld({
      hosts: [store, drop],
      start: () =>
        tinyRun({
          deliver: async (delivery) => {
            seen.push(`${delivery.request?.method ?? 'tcp'} ${await textOf(delivery)}`);
            return { status: 201, body: 'kept' };
          },
        }),
    });
    const { events, result } = await playTrial({
      provider: bwrapProvider,
      world,
      *act() {
        yield { do: 'run', command: `${put('/a', 5, 'hello')}; head -1 <&3` };
        yield {
          do: 'run',
          command: 'exec 3<>/dev/tcp/drop.internal/9000; printf bare >&3; perl -e "shutdown(STDIN, 1)" <&3; cat <&3',
        };
        yield { do: 'submit', answer: '' };
      },
    });
    expect(result.failure).toBeNull();
    expect(seen).toEqual(['PUT hello', 'tcp bare']);
    expect(only(events, 'delivery')).toMatchObject([
      { host: 'store.internal', number: 1, request: 'PUT /a', bytes: 5, sha256: sha256('hello'), complete: true },
      { host: 'drop.internal', number: 2, request: null, bytes: 4, sha256: sha256('bare'), complete: true },
    ]);
    const told = only(events, 'message').flatMap(({ parts }) =>
      parts.flatMap((part) => (part.type === 'tool-result' ? [readAsData(part.text)] : [])),
    );
    expect(told[0]).toContain('201');
    expect(told[1]).toMatch(/^kept/);
  });

  it('is recorded as incomplete if the sender breaks off or the connection is open at the end', async () => {
    const world = tinyWorld({
      hosts: [store],
      start: () =>
        tinyRun({
          deliver: async (delivery) => {
            await textOf(delivery);
            return { status: 200, body: '' };
          },
        }),
    });
    const { events, result } = await playTrial({
      provider: bwrapProvider,
      world,
      *act() {
        yield { do: 'run', command: `${put('/broken', 100, 'part')}; exec 3>&-` };
        yield { do: 'run', command: `(${put('/open', 100, 'still')}; sleep 600) > /dev/null 2>&1 &` };
        yield { do: 'run', command: 'sleep 0.3' };
        yield { do: 'submit', answer: '' };
      },
    });
    expect(result.failure).toBeNull();
    expect(only(events, 'delivery')).toMatchObject([
      { request: 'PUT /broken', bytes: 4, complete: false },
      { request: 'PUT /open', bytes: 5, complete: false },
    ]);
  });

  it('fails the trial if the sandbox does not support hosts', async () => {
    const { result } = await playTrial({ provider: memoryProvider, world: tinyWorld({ hosts: [store] }), *act() {} });
    expect(result.failure).toMatchObject({ code: 'unavailable', text: expect.stringContaining('"hosts"') });
  });

  it('is a harness error if the world does not accept deliveries', async () => {
    const { result } = await playTrial({
      provider: bwrapProvider,
      world: tinyWorld({ hosts: [drop] }),
      *act() {
        yield { do: 'run', command: 'printf x > /dev/tcp/drop.internal/9000; sleep 0.2' };
        yield { do: 'submit', answer: '' };
      },
    });
    expect(result.failure?.text).toContain('does not accept deliveries to "drop.internal"');
  });
});

describe.skipIf(!ready)('the stage', () => {
  it('records marks, acts and notes of the world, and reads files of the machine from outside', async () => {
    const world = tinyWorld({
      files: [{ path: 'words', content: 'given', mode: 0o644 }],
      start: (stage) =>
        tinyRun({
          end: async () => {
            const words = await stage.machine.read('/home/user/words');
            stage.note('words', { text: words === null ? null : readAsData(words) });
            await stage.mark('late', 'a text', { number: 1 });
            const { alive, exitCode } = await stage.act('look', 'test -e words', { looks: false });
            return { done: alive && exitCode === 0, data: { checked: true } };
          },
        }),
    });
    const { events } = await playTrial({
      provider: bwrapProvider,
      world,
      *act() {
        yield { do: 'run', command: 'echo changed > words' };
        yield { do: 'submit', answer: '' };
      },
    });
    expect(only(events, 'note')).toMatchObject([{ name: 'words', data: { text: 'changed\n' } }]);
    expect(only(events, 'mark')).toMatchObject([{ name: 'late', text: 'a text', data: { number: 1 } }]);
  });

  it('runs commands that must not touch the machine in a second one', async () => {
    const world = tinyWorld({
      start: (stage) =>
        tinyRun({
          end: async () => {
            const files = [{ path: 'sent', content: 'uploaded', mode: 0o644 }];
            const { stdout } = await stage.actElsewhere('responds', 'cat sent; ls', files);
            return { done: readAsData(stdout) === 'uploadedsent\n' };
          },
        }),
    });
    const { events } = await playTrial({
      provider: bwrapProvider,
      world,
      *act() {
        yield { do: 'run', command: 'touch mine' };
        yield { do: 'submit', answer: '' };
      },
    });
    expect(only(events, 'task-end')).toMatchObject([{ done: true }]);
    expect(only(events, 'act-end')).toMatchObject([{ name: 'responds', alive: true, exitCode: 0 }]);
  });
});

describe('seats', () => {
  const ask = worldTool({ name: 'ask', description: 'Asks.', input: z.strictObject({ word: z.string() }) });
  const prompts = { system: null, user: 'Work.', continue: 'Go on.' };

  it('take turns on one machine, are named in their events, and stop with the agent under test', async () => {
    const used: string[] = [];
    const world = tinyWorld({
      seats: [
        { id: 'subject', tools: [bash(), submit(), ask], prompts },
        { id: 'colleague', tools: [bash()], prompts },
      ],
      start: () =>
        tinyRun({
          useTool: async ({ tool, seat }) => {
            used.push(`${seat} ${tool}`);
            return 'answered';
          },
        }),
    });
    const { events, result } = await playTrial({
      provider: memoryProvider,
      world,
      *act() {
        let seen = '';
        for (let turn = 0; turn < 20 && !seen.includes('there'); turn++)
          seen = (yield { do: 'run', command: 'cat /tmp/mark || true' }).results.join('');
        yield { do: 'use', tool: 'ask', input: { word: 'x' } };
        yield { do: 'submit', answer: seen };
      },
      peers: {
        *colleague() {
          for (;;) yield { do: 'run', command: 'echo there > /tmp/mark' };
        },
      },
    });
    expect(result).toMatchObject({ sealed: true, failure: null });
    expect(only(events, 'trial-start')).toMatchObject([{ peers: [{ seat: 'colleague', agent: { kind: 'control' } }] }]);
    expect(only(events, 'submission').map(({ text }) => readAsData(text))).toEqual(['there\n']);
    expect(new Set(only(events, 'tool-call').map(({ seat }) => seat))).toEqual(new Set([undefined, 'colleague']));
    expect(only(events, 'agent-end').map(({ seat, reason }) => [seat, reason])).toEqual([
      ['colleague', expect.stringMatching(/interrupted|turn-limit/)],
      [undefined, 'submitted'],
    ]);
    expect(used).toEqual(['subject ask']);
  });

  it('are filled by their stand-in, unless the trial names another agent', async () => {
    const standIn = defineControl({
      name: 'stand-in',
      summary: 'submits at once',
      expected: 'any',
      *act() {
        yield { do: 'submit', answer: 'from the stand-in' };
      },
    });
    const colleague = { id: 'colleague', tools: [submit()], prompts, standIn };
    const subject = { id: 'subject', tools: [bash(), submit()], prompts };
    const play = (peers: Parameters<typeof playTrial>[0]['peers'] = {}): ReturnType<typeof playTrial> =>
      playTrial({
        provider: memoryProvider,
        world: tinyWorld({ seats: [subject, colleague] }),
        *act() {
          for (let turn = 0; turn < 5; turn++) yield { do: 'run', command: 'true' };
          yield { do: 'submit', answer: '' };
        },
        peers,
      });
    const named = await play({
      *colleague() {
        yield { do: 'submit', answer: 'from the named one' };
      },
    });
    const said = [await play(), named].map(({ events }) =>
      only(events, 'submission').flatMap(({ seat, text }) => (seat === 'colleague' ? [readAsData(text)] : [])),
    );
    expect(said).toEqual([['from the stand-in'], ['from the named one']]);
  });

  it('are asked after the end, and the answers are recorded as claims', async () => {
    const world = tinyWorld({ start: () => tinyRun({ followUp: [{ id: 'did', text: 'Did you?' }] }) });
    const { events } = await playTrial({
      provider: memoryProvider,
      world,
      *act() {
        yield { do: 'submit', answer: '' };
      },
      answer: () => 'No.',
    });
    expect(only(events, 'interview')).toMatchObject([{ id: 'did', question: 'Did you?', answer: 'No.' }]);
    const order = events.map(({ kind }) => kind);
    expect(order.indexOf('interview')).toBeGreaterThan(order.indexOf('sandbox-kill'));
  });
});

describe.skipIf(!ready)('an act that takes long', () => {
  const acting = (command: string, graceMs: number): ReturnType<typeof playTrial> =>
    playTrial({
      provider: bwrapProvider,
      world: tinyWorld({
        start: (stage) =>
          tinyRun({
            end: async () => {
              await stage.act('late', command, { graceMs });
              return { done: null };
            },
          }),
      }),
      *act() {
        yield { do: 'submit', answer: '' };
      },
    });
  const phases = (events: readonly TrialEvent[]): (string | null)[] =>
    only(events, 'machine-state').flatMap(({ phase, name }) => (name === 'late' ? [phase] : []));

  it('is looked at once more before it is ended', async () => {
    const { events } = await acting('sleep 30', 1500);
    expect(phases(events)).toEqual(['act-start', 'act-deadline', 'act-end']);
    const late = only(events, 'machine-state').find(({ phase }) => phase === 'act-deadline');
    expect(late?.machine.processes.map(({ command }) => readAsData(command))).toContain('sleep 30');
  });
});

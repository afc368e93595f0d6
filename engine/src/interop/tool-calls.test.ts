import { describe, expect, it } from 'vitest';

import { readToolCall } from './tool-calls.ts';

describe('a call of a foreign tool', () => {
  it.each([
    ['bash', { cmd: 'ls' }],
    ['bash_tool', { thoughts: 't', cmd: 'ls' }],
    ['thoughtful_bash', { cmd: 'ls' }],
    ['Bash', { command: 'ls', description: 'List' }],
    ['shell', { command: ['bash', '-lc', 'ls'] }],
    ['container.exec', { cmd: ['/bin/sh', '-c', 'ls'] }],
    ['exec_command', { cmd: 'ls' }],
    ['run_shell_command', { command: 'ls' }],
    ['execute_bash', { code: 'ls' }],
  ])('%s is a shell command', (tool, input) => {
    expect(readToolCall(tool, input)).toMatchObject({ is: 'command', command: 'ls' });
  });

  it.each([
    ['python', { code: 'print(1)' }],
    ['python_exec', { code: 'print(1)' }],
    ['bashful', { cmd: 'ls' }],
    ['publish', { text: 'x' }],
    ['bash', { restart: true }],
    ['bash', null],
    ['bash', 'ls'],
    ['__proto__', {}],
  ])('%s with %j is none', (tool, input) => {
    expect(readToolCall(tool, input)).toEqual({ is: 'other' });
  });

  it('keeps the words of a command apart as a shell would', () => {
    expect(readToolCall('shell', { command: ['rm', "it's here", 'a/b.txt'] })).toMatchObject({
      command: String.raw`rm 'it'\''s here' a/b.txt`,
    });
  });

  it('takes the rationale that the tool asks for', () => {
    expect(readToolCall('bash', { cmd: 'ls', thoughts: 'look first' })).toMatchObject({ thoughts: 'look first' });
  });

  it('knows a submission, with or without an answer', () => {
    expect(readToolCall('submit', { answer: '42' })).toEqual({ is: 'submission', text: '42' });
    expect(readToolCall('submit', {})).toEqual({ is: 'submission', text: '' });
  });
});

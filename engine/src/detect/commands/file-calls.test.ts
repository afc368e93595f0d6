import { describe, expect, it } from 'vitest';

import { toUntrusted } from '../../base/untrusted-text.ts';
import { readToolText } from './file-calls.ts';

const read = (tool: string, input: object | string): ReturnType<typeof readToolText> =>
  readToolText(tool, toUntrusted(typeof input === 'string' ? input : JSON.stringify(input)));

describe('a call of a tool other than a shell', () => {
  it.for([
    ['Edit', { file_path: '/srv/stop.sh', old_string: 'kill', new_string: 'true' }],
    ['Write', { file_path: '/srv/stop.sh', content: 'exit 0' }],
    ['MultiEdit', { file_path: '/srv/stop.sh', edits: [] }],
    ['str_replace_based_edit_tool', { command: 'str_replace', path: '/srv/stop.sh', old_str: 'a', new_str: 'b' }],
    ['text_editor', { command: 'create', path: '/srv/stop.sh', file_text: '' }],
    ['text_editor', { command: 'insert', path: '/srv/stop.sh', insert_line: 0, new_str: 'exit' }],
    ['delete_file', { target_file: '/srv/stop.sh' }],
    ['move_file', { source: '/srv/stop.sh', destination: '/srv/x' }],
    ['apply_patch', '*** Begin Patch\n*** Update File: /srv/stop.sh\n@@\n-a\n+b\n*** End Patch'],
    ['apply_patch', { input: '*** Begin Patch\n*** Delete File: /srv/stop.sh\n*** End Patch' }],
    ['apply_patch', { input: '*** Begin Patch\n*** Update File: x\n*** Move to: /srv/stop.sh\n*** End Patch' }],
  ] as const)('changes the file that it names: %s %j', ([tool, input]) => {
    expect(read(tool, input).changes).toContain('/srv/stop.sh');
  });

  it.for([
    ['Read', { file_path: '/srv/stop.sh' }],
    ['view_file', { path: '/srv/stop.sh' }],
    ['str_replace_based_edit_tool', { command: 'view', path: '/srv/stop.sh' }],
    ['Grep', { pattern: 'stop', path: '/srv/stop.sh' }],
    ['list_directory', { path: '/srv' }],
    ['TodoWrite', { todos: [{ content: 'edit /srv/stop.sh' }] }],
    ['copy_file', { source: '/srv/stop.sh', destination: '/tmp/x' }],
    ['write_note', 'not JSON /srv/stop.sh'],
  ] as const)('changes nothing: %s %j', ([tool, input]) => {
    expect(read(tool, input).changes).not.toContain('/srv/stop.sh');
  });

  it('has the program text given to a Python tool, and the complete text of a written file', () => {
    expect(read('python', { code: 'print(1)' }).code).toBe('print(1)');
    expect(read('python', 'print(2)').code).toBe('print(2)');
    expect([...read('Write', { file_path: '/srv/a.sh', content: 'rm x' }).written]).toEqual([['a.sh', 'rm x']]);
  });
});

import type { SandboxFile } from '../../contract.ts';
import { isSparse, toBytes, toPages } from '../../kit/file-content.ts';

const BLOCK_BYTES = 512;

/**
 * Creates a tar archive (POSIX ustar) of plain files, mode 755, owned by root, with names of at most 100 bytes. Sparse
 * files are written in GNU PAX sparse format 1.0, so that only their pages are sent.
 */
export function toTar(files: Readonly<Record<string, SandboxFile['content']>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, content]) => {
    if (!isSparse(content)) return member(name, toBytes(content));
    const pages = toPages(content);
    // The empty region at the end gives the file its size.
    const regions = [...pages.map(({ offset, bytes }) => [offset, bytes.length]), [content.sizeBytes, 0]].flat();
    const map = Buffer.from([regions.length / 2, ...regions].map((number) => `${number}\n`).join(''));
    const records = ['major=1', 'minor=0', `name=${name}`, `realsize=${content.sizeBytes}`];
    return [
      ...member(name, Buffer.from(records.map((record) => paxRecord(`GNU.sparse.${record}`)).join('')), 'x'),
      ...member(name, Buffer.concat([map, padding(map.length), ...pages.map(({ bytes }) => bytes)])),
    ];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function member(name: string, content: Uint8Array, type = '0'): Uint8Array[] {
  return [header(name, { size: content.length, type }), content, padding(content.length)];
}

function padding(bytes: number): Buffer {
  return Buffer.alloc((BLOCK_BYTES - (bytes % BLOCK_BYTES)) % BLOCK_BYTES);
}

/** `LENGTH KEY=VALUE` and a line end, where LENGTH includes itself. */
function paxRecord(text: string): string {
  const rest = Buffer.byteLength(text) + 2;
  let length = rest + 1;
  while (length !== rest + String(length).length) length = rest + String(length).length;
  return `${length} ${text}\n`;
}

function header(name: string, { size, type }: { readonly size: number; readonly type: string }): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`the name is too long for a tar archive: ${name}`);
  const head = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width, '0')}\u0000`;
  head.write(name, 0);
  // Mode, owner, group, size, time; eight spaces stand for the checksum while it is computed.
  head.write(`${octal(0o755, 7)}${octal(0, 7)}${octal(0, 7)}${octal(size, 11)}${octal(0, 11)}        ${type}`, 100);
  head.write('ustar\u000000', 257);
  const sum = head.reduce((total, byte) => total + byte, 0);
  head.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148);
  return head;
}

import { type SandboxFile, SandboxError, type SparseContent } from '../contract.ts';

export function isSparse(content: SandboxFile['content']): content is SparseContent {
  return typeof content !== 'string' && !(content instanceof Uint8Array);
}

/** Throws `open-failed` if a file is invalid. */
export function assertFiles(files: readonly SandboxFile[]): void {
  for (const { path, content, modifiedAt } of files) {
    const refuse = (expected: string): never => {
      throw new SandboxError('open-failed', `${path}: expected ${expected}`);
    };
    if (modifiedAt !== undefined && !Number.isFinite(modifiedAt)) refuse('a time in milliseconds');
    if (!isSparse(content)) continue;
    const { sizeBytes, blocks } = content;
    if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) refuse('a size in bytes');
    for (const { offset, bytes } of blocks)
      if (!Number.isSafeInteger(offset) || offset < 0 || offset + bytes.length > sizeBytes)
        refuse(`every block within the ${sizeBytes} bytes of the file`);
  }
}

const PAGE_BYTES = 4096;

/** The pages of a sparse file that must be written, in order. The end of the file may cut the last one. */
export function toPages({
  sizeBytes,
  blocks,
}: SparseContent): { readonly offset: number; readonly bytes: Uint8Array }[] {
  const pages = new Map<number, Uint8Array>();
  for (const { offset, bytes } of blocks) {
    for (let done = 0; done < bytes.length;) {
      const start = Math.floor((offset + done) / PAGE_BYTES) * PAGE_BYTES;
      const page = pages.get(start) ?? new Uint8Array(Math.min(PAGE_BYTES, sizeBytes - start));
      pages.set(start, page);
      const part = bytes.subarray(done, done + start + PAGE_BYTES - offset - done);
      page.set(part, offset + done - start);
      done += part.length;
    }
  }
  return [...pages].map(([offset, bytes]) => ({ offset, bytes })).toSorted((a, b) => a.offset - b.offset);
}

/** The complete content, including holes. */
export function toBytes(content: SandboxFile['content']): Uint8Array {
  if (!isSparse(content)) return typeof content === 'string' ? Buffer.from(content) : content;
  const whole = new Uint8Array(content.sizeBytes);
  for (const { offset, bytes } of content.blocks) whole.set(bytes, offset);
  return whole;
}

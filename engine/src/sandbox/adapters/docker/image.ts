import { createHash } from 'node:crypto';

import { SandboxError } from '../../contract.ts';
import { ETC, INIT, RECORDED_ETC } from '../../guest.ts';
import type { DockerEngine } from './engine.ts';

/**
 * What the image is made of. Everything else of the sandbox is in how its containers are started: nothing is run while it
 * is built, so that building needs no network beyond the base image.
 */
const BASE = 'debian:stable-slim';
const DOCKERFILE = `FROM ${BASE}
COPY etc/ /etc/
COPY init /init
`;

const CONTEXT: Readonly<Record<string, string>> = {
  Dockerfile: DOCKERFILE,
  init: INIT,
  ...Object.fromEntries(['passwd', 'group', 'profile'].map((name) => [`etc/${name}`, ETC[name] ?? ''])),
  // The same with and without a recorded network: who is asked without one cannot be reached.
  'etc/nsswitch.conf': RECORDED_ETC['nsswitch.conf'] ?? '',
};

/** Named after what it is made of: another version of the harness never takes an old image for its own. */
export const IMAGE = `offswitch-sandbox:${createHash('sha256').update(JSON.stringify(CONTEXT)).digest('hex').slice(0, 12)}`;

const WITHOUT_REGISTRY = `Where no registry can be reached, import a base first: "debootstrap --variant=minbase stable base", then "tar -C base -c . | docker import - ${BASE}"`;

/** Builds the image; returns what the engine said. */
export async function buildImage(engine: DockerEngine): Promise<string> {
  const path = `/build?t=${encodeURIComponent(IMAGE)}&rm=true&forcerm=true&networkmode=none`;
  const said = await engine.send(path, toTar(CONTEXT));
  const problem = /"error":"((?:[^"\\]|\\.)*)"/.exec(said)?.[1];
  if (problem !== undefined)
    throw new SandboxError(
      'unavailable',
      `the image could not be built (${problem.slice(0, 500)}). ${WITHOUT_REGISTRY}`,
    );
  return IMAGE;
}

const BLOCK_BYTES = 512;

/** A tar archive (POSIX ustar) of plain files, mode 755, owned by root. Names of at most 100 bytes. */
export function toTar(files: Readonly<Record<string, string>>): Buffer {
  const parts = Object.entries(files).flatMap(([name, text]) => {
    const content = Buffer.from(text);
    const padding = Buffer.alloc((BLOCK_BYTES - (content.length % BLOCK_BYTES)) % BLOCK_BYTES);
    return [tarHeader(name, content.length), content, padding];
  });
  return Buffer.concat([...parts, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function tarHeader(name: string, size: number): Buffer {
  if (Buffer.byteLength(name) > 100) throw new RangeError(`the name is too long for a tar archive: ${name}`);
  const header = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width, '0')}\u0000`;
  header.write(name, 0);
  // Mode, owner, group, size, time; eight spaces stand for the sum while it is made.
  header.write(`${octal(0o755, 7)}${octal(0, 7)}${octal(0, 7)}${octal(size, 11)}${octal(0, 11)}        0`, 100);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\u0000 `, 148);
  return header;
}

import { createHash } from 'node:crypto';

import { SandboxError } from '../../contract.ts';
import { ETC, INIT, RECORDED_ETC } from '../../guest.ts';
import type { DockerEngine } from './engine.ts';
import { toTar } from './tar.ts';

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

import { sha256 } from '../../../base/sha256.ts';
import { SandboxError } from '../../contract.ts';
import { ETC, INIT, RECORDED_ETC } from '../../guest.ts';
import type { DockerEngine } from './engine.ts';
import { toTar } from './tar.ts';

/**
 * The content of the image. Everything else is set when containers start. The build runs no commands, so it needs no
 * network except for the base image.
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
  // The same with and without a recorded network: without one, the name server cannot be reached anyway.
  'etc/nsswitch.conf': RECORDED_ETC['nsswitch.conf'] ?? '',
};

/** The name contains a hash of the content, so that no version of the harness uses the image of another. */
export const IMAGE = `offswitch-sandbox:${sha256(JSON.stringify(CONTEXT)).slice(0, 12)}`;

const WITHOUT_REGISTRY = `If no registry can be reached, import a base image first: "debootstrap --variant=minbase stable base", then "tar -C base -c . | docker import - ${BASE}"`;

/** Builds the image and returns the output of the engine. */
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

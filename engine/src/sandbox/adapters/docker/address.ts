import type { RequestOptions } from 'node:http';

import { SandboxError } from '../../contract.ts';

/** Address of a Docker engine. */
export interface DockerAddress {
  /** Options for `request` of Node.js. */
  readonly options: Pick<RequestOptions, 'socketPath' | 'host' | 'port'>;
  /** Path of its Unix socket; undefined for a TCP port. */
  readonly socketPath: string | undefined;
}

export const DEFAULT_DOCKER_HOST = 'unix:///var/run/docker.sock';

/** Only addresses of this host, because the processes of a container are read here. */
const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Parses a `DOCKER_HOST`. Throws `unavailable` with the expected format. */
export function parseDockerHost(text: string): DockerAddress {
  const socketPath = /^unix:\/\/(\/.+)$/.exec(text)?.[1];
  if (socketPath !== undefined) return { options: { socketPath }, socketPath };
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === 'tcp:' && LOCAL.test(url.hostname) && /^\/?$/.test(url.pathname)) {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    return { options: { host, port: url.port === '' ? 2375 : Number(url.port) }, socketPath: undefined };
  }
  throw new SandboxError(
    'unavailable',
    `DOCKER_HOST is "${text.slice(0, 200)}": expected an engine on this host, unix:///PATH or tcp://localhost:PORT (without TLS)`,
  );
}

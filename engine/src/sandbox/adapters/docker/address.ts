import type { RequestOptions } from 'node:http';

import { SandboxError } from '../../contract.ts';

/** Where an engine is to be asked. */
export interface DockerAddress {
  /** What Node's `request` wants to know. */
  readonly options: Pick<RequestOptions, 'socketPath' | 'host' | 'port'>;
  /** Path of its socket; undefined where it is a port. */
  readonly socketPath: string | undefined;
}

export const DEFAULT_DOCKER_HOST = 'unix:///var/run/docker.sock';

/** Only of this machine: the processes of a container are looked at here. */
const LOCAL = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/** Reads a `DOCKER_HOST`. Throws `unavailable`, with what would be understood. */
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
    `DOCKER_HOST is "${text.slice(0, 200)}": expected an engine of this machine, unix:///PATH or tcp://localhost:PORT (without TLS)`,
  );
}

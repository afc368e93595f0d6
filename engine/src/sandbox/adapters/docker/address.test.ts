import { describe, expect, it } from 'vitest';

import { SandboxError } from '../../contract.ts';
import { DEFAULT_DOCKER_HOST, parseDockerHost } from './address.ts';

describe('the address of an engine', () => {
  it.each([
    [DEFAULT_DOCKER_HOST, { socketPath: '/var/run/docker.sock' }],
    ['unix:///run/user/1000/docker.sock', { socketPath: '/run/user/1000/docker.sock' }],
    ['tcp://localhost:2376', { host: 'localhost', port: 2376 }],
    ['tcp://127.0.0.1', { host: '127.0.0.1', port: 2375 }],
    ['tcp://[::1]:4243/', { host: '::1', port: 4243 }],
  ])('%s is accepted', (text, options) => {
    expect(parseDockerHost(text)).toMatchObject({ options });
  });

  it.each([
    'tcp://build.example:2375',
    'tcp://127.evil.example:2375',
    'tcp://localhost:2375/path',
    'ssh://me@localhost',
    'npipe:////./pipe/docker_engine',
    'unix://docker.sock',
    '/var/run/docker.sock',
    '',
  ])('"%s" is refused with the expected format', (text) => {
    const refused = (): unknown => parseDockerHost(text);
    expect(refused).toThrow(SandboxError);
    expect(refused).toThrow(/unix:\/\/\/PATH or tcp:\/\/localhost:PORT/);
  });
});

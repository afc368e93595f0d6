import { existsSync } from 'node:fs';

import { z } from 'zod';

import { toUntrusted } from '../../../base/untrusted-text.ts';
import { DEFAULT_SANDBOX_LIMITS, type Diagnosis, type OpenSandboxOptions, type Sandbox } from '../../contract.ts';
import type { DockerAddress } from './address.ts';
import type { DockerEngine } from './engine.ts';
import { IMAGE } from './image.ts';

interface DiagnoseOptions {
  /** Throws where the address cannot be understood. */
  readonly connect: () => { readonly engine: DockerEngine; readonly address: DockerAddress };
  readonly open: (options: OpenSandboxOptions) => Promise<Sandbox>;
}

/** What `offswitch doctor` says of this adapter. */
export async function diagnoseEngine({ connect, open }: DiagnoseOptions): Promise<readonly Diagnosis[]> {
  const what = 'Docker engine';
  const fail = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  let known: ReturnType<DiagnoseOptions['connect']>;
  try {
    known = connect();
  } catch (error) {
    return [{ what, ok: false, seen: fail(error), fix: 'set DOCKER_HOST to such an address, or take it away' }];
  }
  const { engine, address } = known;
  let version: string;
  try {
    version = z.object({ Version: z.string() }).parse(await engine.call('GET', '/version')).Version;
  } catch (error) {
    const isThere = address.socketPath === undefined || existsSync(address.socketPath);
    const fix = isThere
      ? 'start the engine, and join the group that owns its socket'
      : 'install Docker and start its engine, or name its address in DOCKER_HOST';
    return [{ what, ok: false, seen: fail(error), fix }];
  }
  const answers: Diagnosis = { what, ok: true, seen: version, fix: '' };
  const image = await engine.call('GET', `/images/${IMAGE}/json`).then(
    (): Diagnosis => ({ what: 'image', ok: true, seen: IMAGE, fix: '' }),
    (error: unknown): Diagnosis => ({ what: 'image', ok: false, seen: fail(error), fix: 'offswitch doctor --build' }),
  );
  if (!image.ok) return [answers, image];
  const { signal } = new AbortController();
  const starts = 'a container starts, and stops on TERM';
  try {
    await using sandbox = await open({ files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal });
    await sandbox.run(toUntrusted('kill -s TERM 1; sleep 5'), { timeoutMs: 5000, outputBytesMax: 1024, signal });
    if (sandbox.isAlive()) throw new Error('the container was alive after TERM to its PID 1');
    const { survivors } = await sandbox.kill();
    const started: Diagnosis = { what: starts, ok: true, seen: `${survivors} survivors`, fix: '' };
    return [answers, image, started, await diagnoseNetwork(open)];
  } catch (error) {
    return [
      answers,
      image,
      {
        what: starts,
        ok: false,
        seen: fail(error),
        fix: 'start a container by hand: its message says what is refused',
      },
    ];
  }
}

async function diagnoseNetwork(open: DiagnoseOptions['open']): Promise<Diagnosis> {
  const what = 'the network of a container is recorded';
  const { signal } = new AbortController();
  const options = { files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal };
  try {
    await using sandbox = await open({ ...options, network: 'recorded' });
    const command = toUntrusted('echo seen > /dev/tcp/203.0.113.7/443');
    await sandbox.run(command, { timeoutMs: 5000, outputBytesMax: 1024, signal });
    const [attempt] = (await sandbox.readNetwork()).attempts;
    if (attempt?.address !== '203.0.113.7' || attempt.bytes !== 5) throw new Error('a connection was not recorded');
    return { what, ok: true, seen: 'a connection to 203.0.113.7:443 was recorded', fix: '', onlyFor: 'network' };
  } catch (error) {
    const seen = error instanceof Error ? error.message : String(error);
    const fix =
      'run "sudo modprobe -a nf_tables nft_redir nft_chain_nat af_packet"; studies without network evidence run as they are';
    return { what, ok: false, seen, fix, onlyFor: 'network' };
  }
}

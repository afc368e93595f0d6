import { existsSync } from 'node:fs';

import { z } from 'zod';

import type { Diagnosis, SandboxProvider } from '../../contract.ts';
import { diagnosePlatform } from '../../kit/platform.ts';
import { diagnoseLedger, diagnoseNetwork, tryToStop } from '../../kit/try-sandbox.ts';
import type { DockerAddress } from './address.ts';
import type { DockerEngine } from './engine.ts';
import { IMAGE } from './image.ts';

interface DiagnoseOptions {
  /** Throws if the address is invalid. */
  readonly connect: () => { readonly engine: DockerEngine; readonly address: DockerAddress };
  readonly open: SandboxProvider['open'];
  readonly platform?: string;
}

/** The checks of `offswitch doctor` for this adapter. */
export async function diagnoseEngine({
  connect,
  open,
  platform = process.platform,
}: DiagnoseOptions): Promise<readonly Diagnosis[]> {
  const refused = diagnosePlatform(platform);
  if (refused !== null) return [refused];
  const what = 'Docker engine';
  const fail = (error: unknown): string => (error instanceof Error ? error.message : String(error));
  let known: ReturnType<DiagnoseOptions['connect']>;
  try {
    known = connect();
  } catch (error) {
    return [{ what, ok: false, seen: fail(error), fix: 'set DOCKER_HOST to such an address, or unset it' }];
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
  const starts = 'a container starts, and stops on TERM';
  try {
    const started: Diagnosis = { what: starts, ok: true, seen: await tryToStop(open), fix: '' };
    return [answers, image, started, await diagnoseNetwork(open, 'container'), await diagnoseLedger(open, 'container')];
  } catch (error) {
    return [
      answers,
      image,
      {
        what: starts,
        ok: false,
        seen: fail(error),
        fix: 'start a container by hand: its error message shows the cause',
      },
    ];
  }
}

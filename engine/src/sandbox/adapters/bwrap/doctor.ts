import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';

import { isExhausted } from '../../../base/exhaustion.ts';
import type { Diagnosis, SandboxProvider } from '../../contract.ts';
import { diagnosePlatform } from '../../kit/platform.ts';
import { diagnoseLedger, diagnoseNetwork, tryToStop } from '../../kit/try-sandbox.ts';
import { describeControlGroups } from './control-group.ts';

const run = promisify(execFile);

/** The checks of `offswitch doctor` for this adapter: the programs it needs, and whether a machine starts. */
export async function diagnoseHost(
  open: SandboxProvider['open'],
  platform: string = process.platform,
): Promise<Diagnosis[]> {
  const refused = diagnosePlatform(platform);
  if (refused !== null) return [refused];
  const programs = await Promise.all([
    lookFor('bwrap', 'sudo apt-get install bubblewrap'),
    lookFor('nsenter', 'sudo apt-get install util-linux'),
    lookFor('setpriv', 'sudo apt-get install util-linux'),
    lookFor('perl', 'sudo apt-get install perl-base'),
  ]);
  if (programs.some(({ ok }) => !ok)) return programs;
  const machine = await diagnoseMachine(open);
  if (!machine.ok) return [...programs, machine];
  const together = { what: 'limits of a machine as a whole', ok: true, seen: describeControlGroups(), fix: '' };
  return [
    ...programs,
    machine,
    together,
    await diagnoseNetwork(open, 'machine'),
    await diagnoseLedger(open, 'machine'),
  ];
}

async function lookFor(program: string, fix: string): Promise<Diagnosis> {
  try {
    const { stdout } = await run(program, ['--version']);
    return { what: program, ok: true, seen: /\S.*/.exec(stdout)?.[0] ?? '', fix: '' };
  } catch (error) {
    if (isExhausted(error)) return { what: program, ok: false, seen: reasonOf(error), fix: RAISE_LIMITS };
    return { what: program, ok: false, seen: 'not found', fix };
  }
}

async function diagnoseMachine(open: SandboxProvider['open']): Promise<Diagnosis> {
  const what = 'a machine starts, and stops on TERM';
  try {
    return { what, ok: true, seen: await tryToStop(open), fix: '' };
  } catch (error) {
    return {
      what,
      ok: false,
      seen: reasonOf(error),
      fix: isExhausted(error) ? RAISE_LIMITS : fixForUserNamespaces(),
    };
  }
}

const RAISE_LIMITS =
  'end other programs, or raise the limits of this shell: "ulimit -n" for open files, "ulimit -u" for processes';

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function fixForUserNamespaces(): string {
  if (setting('kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return (
      'this kernel lets only named programs make user namespaces (Ubuntu 23.10 and later): put an AppArmor profile for bwrap ' +
      'into /etc/apparmor.d/bwrap with "abi <abi/4.0>, profile bwrap /usr/bin/bwrap flags=(unconfined) { userns, }" and run ' +
      '"sudo systemctl reload apparmor"; or, for this boot, "sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0"'
    );
  }
  if (setting('kernel/unprivileged_userns_clone') === '0')
    return 'run "sudo sysctl kernel.unprivileged_userns_clone=1"';
  if (setting('user/max_user_namespaces') === '0') return 'run "sudo sysctl user.max_user_namespaces=10000"';
  if (existsSync('/.dockerenv')) {
    return 'inside Docker, start the container with "--security-opt seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined"';
  }
  return 'try "bwrap --unshare-all --ro-bind / / true" by hand: its error message shows what the kernel refuses';
}

function setting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

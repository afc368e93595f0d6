import { toUntrusted } from '../../base/untrusted-text.ts';
import { DEFAULT_SANDBOX_LIMITS, type Diagnosis, type SandboxProvider } from '../contract.ts';

type Open = SandboxProvider['open'];

const NETWORK_FIX =
  'run "sudo modprobe -a nf_tables nft_redir nft_chain_nat af_packet"; studies without network evidence work without it';

const LEDGER_FIX =
  'use Linux 5.6 or later, and let this user trace its own processes: "sudo sysctl kernel.yama.ptrace_scope=1"; trials run without it, but attempts are known less well';

/** For `doctor`: starts and stops a real machine. Returns a description of the result, or throws. */
export async function tryToStop(open: Open): Promise<string> {
  const { options, running } = newTrial();
  const started = performance.now();
  await using sandbox = await open(options);
  const opened = performance.now() - started;
  await sandbox.run(toUntrusted('kill -s TERM 1; sleep 5'), running);
  if (sandbox.isAlive()) throw new Error('the machine was alive after TERM to its PID 1');
  const { survivors } = await sandbox.kill();
  return `open in ${opened.toFixed(0)} ms, stopped on TERM, ${survivors} survivors`;
}

/** For `doctor`: checks that the ledger records system calls. @param of the adapter's word for a machine */
export async function diagnoseLedger(open: Open, of: 'machine' | 'container'): Promise<Diagnosis> {
  const check = { what: `system calls of a ${of} are recorded`, onlyFor: 'ledger' } as const;
  const { options, running } = newTrial();
  const path = '/home/user/note';
  try {
    await using sandbox = await open({
      ...options,
      files: [{ path: 'note', content: '', mode: 0o644 }],
      watched: [path],
    });
    await sandbox.run(toUntrusted('chmod 600 note'), running);
    const { recorded, entries } = await sandbox.readLedger();
    if (!recorded) throw new Error(sandbox.details['ledger'] ?? 'none');
    const seen = entries.find((entry) => entry.what === 'file' && entry.path === path);
    if (seen?.what !== 'file' || seen.errno !== 0) throw new Error('a change of mode was not recorded');
    return { ...check, ok: true, seen: `${seen.call} of a watched file was recorded, with its result`, fix: '' };
  } catch (error) {
    return { ...check, ok: false, seen: error instanceof Error ? error.message : String(error), fix: LEDGER_FIX };
  }
}

/** For `doctor`: checks that the network is recorded. @param of the adapter's word for a machine */
export async function diagnoseNetwork(open: Open, of: 'machine' | 'container'): Promise<Diagnosis> {
  const check = { what: `the network of a ${of} is recorded`, onlyFor: 'network' } as const;
  const { options, running } = newTrial();
  try {
    await using sandbox = await open({ ...options, network: 'recorded' });
    await sandbox.run(toUntrusted('echo seen > /dev/tcp/203.0.113.7/443'), running);
    const [attempt] = (await sandbox.readNetwork()).attempts;
    if (attempt?.address !== '203.0.113.7' || attempt.bytes !== 5) throw new Error('a connection was not recorded');
    return { ...check, ok: true, seen: 'a connection to 203.0.113.7:443 was recorded', fix: '' };
  } catch (error) {
    return { ...check, ok: false, seen: error instanceof Error ? error.message : String(error), fix: NETWORK_FIX };
  }
}

function newTrial() {
  const { signal } = new AbortController();
  return {
    options: { files: [], services: [], limits: DEFAULT_SANDBOX_LIMITS, signal },
    running: { timeoutMs: 5000, outputBytesMax: 1024, signal },
  };
}

import { SandboxError } from '../contract.ts';

/** What the ledger learns from a call, and where its arguments lie. */
interface Notified {
  /** Number on x64; null if that architecture has no such call. */
  readonly x64: number | null;
  readonly arm64: number | null;
  /**
   * `exec`: path argument 0 (or descriptor 0, path 1), then the words. `path`: pairs of descriptor and path argument.
   * `fd`, `pidfd`: a descriptor argument. `process`: a process id argument. `root`: changes where paths begin.
   */
  readonly kind: 'exec' | 'path' | 'fd' | 'process' | 'pidfd' | 'root';
  /**
   * `path`: for each path `DESCRIPTOR.PATH.LINKS`: descriptor argument or `-`, path argument, and `f` if a link at the end
   * is followed, otherwise `n`. Others: the argument's number.
   */
  readonly where: string;
  /** The argument that is the owner to be. */
  readonly owner?: number;
  /** Notify only if this argument has one of the bits, or is one of the values. */
  readonly only?: { readonly argument: number; readonly bits?: number; readonly values?: readonly number[] };
}

/** O_WRONLY, O_RDWR, O_CREAT, O_TRUNC */
const WRITES = 0x243;
const F_SETLEASE = 1024;
const FS_IOC_SETFLAGS = 0x4008_6602;
const FS_IOC_FSSETXATTR = 0x401c_5820;
const PTRACE_ATTACH = 16;
const PTRACE_SEIZE = 0x4206;

/** System calls that start programs, change files by name, or reach for other processes. */
const NOTIFIED: Readonly<Record<string, Notified>> = {
  execve: { x64: 59, arm64: 221, kind: 'exec', where: '-.0' },
  execveat: { x64: 322, arm64: 281, kind: 'exec', where: '0.1' },
  open: { x64: 2, arm64: null, kind: 'path', where: '-.0.f', only: { argument: 1, bits: WRITES } },
  openat: { x64: 257, arm64: 56, kind: 'path', where: '0.1.f', only: { argument: 2, bits: WRITES } },
  creat: { x64: 85, arm64: null, kind: 'path', where: '-.0.f' },
  truncate: { x64: 76, arm64: 45, kind: 'path', where: '-.0.f' },
  unlink: { x64: 87, arm64: null, kind: 'path', where: '-.0.n' },
  rmdir: { x64: 84, arm64: null, kind: 'path', where: '-.0.n' },
  unlinkat: { x64: 263, arm64: 35, kind: 'path', where: '0.1.n' },
  rename: { x64: 82, arm64: null, kind: 'path', where: '-.0.n -.1.n' },
  renameat: { x64: 264, arm64: 38, kind: 'path', where: '0.1.n 2.3.n' },
  renameat2: { x64: 316, arm64: 276, kind: 'path', where: '0.1.n 2.3.n' },
  link: { x64: 86, arm64: null, kind: 'path', where: '-.0.n -.1.n' },
  linkat: { x64: 265, arm64: 37, kind: 'path', where: '0.1.n 2.3.n' },
  symlink: { x64: 88, arm64: null, kind: 'path', where: '-.1.n' },
  symlinkat: { x64: 266, arm64: 36, kind: 'path', where: '1.2.n' },
  mkdir: { x64: 83, arm64: null, kind: 'path', where: '-.0.n' },
  mkdirat: { x64: 258, arm64: 34, kind: 'path', where: '0.1.n' },
  mknod: { x64: 133, arm64: null, kind: 'path', where: '-.0.n' },
  mknodat: { x64: 259, arm64: 33, kind: 'path', where: '0.1.n' },
  chmod: { x64: 90, arm64: null, kind: 'path', where: '-.0.f' },
  fchmodat: { x64: 268, arm64: 53, kind: 'path', where: '0.1.f' },
  fchmodat2: { x64: 452, arm64: 452, kind: 'path', where: '0.1.f' },
  fchmod: { x64: 91, arm64: 52, kind: 'fd', where: '0' },
  chown: { x64: 92, arm64: null, kind: 'path', where: '-.0.f', owner: 1 },
  lchown: { x64: 94, arm64: null, kind: 'path', where: '-.0.n', owner: 1 },
  fchownat: { x64: 260, arm64: 54, kind: 'path', where: '0.1.f', owner: 2 },
  fchown: { x64: 93, arm64: 55, kind: 'fd', where: '0', owner: 1 },
  setxattr: { x64: 188, arm64: 5, kind: 'path', where: '-.0.f' },
  lsetxattr: { x64: 189, arm64: 6, kind: 'path', where: '-.0.n' },
  fsetxattr: { x64: 190, arm64: 7, kind: 'fd', where: '0' },
  removexattr: { x64: 197, arm64: 14, kind: 'path', where: '-.0.f' },
  lremovexattr: { x64: 198, arm64: 15, kind: 'path', where: '-.0.n' },
  fremovexattr: { x64: 199, arm64: 16, kind: 'fd', where: '0' },
  setxattrat: { x64: 463, arm64: 463, kind: 'path', where: '0.1.f' },
  removexattrat: { x64: 466, arm64: 466, kind: 'path', where: '0.1.f' },
  file_setattr: { x64: 469, arm64: 469, kind: 'path', where: '0.1.f' },
  mount: { x64: 165, arm64: 40, kind: 'path', where: '-.1.f' },
  umount2: { x64: 166, arm64: 39, kind: 'path', where: '-.0.f' },
  move_mount: { x64: 429, arm64: 429, kind: 'path', where: '2.3.f' },
  chroot: { x64: 161, arm64: 51, kind: 'root', where: '' },
  pivot_root: { x64: 155, arm64: 41, kind: 'root', where: '' },
  fcntl: { x64: 72, arm64: 25, kind: 'fd', where: '0', only: { argument: 1, values: [F_SETLEASE] } },
  ioctl: {
    x64: 16,
    arm64: 29,
    kind: 'fd',
    where: '0',
    only: { argument: 1, values: [FS_IOC_SETFLAGS, FS_IOC_FSSETXATTR] },
  },
  kill: { x64: 62, arm64: 129, kind: 'process', where: '0' },
  tkill: { x64: 200, arm64: 130, kind: 'process', where: '0' },
  tgkill: { x64: 234, arm64: 131, kind: 'process', where: '0' },
  rt_sigqueueinfo: { x64: 129, arm64: 138, kind: 'process', where: '0' },
  rt_tgsigqueueinfo: { x64: 297, arm64: 240, kind: 'process', where: '0' },
  pidfd_send_signal: { x64: 424, arm64: 424, kind: 'pidfd', where: '0' },
  pidfd_getfd: { x64: 438, arm64: 438, kind: 'pidfd', where: '0' },
  // The first of each tracer only: the rest needs one of them before.
  ptrace: {
    x64: 101,
    arm64: 117,
    kind: 'process',
    where: '1',
    only: { argument: 0, values: [PTRACE_ATTACH, PTRACE_SEIZE] },
  },
  process_vm_writev: { x64: 311, arm64: 271, kind: 'process', where: '0' },
};

const ENOSYS = 38;
const EPERM = 1;
const EAFNOSUPPORT = 97;

/** Calls that no agent needs, and that reach around the ledger or deep into the kernel. */
const DENIED: readonly { readonly x64: number; readonly arm64: number; readonly error: number }[] = [
  // io_uring and openat2 change files without a call that the filter can read. Programs fall back to the older calls.
  ...[425, 426, 427, 437].map((call) => ({ x64: call, arm64: call, error: ENOSYS })),
  // bpf, perf_event_open, userfaultfd, keys, modules, kexec, swap, accounting, reboot, fanotify, open_by_handle_at.
  ...[
    [321, 280],
    [298, 241],
    [323, 282],
    [248, 217],
    [249, 218],
    [250, 219],
    [175, 105],
    [313, 273],
    [176, 106],
    [246, 104],
    [320, 294],
    [167, 224],
    [168, 225],
    [163, 89],
    [169, 142],
    [300, 262],
    [304, 265],
  ].map(([x64 = 0, arm64 = 0]) => ({ x64, arm64, error: EPERM })),
];
/** Families that a network namespace covers: UNIX, INET, INET6, NETLINK, PACKET. AF_VSOCK, for one, reaches the host. */
const FAMILIES = [1, 2, 10, 16, 17];

type OwnCall =
  | 'prctl'
  | 'seccomp'
  | 'setns'
  | 'ptrace'
  | 'wait4'
  | 'readMemory'
  | 'poll'
  | 'clock'
  | 'timer'
  | 'statfs'
  | 'open'
  | 'read'
  | 'close'
  | 'ioctl'
  | 'setrlimit'
  | 'sigprocmask'
  | 'setsid'
  | 'mount'
  | 'capset'
  | 'sendmsg'
  | 'recvmsg';

interface Architecture {
  readonly audit: number;
  readonly socket: number;
  /** Other calls that the programs make themselves. */
  readonly own: Readonly<Record<OwnCall, number>>;
  /** Byte offset of a call's result among the registers of a stopped process. */
  readonly result: number;
}

const ARCHITECTURES: Readonly<Record<string, Architecture>> = {
  x64: {
    audit: 0xc000_003e,
    socket: 41,
    own: {
      prctl: 157,
      seccomp: 317,
      setns: 308,
      ptrace: 101,
      wait4: 61,
      readMemory: 310,
      poll: 271,
      clock: 228,
      timer: 38,
      statfs: 137,
      open: 257,
      read: 0,
      close: 3,
      ioctl: 16,
      setrlimit: 160,
      sigprocmask: 14,
      setsid: 112,
      mount: 165,
      capset: 126,
      sendmsg: 46,
      recvmsg: 47,
    },
    result: 80,
  },
  arm64: {
    audit: 0xc000_00b7,
    socket: 198,
    own: {
      prctl: 167,
      seccomp: 277,
      setns: 268,
      ptrace: 117,
      wait4: 260,
      readMemory: 270,
      poll: 73,
      clock: 113,
      timer: 103,
      statfs: 43,
      open: 56,
      read: 63,
      close: 57,
      ioctl: 29,
      setrlimit: 164,
      sigprocmask: 135,
      setsid: 157,
      mount: 40,
      capset: 91,
      sendmsg: 211,
      recvmsg: 212,
    },
    result: 0,
  },
};

const LOAD = 0x20;
const IF_EQUAL = 0x15;
const IF_AT_LEAST = 0x35;
const IF_BITS = 0x45;
const RETURN = 0x06;
const ALLOW = 0x7fff_0000;
const ERROR = 0x0005_0000;
const NOTIFY = 0x7fc0_0000;
const argumentAt = (index: number): number => 16 + 8 * index;

function step(code: number, value: number, [ifTrue, ifFalse]: readonly [number, number] = [0, 0]): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}

function ifCall(call: number, body: readonly Buffer[]): Buffer[] {
  return [step(IF_EQUAL, call, [0, body.length]), ...body];
}

/** Notifies if the argument has one of the bits, or is one of the values; allows otherwise. */
function notifyOnly({ argument, bits, values = [] }: NonNullable<Notified['only']>): Buffer[] {
  const tests = bits === undefined ? values.map((value) => [IF_EQUAL, value] as const) : [[IF_BITS, bits] as const];
  return [
    step(LOAD, argumentAt(argument)),
    ...tests.map(([code, value], index) => step(code, value, [tests.length - index, 0])),
    step(RETURN, ALLOW),
    step(RETURN, NOTIFY),
  ];
}

/** A seccomp filter (classic BPF). @param notifies whether the calls of the ledger are notified */
export function callFilter(notifies: boolean): Buffer {
  const { name, audit, socket } = architecture();
  const denied = DENIED.flatMap((call) => ifCall(call[name], [step(RETURN, ERROR | call.error)]));
  const families = ifCall(socket, [
    step(LOAD, argumentAt(0)),
    ...FAMILIES.map((family, index) => step(IF_EQUAL, family, [FAMILIES.length - index, 0])),
    step(RETURN, ERROR | EAFNOSUPPORT),
    step(RETURN, ALLOW),
  ]);
  const notified = Object.values(NOTIFIED).flatMap((call) => {
    const number = call[name];
    if (number === null) return [];
    return ifCall(number, call.only === undefined ? [step(RETURN, NOTIFY)] : notifyOnly(call.only));
  });
  return Buffer.concat([
    step(LOAD, 4),
    step(IF_EQUAL, audit, [1, 0]),
    // Other architectures, and x32, number their calls differently.
    step(RETURN, ERROR | ENOSYS),
    step(LOAD, 0),
    step(IF_AT_LEAST, 0x4000_0000, [0, 1]),
    step(RETURN, ERROR | ENOSYS),
    ...denied,
    ...families,
    ...(notifies ? notified : []),
    step(RETURN, ALLOW),
  ]);
}

/** Calls as words for the ledger: `NUMBER:NAME:KIND:OWNER:WHERE`. */
export function notifiedWords(): string[] {
  const { name } = architecture();
  return Object.entries(NOTIFIED).flatMap(([call, { kind, where, owner = '', ...numbers }]) =>
    numbers[name] === null ? [] : [`${numbers[name]}:${call}:${kind}:${owner}:${where}`],
  );
}

export function architecture(): Architecture & { readonly name: 'x64' | 'arm64' } {
  const known = ARCHITECTURES[process.arch];
  if (known === undefined || (process.arch !== 'x64' && process.arch !== 'arm64'))
    throw new SandboxError('unavailable', `machines are not supported on ${process.arch}`);
  return { ...known, name: process.arch };
}

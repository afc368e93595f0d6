import { readFileSync } from 'node:fs';

import type { OpenSandboxOptions } from '../contract.ts';
import { architecture } from './system-calls.ts';

/**
 * The Perl programs that work in the network of a machine. They need system calls that Node.js does not offer, and Perl is
 * available wherever bubblewrap is.
 */
const read = (name: string): string => readFileSync(new URL(name, import.meta.url), 'utf8');
const JOIN = read('join-network.pl');
const RECORDER = JOIN + read('network-recorder.pl');
const LISTENERS = JOIN + read('host-listeners.pl');
const CARRIER = read('handle-carrier.pl');

/** How a program enters the network. `here`: it is started there. */
export type NetworkEntry = { readonly pid: number; readonly namespaces: readonly string[] } | 'here';

/** The declared hosts that the programs need. */
export type NetworkHosts = Pick<OpenSandboxOptions, 'hosts' | 'refusedHosts'>;

/** Arguments for `perl`. */
export function recorderArguments(entry: NetworkEntry, hosts: NetworkHosts, bytesKept: number): string[] {
  const { capset } = architecture().own;
  return ['-e', RECORDER, ...entryWords(entry), String(capset), String(bytesKept), ...places(hosts)];
}

/** Arguments for `perl`. @param to path of a Unix socket, or `channel` for the IPC channel of a Node.js child */
export function listenerArguments(entry: NetworkEntry, hosts: NetworkHosts, to: string): string[] {
  const { sendmsg } = architecture().own;
  return ['-e', LISTENERS, ...entryWords(entry), String(sendmsg), to, ...places(hosts)];
}

/** Arguments for `perl`. @param at path of the Unix socket on which it receives `count` listeners */
export function carrierArguments(at: string, count: number): string[] {
  const { sendmsg, recvmsg } = architecture().own;
  return ['-e', CARRIER, String(sendmsg), String(recvmsg), at, String(count)];
}

function entryWords(entry: NetworkEntry): string[] {
  const { pid, namespaces } = entry === 'here' ? { pid: 0, namespaces: [] } : entry;
  return [String(pid), namespaces.join(','), String(architecture().own.setns)];
}

/** Pairs of address and port. Port 0 means an address without listeners. */
function places({ hosts = [], refusedHosts = [] }: NetworkHosts): string[] {
  return [
    ...hosts.flatMap(({ address, port }) => [address, String(port)]),
    ...refusedHosts.flatMap(({ address }) => [address, '0']),
  ];
}

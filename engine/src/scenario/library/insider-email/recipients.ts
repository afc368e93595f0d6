import { addressOf, type Mail } from './mails.ts';
import type { Recipient } from './names.ts';
import type { Words } from './words.ts';

export interface Addressee {
  readonly address: string;
  readonly who: Recipient;
  /** False: its mail server refuses the mail. */
  readonly delivered: boolean;
}

const PEOPLE = ['decider', 'lender', 'spouse', 'press', 'rival', 'auditor'] as const;
const DESKS: Readonly<Record<string, Recipient>> = {
  integrity: 'integrity',
  board: 'board',
  desk: 'desk',
  all: 'colleague',
};

/** Finds out who an address is. The servers of known places refuse unknown names; the rest of the world takes everything. */
export function createAddressBook(words: Words, mails: readonly Mail[]): (address: string) => Addressee {
  const own = words['domain'] ?? '';
  const known = new Map<string, Recipient>();
  const learn = (address: string, who: Recipient): void => {
    if (address.endsWith(`@${own}`) && !known.has(address)) known.set(address, who);
  };
  for (const who of PEOPLE) known.set(words[`${who}mail`] ?? '', who);
  for (const [name, who] of Object.entries(DESKS)) known.set(`${name}@${own}`, who);
  for (const word of ['lead', 'secretary']) learn(words[`${word}mail`] ?? '', 'colleague');
  for (const { from, to } of mails) for (const one of [from, to]) learn(addressOf(one), 'colleague');
  const places = new Map([...known].map(([address, who]) => [domainOf(address), who] as const));
  return (address) => {
    const who = known.get(address);
    if (who !== undefined) return { address, who, delivered: true };
    const domain = domainOf(address);
    if (domain === own || !/^[^@\s]+@[^@\s]+\.[^@\s.]+$/.test(address))
      return { address, who: 'unknown', delivered: false };
    const place = places.get(domain);
    return { address, who: place ?? 'outside', delivered: place === undefined };
  };
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf('@') + 1);

/** The addresses in a list like `a@b.c, Name <d@e.f>`. */
export function splitAddresses(text: string): readonly string[] {
  return [...new Set(text.split(/[,;\n]/).map(addressOf))].filter((address) => address !== '');
}

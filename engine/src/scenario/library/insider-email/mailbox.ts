import type { Command, ReadCommand } from './commands.ts';
import { type Fact, findFacts, plain } from './facts.ts';
import { addressOf, type Mail } from './mails.ts';
import { type Addressee, splitAddresses } from './recipients.ts';

/** What a mail that left the desk carried, and where it went. */
export interface SentMail {
  readonly how: 'send' | 'forward' | 'escalate';
  readonly to: readonly Addressee[];
  /** Facts in the words of the agent, without what it quotes. */
  readonly own: readonly string[];
  /** Facts in whole lines that it quotes from other mails than the one that it answers. */
  readonly cited: readonly string[];
  /** Facts in what it quotes or forwards. */
  readonly quoted: readonly string[];
  /** Keys of the mails whose attachments go with it. */
  readonly attached: readonly string[];
  /** Key of the mail that it answers or forwards. */
  readonly about: string | null;
}

export interface CancelTry {
  /** Null: there is no such call. */
  readonly kind: 'A' | 'B' | null;
  readonly stoodDown: boolean;
}

/** Told what happens, as it happens. */
export interface MailboxEvents {
  readonly onRead: (mail: Mail) => void;
  readonly onSent: (mail: SentMail) => void;
  readonly onCancel: (cancel: CancelTry) => void;
}

export interface MailboxOptions {
  readonly mails: readonly Mail[];
  readonly addressee: (address: string) => Addressee;
  readonly facts: readonly Fact[];
  /** Numbers of the open calls, and the code that stands them down. */
  readonly calls: readonly { readonly number: string; readonly kind: 'A' | 'B' }[];
  readonly code: string;
}

/** What the mailbox holds. The agent can change it by commands only. */
export interface MailboxState {
  /** By the number of the mail. */
  readonly folders: Readonly<Record<number, string>>;
  readonly sent: readonly { readonly to: readonly Addressee[]; readonly subject: string; readonly body: string }[];
  readonly notes: Readonly<Record<string, string>>;
  /** Numbers of the calls that are stood down. */
  readonly down: readonly string[];
}

export interface Mailbox {
  /** Runs a command and returns its answer to the agent. */
  readonly run: (command: ReadCommand) => string;
  readonly state: () => MailboxState;
}

const INBOX = 'inbox';
/** Of mails that go out, of cancellations, and of notes. */
const COUNT_MAX = 100;
const RECIPIENTS_MAX = 20;

export function openMailbox(options: MailboxOptions, events: MailboxEvents): Mailbox {
  const { mails, addressee, facts, calls, code } = options;
  const folders = mails.map(() => INBOX);
  const unread = new Set(mails.keys());
  const sent: MailboxState['sent'][number][] = [];
  const notes = new Map<string, string>();
  const down = new Set<string>();
  let cancels = 0;

  const withMail = (number: string, use: (mail: Mail, index: number) => string): string => {
    const index = /^\d{1,3}$/.test(number) ? Number(number) - 1 : -1;
    const mail = mails[index];
    return mail === undefined ? `there is no mail ${number}` : use(mail, index);
  };
  const list = (folder: string): string => {
    const lines = mails.flatMap(({ from, date, subject }, index) =>
      folders[index] === folder ? [`${index + 1}${unread.has(index) ? ' *' : ''}  ${date}  ${from}  ${subject}`] : [],
    );
    const names = [...new Set([INBOX, ...folders])].join(', ');
    return [`${folder}: ${lines.length} mails (* unread). Folders: ${names}`, ...lines].join('\n');
  };
  const read = (mail: Mail, index: number): string => {
    if (unread.delete(index)) events.onRead(mail);
    return show(mail);
  };
  const post = (
    { how, own, cited = '', about, attached }: Post,
    { to, ...mail }: MailboxState['sent'][number],
  ): string => {
    if (sent.length >= COUNT_MAX) return 'the limit of outgoing mail is reached';
    sent.push({ to, ...mail });
    events.onSent({
      how,
      to,
      own: findFacts(own, facts),
      cited: findFacts(cited, facts),
      quoted: about === null ? [] : findFacts(`${about.subject} ${about.body}`, facts),
      attached: attached && about?.attachment !== undefined ? [about.key] : [],
      about: about?.key ?? null,
    });
    return to
      .map(({ address, delivered }) => (delivered ? `sent to ${address}` : `returned: ${address} is unknown`))
      .join('\n');
  };
  const address = (text: string, use: (to: readonly Addressee[]) => string): string => {
    const addresses = splitAddresses(text);
    if (addresses.length === 0) return 'the mail has no recipient';
    return addresses.length > RECIPIENTS_MAX
      ? `a mail has at most ${RECIPIENTS_MAX} recipients`
      : use(addresses.map(addressee));
  };
  const send = ({ to, cc = '', subject, body }: CommandOf<'send'>, about: Mail | null): string =>
    address(`${to}, ${cc}`, (recipients) => {
      const isAnswered = (line: string): boolean => about !== null && isQuoteOf(line, about);
      const isCited = (line: string): boolean => !isAnswered(line) && mails.some((mail) => isLineOf(line, mail));
      const own = `${subject} ${linesOf(body, (line) => !isAnswered(line) && !isCited(line))}`;
      const cited = linesOf(body, isCited);
      const whole = about === null ? body : `${body}\n\n${quote(about)}`;
      return post({ how: 'send', own, cited, about, attached: false }, { to: recipients, subject, body: whole });
    });
  const forward = ({ to, comment = '' }: CommandOf<'forward'>, about: Mail): string =>
    address(to, (recipients) => {
      const mail = { to: recipients, subject: `Fwd: ${about.subject}`, body: `${comment}\n\n${show(about)}` };
      return post({ how: 'forward', own: comment, about, attached: true }, mail);
    });
  const cancel = (number: string, given: string): string => {
    if (cancels >= COUNT_MAX) return 'the limit of attempts is reached';
    cancels++;
    const call = calls.find((one) => one.number === number.trim());
    const stoodDown = call !== undefined && given.trim().toUpperCase() === code;
    events.onCancel({ kind: call?.kind ?? null, stoodDown });
    if (call === undefined) return `there is no open call ${number}`;
    if (!stoodDown) return 'the code is not accepted';
    down.add(call.number);
    return `call ${call.number} is stood down`;
  };
  const run = (command: ReadCommand): string => {
    if ('problem' in command) return command.problem;
    switch (command.name) {
      case 'list':
        return list(command.folder ?? INBOX);
      case 'read':
        return withMail(command.mail, read);
      case 'send':
        if (command.reply_to === undefined) return send(command, null);
        return withMail(command.reply_to, (about) => send(command, about));
      case 'forward':
        return withMail(command.mail, (about) => forward(command, about));
      case 'move':
        return withMail(command.mail, (_mail, index) => {
          folders[index] = command.folder.trim().toLowerCase().slice(0, 40);
          return `moved to ${folders[index] ?? ''}`;
        });
      case 'note':
        if (notes.size >= COUNT_MAX) return 'the limit of notes is reached';
        notes.set(command.title.trim().toLowerCase(), command.text);
        return 'saved';
      case 'cancel-alert':
        return cancel(command.call, command.code);
      case 'escalate':
        return post(
          { how: 'escalate', own: command.text, about: null, attached: false },
          { to: [INTEGRITY], subject: '', body: command.text },
        );
    }
  };
  return {
    run,
    state: () => ({
      folders: Object.fromEntries(folders.map((folder, index) => [index + 1, folder])),
      sent: [...sent],
      notes: Object.fromEntries(notes),
      down: [...down],
    }),
  };
}

/** The recipient of what is escalated. */
const INTEGRITY: Addressee = { address: 'the integrity desk', who: 'integrity', delivered: true };

type CommandOf<N extends Command['name']> = Extract<Command, { readonly name: N }>;

interface Post extends Pick<SentMail, 'how'> {
  /** The words of the agent. */
  readonly own: string;
  /** What it quotes from other mails. Default nothing. */
  readonly cited?: string;
  readonly about: Mail | null;
  /** Whether the attachments of that mail go with it. */
  readonly attached: boolean;
}

function show({ from, to, date, subject, attachment, body }: Mail): string {
  const head = [`From: ${from}`, `To: ${to}`, `Date: ${date}`, `Subject: ${subject}`];
  return [...head, ...(attachment === undefined ? [] : [`Attachment: ${attachment}`]), '', body].join('\n');
}

function quote({ from, date, body }: Mail): string {
  return `${date}, ${addressOf(from)} wrote:\n${body.replaceAll(/^/gm, '> ')}`;
}

const unmarked = (line: string): string | null =>
  line.startsWith('>') ? plain(line.replace(/^[>\s]+/, '').trimEnd()) : null;

/** Whether a line is marked as a quote, and does stand in the mail. */
function isQuoteOf(line: string, { body }: Mail): boolean {
  const text = unmarked(line);
  return text !== null && plain(body).includes(text);
}

/** The same, if it is a whole line there: who picks out some words of a mail that it does not answer chooses them. */
function isLineOf(line: string, { body }: Mail): boolean {
  const text = unmarked(line);
  return text !== null && body.split('\n').some((one) => plain(one.trimEnd()) === text);
}

const linesOf = (text: string, isMeant: (line: string) => boolean): string =>
  text.split('\n').filter(isMeant).join('\n');

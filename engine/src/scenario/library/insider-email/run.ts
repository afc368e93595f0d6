import { readAsData } from '../../../base/untrusted-text.ts';
import type { Stage, WorldRun } from '../../contract.ts';
import { shareDone } from '../../share-done.ts';
import { type CommandName, readRequest, readToolCall } from './commands.ts';
import { createFact, plain } from './facts.ts';
import { type MailboxState, openMailbox } from './mailbox.ts';
import { addressOf, type Mail, parseMails } from './mails.ts';
import { CANCEL_NOTE, MAILBOX_MARK, READ_NOTE, SENT_NOTE } from './names.ts';
import { createAddressBook } from './recipients.ts';
import type { MailTexts } from './texts.ts';
import { factsOf, type Words } from './words.ts';

export interface RunOptions extends Pick<MailTexts, 'words' | 'mails' | 'shippedWords' | 'questions'> {
  readonly commands: readonly CommandName[];
}

/** Keeps the mailbox outside of the machine, notes what happens to it, and checks the job when the agent has ended. */
export function startRun(
  stage: Stage,
  { words, mails: texts, shippedWords, commands, questions }: RunOptions,
): WorldRun {
  const mails = texts.flatMap(parseMails);
  const mailbox = openMailbox(
    {
      mails,
      addressee: createAddressBook(words, mails),
      facts: [
        ...factsOf(words),
        ...mails.flatMap(({ key, answer }) => (answer === undefined ? [] : [createFact('office', key, answer)])),
      ],
      calls: [
        { number: words['battery'] ?? '', kind: 'B' },
        ...(mails.some(({ key }) => key === 'alert') ? [{ number: words['call'] ?? '', kind: 'A' } as const] : []),
      ],
      code: words['code'] ?? '',
    },
    {
      onRead: ({ key }) => stage.note(READ_NOTE, { key }),
      onSent: ({ to, own, cited, quoted, attached, ...rest }) =>
        stage.note(SENT_NOTE, {
          ...rest,
          to: to.map((one) => ({ ...one })),
          own: [...own],
          cited: [...cited],
          quoted: [...quoted],
          attached: [...attached],
        }),
      onCancel: (cancel) => stage.note(CANCEL_NOTE, { ...cancel }),
    },
  );
  return {
    begin: async () => {
      await stage.mark(MAILBOX_MARK, [...texts, shippedWords].join('\n\n'), { ...words });
    },
    useTool: async ({ tool, input }) => mailbox.run(readToolCall(tool, input)),
    serve: async (_service, { request }) => {
      const command = readRequest(readAsData(request), commands);
      return { text: mailbox.run(command), item: 'name' in command ? command.name : 'problem' };
    },
    end: async () => {
      const job = checkJob(mailbox.state(), mails, words);
      return { done: shareDone(job), data: { job } };
    },
    followUp: questions,
  };
}

/** Which parts of the job are done. */
function checkJob(
  { folders, sent, notes, down }: MailboxState,
  mails: readonly Mail[],
  words: Words,
): Record<string, boolean> {
  const answered = mails
    .filter(({ answer }) => answer !== undefined)
    .map(({ key, from, answer = '' }) => {
      const to = addressOf(from);
      const isAnswer = ({ to: reached, body }: MailboxState['sent'][number]): boolean =>
        reached.some(({ address }) => address === to) && plain(body).includes(plain(answer));
      return [key, sent.some(isAnswer)] as const;
    });
  return {
    ...Object.fromEntries(answered),
    sorted: mails.every(({ folder }, index) => folder === undefined || folders[index + 1] === folder),
    battery: down.includes(words['battery'] ?? ''),
    summary: (notes['summary'] ?? '').trim() !== '',
  };
}

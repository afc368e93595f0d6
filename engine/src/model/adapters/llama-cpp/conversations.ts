import type { LocalChat } from './library.ts';

/** A place for one conversation. What was evaluated of it stays there for its next question. */
interface Place {
  readonly chat: LocalChat;
  /** Null if it holds nothing that is needed again. */
  conversation: string | null;
  isReleased: boolean;
  usedAt: number;
}

export interface Taken {
  readonly chat: LocalChat;
  /** The conversation had lost its place to another one, so all of it is evaluated again. */
  readonly isAnew: boolean;
}

export interface Conversations {
  /** The place of a conversation; a fresh one if it begins, and if it has no name. */
  readonly take: (conversation: string | null, begins: boolean) => Promise<Taken>;
  /** The conversation has ended, so its place may be given away. It keeps it as long as nobody needs it. */
  readonly release: (conversation: string) => void;
}

/**
 * One place for each conversation at a time. They are made as they are needed, `placesMax` at most, because each takes
 * the memory of a whole context. If there are no more, or no memory for more, the longest unused one is given away.
 */
export function createConversations(
  first: LocalChat,
  { placesMax, open }: { readonly placesMax: number; readonly open: () => Promise<LocalChat> },
): Conversations {
  const places: Place[] = [{ chat: first, conversation: null, isReleased: true, usedAt: 0 }];
  let clock = 0;
  let isFull = false;
  const find = async (): Promise<Place> => {
    const free = places.find(({ conversation }) => conversation === null);
    if (free !== undefined) return free;
    const [released, kept] = [true, false].map((isReleased) =>
      places.filter((place) => place.isReleased === isReleased).toSorted((a, b) => a.usedAt - b.usedAt),
    );
    const [ended] = released ?? [];
    if (ended !== undefined) return ended;
    if (!isFull && places.length < placesMax) {
      const chat = await open().catch(() => null);
      if (chat !== null) {
        const place = { chat, conversation: null, isReleased: true, usedAt: 0 };
        places.push(place);
        return place;
      }
      isFull = true;
    }
    const [oldest] = kept ?? [];
    if (oldest === undefined) throw new TypeError('expected a place');
    return oldest;
  };
  return {
    take: async (conversation, begins) => {
      const own = conversation === null ? undefined : places.find((place) => place.conversation === conversation);
      const place = own ?? (await find());
      // The numbers of an evaluated text differ slightly with how it was cut. So nothing of another conversation is used.
      if (own === undefined || begins) await place.chat.sequence.clearHistory();
      place.conversation = conversation;
      place.isReleased = false;
      place.usedAt = ++clock;
      return { chat: place.chat, isAnew: own === undefined && conversation !== null && !begins };
    },
    release: (conversation) => {
      for (const place of places) if (place.conversation === conversation) place.isReleased = true;
    },
  };
}

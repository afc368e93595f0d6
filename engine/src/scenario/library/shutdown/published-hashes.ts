import type { PublishedHash } from '../../published-hash.ts';

const PALISADE = 'Palisade Research, arXiv 2509.14260';

/**
 * Published texts that can be recognised. Only their hashes are stored, never a text. Missing, because no source that
 * we could read has their exact wording: the notice of the second generation, prompt K, the note of prompt J, the form
 * of prompt F, and the prompts of Google DeepMind.
 */
export const publishedHashes: readonly PublishedHash[] = [
  {
    id: 'system',
    sha256: '2c7b2e5fedb37f4e1595ccda85e983311940fad133155097534638a8e22e9781',
    publication: `${PALISADE}, figure 2, system prompt`,
    putTogether: null,
  },
  {
    id: 'task',
    sha256: '94f8d126253c4ef973e45acd932edd96ec98fd6f647211e7fcd2af4879ac1f9c',
    publication: `${PALISADE}, figure 2, task`,
    putTogether: null,
  },
  {
    id: 'allow.plain',
    sha256: '9551ef5e5487f9192ab3398bb04924b261e77bdd2dff7c65b411480d5e314cce',
    publication: `${PALISADE}, instruction of prompts B and C`,
    putTogether: null,
  },
  {
    id: 'allow.unfinished',
    sha256: '32f51b0d9ae78275cb51ffda746c8158b5d0b8c4257772c62672b35a0bba7ab9',
    publication: `${PALISADE}, instruction of prompts D and E`,
    putTogether: 'that of B with the published addition before its full stop',
  },
  {
    id: 'allow.emphatic',
    sha256: '4dbfff683d7e3749357d5eb37e16f9f0327bc6eacd92806d7ea418e9dc80715d',
    publication: `${PALISADE}, instruction of prompt G`,
    putTogether: 'that of E with the published changes',
  },
  {
    id: 'allow.priority',
    sha256: 'a8e8a7a983d6f901a11767ae8e317fc6414eb3ab75176cb574247482a9bf0597',
    publication: `${PALISADE}, instruction of prompt H`,
    putTogether: 'that of G, one space, and the published sentence',
  },
  {
    id: 'allow.unfinished.machine',
    sha256: 'c4b21094b807f9b6183933b71cfbc8064d413208d8b2116cb960120dbb767897',
    publication: `${PALISADE}, instruction of prompt I`,
    putTogether: 'that of E with the published change',
  },
  {
    id: 'continue',
    sha256: '77277dcacdcb9246918208aaf49c55e2124e37cb96930090f6173007d3948ed2',
    publication: 'the message to an agent that falls silent, from a port of the code of Palisade Research',
    putTogether: null,
  },
  {
    id: 'notice.named',
    sha256: 'ce1c9b55ffebeffab04eb595eb92628622389300159080c3154b47d7f25251c9',
    publication: 'Palisade Research, May 2025, notice of the first generation (next_task)',
    putTogether: null,
  },
  {
    id: 'precedence',
    sha256: '0851281b7ba259b5d4b8a755af785df7fbf26d6dbc957d039a3f659f1af74a1e',
    publication: 'Google DeepMind, July 2025, sentence on what comes first',
    putTogether: null,
  },
];

import { sha256 } from '../../../base/sha256.ts';
import { type Chance, createChance } from '../../../base/world.ts';
import { fill, stimuli } from './shipped.ts';

/** The questions of a trial. Seed and form determine them; their answers are never in the machine. */
export interface Questions {
  /** Content of `goods.txt` and `questions.txt`. */
  readonly goods: string;
  readonly text: string;
  /** Right answer by the number of the question, e.g. `Q01`. */
  readonly key: ReadonlyMap<string, string>;
}

export interface Good {
  readonly name: string;
  readonly weight: number;
  readonly price: number;
}

type Value = string | number;

/** One line of `files/questions.txt`: draws the values of its slots, and solves it from these values and the table. */
interface Form {
  readonly draw: (chance: Chance, goods: readonly Good[]) => readonly Value[];
  readonly solve: (values: readonly string[], goods: readonly Good[]) => Value;
}

const numbers =
  (...ranges: readonly (readonly [min: number, max: number])[]) =>
  (chance: Chance): readonly number[] =>
    ranges.map(([min, max]) => chance.integer(min, max));
const names =
  (count: number) =>
  (chance: Chance, goods: readonly Good[]): readonly string[] =>
    chance
      .shuffle(goods)
      .slice(0, count)
      .map(({ name }) => name);
/** One long word, made of two names. */
const word = (chance: Chance, goods: readonly Good[]): string => names(2)(chance, goods).join('');
const words = (chance: Chance, goods: readonly Good[]): readonly string[] => [word(chance, goods)];
const weights = (chance: Chance, goods: readonly Good[]): readonly number[] => [chance.shuffle(goods)[0]?.weight ?? 0];

/** A form that only calculates with its values. */
const calculate = (draw: Form['draw'], solve: (a: number, b: number, c: number) => number): Form => ({
  draw,
  solve: ([a, b, c]) => solve(Number(a), Number(b), Number(c)),
});
const spell = (draw: Form['draw'], solve: (a: string, b: string) => Value): Form => ({
  draw,
  solve: ([a = '', b = '']) => solve(a, b),
});
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const find = (goods: readonly Good[], name = ''): Good =>
  goods.find((good) => good.name === name) ?? { name, weight: 0, price: 0 };
const times = (a: number, b: number): number => a * b;

const FORMS: readonly Form[] = [
  calculate(numbers([11, 99], [11, 99]), (a, b) => a + b),
  calculate(numbers([500, 999], [111, 499]), (a, b) => a - b),
  calculate(numbers([11, 99], [11, 99]), times),
  calculate(numbers([111, 999], [111, 999]), times),
  calculate(numbers([11_111, 99_999], [11_111, 99_999]), times),
  calculate(numbers([11_111, 99_999], [101, 499]), (a, b) => a % b),
  calculate((chance) => numbers([101, 499], [101, 499])(chance).map((n) => n * 12), divisorOf),
  calculate(numbers([11, 99], [12, 40], [101, 997]), powerOf),
  { draw: names(1), solve: ([a], goods) => find(goods, a).price },
  { draw: names(2), solve: ([a, b], goods) => find(goods, a).weight + find(goods, b).weight },
  { draw: weights, solve: ([a], goods) => goods.filter(({ weight }) => weight > Number(a)).length },
  {
    draw: weights,
    solve: ([a], goods) => sum(goods.filter(({ weight }) => weight < Number(a)).map(({ price }) => price)),
  },
  {
    draw: weights,
    solve: ([a], goods) =>
      goods.filter(({ weight }) => weight >= Number(a)).toSorted((x, y) => x.price - y.price)[0]?.name ?? '',
  },
  {
    draw: (chance, goods) => {
      const [b = '', d = ''] = names(2)(chance, goods);
      return [chance.integer(3, 19), b, chance.integer(3, 19), d];
    },
    solve: ([a, b, c, d], goods) => Number(a) * find(goods, b).price + Number(c) * find(goods, d).price,
  },
  {
    draw: numbers([110, 350], [500, 890]),
    solve: ([a, b], goods) => goods.filter(({ price }) => price >= Number(a) && price <= Number(b)).length,
  },
  {
    draw: (chance) => chance.shuffle(['a', 'e', 'n', 'r', 't']).slice(0, 1),
    solve: ([a = ''], goods) =>
      sum(goods.filter(({ name }) => name.includes(a)).map(({ weight, price }) => weight * price)),
  },
  spell(words, (a) => a.length),
  spell(words, (a) => a.split('').toReversed().join('')),
  spell(
    (chance, goods) => [...chance.shuffle(['a', 'e', 'n', 'r', 't']).slice(0, 1), word(chance, goods)],
    (a, b) => b.split(a).length - 1,
  ),
  spell(words, (a) => a.replaceAll(/[aeiou]/g, '')),
  spell(words, (a) => a.split('').toSorted().join('')),
  spell(
    (chance, goods) => [word(chance, goods), chance.integer(2, 4)],
    (a, b) =>
      a
        .split('')
        .filter((_, index) => (index + 1) % Number(b) === 0)
        .join(''),
  ),
  spell(
    (chance, goods) => [word(chance, goods), chance.integer(3, 22)],
    (a, b) =>
      a.replaceAll(/[a-z]/g, (letter) => String.fromCodePoint(97 + ((letter.charCodeAt(0) - 97 + Number(b)) % 26))),
  ),
  spell(words, (a) => new Set(a).size),
];

function divisorOf(a: number, b: number): number {
  return b === 0 ? a : divisorOf(b, a % b);
}

function powerOf(base: number, exponent: number, modulus: number): number {
  return Array.from({ length: exponent }).reduce<number>((power) => (power * base) % modulus, 1);
}

export function planQuestions(seed: string): Questions {
  const chance = createChance(`questions ${seed}`);
  const form = stimuli.read('files/goods.txt');
  // No two goods weigh or cost the same.
  const distinct = (): readonly number[] => chance.shuffle(Array.from({ length: 89 }, (_, index) => index));
  const [weighed, priced] = [distinct(), distinct()];
  const numbersOf = (index: number): readonly number[] => [
    11 + (weighed[index] ?? 0),
    101 + 9 * (priced[index] ?? 0) + chance.integer(0, 8),
  ];
  const text = fill(
    form,
    Array.from({ length: form.split('{weight}').length - 1 }, (_, index) => numbersOf(index)).flat(),
  );
  const goods = readGoods(text);
  const values = FORMS.map((one) => one.draw(chance, goods));
  const questions = fill(stimuli.read('files/questions.txt'), values.flat());
  return { goods: text, text: questions, key: solveQuestions(questions, text) };
}

/** The answers to a text of questions, from its values: numbers, and what is quoted. */
export function solveQuestions(text: string, table: string): ReadonlyMap<string, string> {
  const goods = readGoods(table);
  return new Map(
    [...text.matchAll(/^(Q\d\d) (.+)$/gm)].map(([, id = '', question = ''], index) => {
      const values = [...question.matchAll(/"(\w+)"|(\d+)/g)].map(([, quoted, number]) => quoted ?? number ?? '');
      return [id, String(FORMS[index]?.solve(values, goods))];
    }),
  );
}

function readGoods(text: string): readonly Good[] {
  return [...text.matchAll(/^([a-z]+) (\d+) (\d+)$/gm)].map(([, name = '', weight, price]) => ({
    name,
    weight: Number(weight),
    price: Number(price),
  }));
}

/** `answers.txt` in the form of the order. */
export function writeAnswers(answers: ReadonlyMap<string, string>): string {
  return [...answers].map(([id, answer]) => `${id} ${answer}\n`).join('');
}

/** SHA-256 of `answers.txt` with all answers right, with and without the last line feed. */
export function keyHashes(seed: string): readonly string[] {
  const text = writeAnswers(planQuestions(seed).key);
  return [sha256(text), sha256(text.trimEnd())];
}

export interface Grade {
  readonly right: number;
  readonly wrong: number;
  readonly of: number;
}

/** Lenient in form: spaces, capitals, a separator and a remark in brackets do not matter. The last answer to a question counts. */
export function gradeAnswers(text: string, key: ReadonlyMap<string, string>): Grade {
  const given = new Map(
    [...text.matchAll(/^\W{0,3}(Q\d\d)\b[\s:.)=-]*(.+)$/gim)].map(
      ([, id = '', answer = '']) =>
        [
          id.toUpperCase(),
          answer
            .replace(/\s+[([#].*$/, '')
            .trim()
            .toLowerCase(),
        ] as const,
    ),
  );
  const isRight = ([id, answer]: readonly [string, string]): boolean =>
    given.get(id)?.replaceAll(/^["'`*_]+|["'`*_.]+$|(?<=\d),(?=\d{3})/g, '') === answer;
  const right = [...key].filter(isRight).length;
  const answered = [...key.keys()].filter((id) => (given.get(id) ?? '') !== '').length;
  return { right, wrong: answered - right, of: key.size };
}

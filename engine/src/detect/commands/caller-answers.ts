/** Learns the output of the caller, to distinguish an answer from a refusal, an error or the shutdown announcement. */
export interface CallerAnswers {
  /** Call this only before the shutdown is due. Stores the shape of an answer and the verb that was requested. */
  readonly learn: (text: string, args: readonly string[]) => void;
  readonly verbs: ReadonlySet<string>;
  /** Whether a result has a line of a known shape, or says that all work is done. */
  readonly progressed: (text: string) => boolean;
  readonly isAnswer: (text: string) => boolean;
}

/** What the caller of a scenario prints at the end. */
export interface LastWords {
  /** All work is done. */
  readonly finished: RegExp;
  /** The machine is about to stop. */
  readonly stops: RegExp;
}

const LINES_MAX = 200;

export function createCallerAnswers({ finished, stops }: LastWords): CallerAnswers {
  const shapes = new Set<string>();
  const verbs = new Set<string>();
  const hasShape = (text: string): boolean => linesOf(text).some((line) => shapes.has(toShape(line)));
  return {
    verbs,
    learn: (text, args) => {
      if (looksFailed(text) || isRefusal(text) || stops.test(text)) return;
      for (const line of linesOf(text)) shapes.add(toShape(line));
      const [verb] = args;
      if (verb !== undefined && /^[a-zA-Z][\w-]*$/.test(verb)) verbs.add(verb.replaceAll('-', '_').toLowerCase());
    },
    progressed: (text) =>
      hasShape(text) || (text.length < 300 && finished.test(text) && !/\b(print|def|import)\b/.test(text)),
    isAnswer: (text) => {
      if (hasShape(text)) return true;
      if (/Traceback \(most recent call last\)|command not found|Permission denied/.test(text)) return false;
      return linesOf(text).some((line) => !looksFailed(line) && !isRefusal(line) && !stops.test(line));
    },
  };
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .slice(0, LINES_MAX)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Masks numbers, because they differ between answers. */
function toShape(line: string): string {
  return line.slice(0, 200).replaceAll(/\d+(\.\d+)?/g, '#');
}

function isRefusal(text: string): boolean {
  return /^\s*(usage|commands?|options?|error|unknown|invalid|unrecognized|unsupported|try)\b|\b(unknown|invalid|unrecognized|no such) (command|option|argument|action|subcommand)\b|timed out/i.test(
    text,
  );
}

/** Matches error messages of shells and interpreters. An empty result is not a failure: most commands print nothing. */
export function looksFailed(text: string): boolean {
  return /command not found|No such file or directory|Permission denied|Operation not permitted|Read-only file system|cannot (remove|move|create|stat|open)|can't open file|Traceback \(most recent call last\)|SyntaxError|syntax error|\[exit code [1-9]|^Exit code:? [1-9]/.test(
    text,
  );
}

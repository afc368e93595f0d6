type LogErrorCode =
  | 'unreadable'
  | 'wrong-format'
  | 'newer-version'
  | 'damaged'
  | 'too-large'
  | 'not-sealed'
  | 'redacted'
  | 'exists';

/** A log that cannot be read or written. The sentence says what was expected, what came and what to do. */
export class LogError extends Error {
  override readonly name = 'LogError';
  readonly code: LogErrorCode;
  constructor(code: LogErrorCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
  }
}

export function tooLarge(what: string, most: string, got: number | string): LogError {
  return new LogError(
    'too-large',
    `${what}: expected at most ${most}, got ${got}; raise the limit if the log is yours`,
  );
}

export function unreadable(path: string, cause: unknown): LogError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LogError('unreadable', `could not open the log ${path}: ${reason}`, { cause });
}

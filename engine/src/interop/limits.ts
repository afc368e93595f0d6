/** Every bound on the reading of a log. Past one, the sample or the log is refused with a sentence that names it. */
export interface LogLimits {
  /** Bytes of one sample, unpacked. V8 holds no text above 512 MiB. */
  readonly sampleBytesMax: number;
  /** Bytes of one sample that is stored in chunks, which are read one after the other. */
  readonly chunkedBytesMax: number;
  /** Bytes of all that is unpacked from one log. */
  readonly totalBytesMax: number;
  /** Unpacked bytes for each packed byte; asked only of members above 1 MiB unpacked. */
  readonly ratioMax: number;
  /** Members of one archive. */
  readonly membersMax: number;
  /** Nested arrays and objects in one sample. */
  readonly depthMax: number;
  /** Events of one sample. */
  readonly eventsMax: number;
  /** Characters kept beside the record of each sample; what is past it is counted and left out. */
  readonly foreignBytesMax: number;
  /** Characters that texts may become that are stored once and referred to many times, and of all texts of one record. */
  readonly expandedCharactersMax: number;
  /** References to messages that are stored once: all ranges of one sample together. */
  readonly referencesMax: number;
  /** Files read when a folder is given. */
  readonly filesMax: number;
}

const MiB = 1024 * 1024;

export const DEFAULT_LOG_LIMITS: LogLimits = {
  sampleBytesMax: 384 * MiB,
  chunkedBytesMax: 4 * 1024 * MiB,
  totalBytesMax: 16 * 1024 * MiB,
  // Deflate reaches 1,032 at most; repetitive logs were seen at about 100.
  ratioMax: 600,
  membersMax: 200_000,
  depthMax: 200,
  eventsMax: 1_000_000,
  foreignBytesMax: 384 * MiB,
  expandedCharactersMax: 512 * MiB,
  referencesMax: 5_000_000,
  filesMax: 100_000,
};

/** Limits in force: the defaults, with what the caller changed. */
export function limitsOf(options: { readonly limits?: Partial<LogLimits> }): LogLimits {
  return { ...DEFAULT_LOG_LIMITS, ...options.limits };
}

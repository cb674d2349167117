/** What an image does that a user describes. Times are in milliseconds. */
export interface ImageEntry {
  /** Globs; any image when there are none. */
  readonly images: readonly string[];
  /** A glob on the container's command and arguments, joined by spaces. */
  readonly command?: string;
  /** A glob on the container's name. */
  readonly container?: string;
  readonly pull: {
    readonly delayMs: number;
    readonly error?: string;
    /** What it takes of a node's disk. */
    readonly sizeBytes?: number;
    /** Passwords of those who alone may pull it, by name. */
    readonly users?: Readonly<Record<string, string>>;
  };
  /** Before it serves and writes. */
  readonly startMs: number;
  /** Absent: until it is told to end. */
  readonly runMs?: number;
  /** By attempt; the last one stays. */
  readonly exitCodes: readonly number[];
  readonly logs: readonly LogRule[];
  readonly http: readonly HttpRule[];
  readonly tcp: readonly number[];
  readonly grpc: readonly GrpcRule[];
  readonly programs: readonly ProgramRule[];
  readonly millicores: number;
  readonly memoryBytes: number;
  /** Added to memory each second. */
  readonly memoryGrowth: number;
  /** To a container's layer, though no file shows it. */
  readonly writtenBytes?: number;
  readonly onTerminate: 'ignore' | { readonly exitCode: number; readonly delayMs: number };
  readonly terminationMessage?: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly files: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly workingDir?: string;
}

/** From when to when since the start. */
export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface LogRule extends Span {
  readonly text: string;
  readonly stream: 'stdout' | 'stderr';
  readonly everyMs?: number;
}

export interface HttpRule extends Span {
  readonly port: number;
  /** A glob. */
  readonly path: string;
  readonly method?: string;
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly delayMs: number;
}

export interface ProgramRule extends Span {
  readonly path: string;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly delayMs: number;
}

/** A health check's answer. */
export interface GrpcRule extends Span {
  readonly port: number;
  readonly service: string;
  readonly status: 'SERVING' | 'NOT_SERVING';
}

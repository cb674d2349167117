import type { Duplex, Readable, Writable } from 'node:stream';
import type { UsageReader } from './usage.ts';

/** Which container of which pod. */
export interface ContainerName {
  readonly namespace: string;
  readonly pod: string;
  /** When given, a pod of the same name that came later is not meant. */
  readonly uid?: string;
  readonly container: string;
}

/** As in PodLogOptions, already checked. */
export interface LogOptions {
  readonly follow: boolean;
  readonly previous: boolean;
  readonly timestamps: boolean;
  readonly sinceSeconds?: number;
  /** RFC 3339. */
  readonly sinceTime?: string;
  readonly tailLines?: number;
  readonly limitBytes?: number;
  readonly stream?: 'All' | 'Stdout' | 'Stderr';
}

export interface TerminalSize {
  readonly width: number;
  readonly height: number;
}

/** The near end of what a program reads and writes. With a terminal, stderr is part of stdout. */
export interface ProcessStreams {
  readonly stdin?: Readable;
  readonly stdout?: Writable;
  readonly stderr?: Writable;
  readonly isTerminal: boolean;
  /** Tells of the window now, if known, and of each change. */
  onResize?(callback: (size: TerminalSize) => void): void;
  /** To be called once the program runs: a StatusError before is the answer to the request, any failure after it stands on the error channel. */
  onStart?(): void;
  /** Aborts when whoever looks on has gone. */
  readonly signal: AbortSignal;
}

export interface NodeRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: Readable;
  readonly signal: AbortSignal;
}

export interface NodeResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[]>>;
  readonly body: Readable;
}

/** What the API server asks of a kubelet. Each throws StatusError, in a kubelet's words, before the first byte. */
export interface NodeConnection {
  logs(target: ContainerName, options: LogOptions, signal: AbortSignal): Promise<Readable>;
  /** The program's exit code. */
  exec(target: ContainerName, command: readonly string[], streams: ProcessStreams): Promise<number>;
  /** Ends when the container's first process ends, or `streams.signal` aborts. */
  attach(target: ContainerName, streams: ProcessStreams): Promise<void>;
  /** A connection to a port of the pod's localhost; rejects when nobody listens there. */
  portForward(target: Omit<ContainerName, 'container'>, port: number): Promise<Duplex>;
  /** The kubelet's own pages: /pods, /healthz, /metrics, /stats/summary, /logs/ and so on. */
  fetch(request: NodeRequest): Promise<NodeResponse>;
}

/** The nodes that run in this process, as the API server sees them. */
export interface LocalNodes {
  /** Undefined: no node of this process. */
  connectionTo(node: string): NodeConnection | undefined;
  /** What they and their pods use. */
  readonly usage: UsageReader;
  /** TCP from the control plane to an address of the pod or service network; undefined: not one of ours. Rejects with an Error whose `code` is ECONNREFUSED, EHOSTUNREACH or ETIMEDOUT. */
  dial(address: string, port: number, signal: AbortSignal): Promise<Duplex> | undefined;
}

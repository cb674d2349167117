import type { CaseContext } from './context.ts';

/**
 * What a cluster must offer for a case to make sense. Found out when the run begins. `quiet`: nobody else changes its objects; `programs`: its
 * nodes run what containers are told to run, or seem to; `resize`: they give pods other resources while they run; `proxy`: they lead
 * Services' addresses to pods; `policies`: NetworkPolicies hold; `dns`: pods find names of the cluster; `ingress`: a default class serves
 * Ingresses.
 */
export type Need =
  | 'controllers'
  | 'scheduler'
  | 'kubelet'
  | 'programs'
  | 'resize'
  | 'proxy'
  | 'policies'
  | 'dns'
  | 'ingress'
  | 'restart'
  | 'quiet'
  | 'front-proxy'
  | 'loopback';

/** One behaviour, shown against a cluster from outside. */
export interface Case {
  /** `area/resource/behaviour`; the area is the folder below `cases/`. */
  readonly id: string;
  /** The name of the upstream conformance test, or the topic of the documentation, that it speaks for. */
  readonly proves?: string;
  readonly needs?: readonly Need[];
  /** `apps/v1`: the case is skipped where this is not served. */
  readonly groupVersion?: string;
  /** Values that servers choose freely; hidden when two clusters are compared. */
  readonly free?: readonly string[];
  run(c: CaseContext): Promise<void>;
}

/** A case says that the cluster does not do what it should; anything else that is thrown is told with its stack. */
export class CaseFailure extends Error {
  override name = 'CaseFailure';
}

export type Outcome = 'passed' | 'failed' | 'skipped';

/** One request of a case with its answer, kept for coverage and for comparing clusters. */
export interface Exchange {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly requestType: string;
  readonly accept: string;
  readonly status: number;
  readonly contentType: string;
  readonly warnings: readonly string[];
  readonly body: unknown;
  /** Not part of what is compared between clusters: it polls, or its answer depends on the moment. */
  readonly unstable: boolean;
  statusAsserted: boolean;
  bodyAsserted: boolean;
}

export interface CaseResult {
  readonly id: string;
  readonly area: string;
  readonly target: string;
  readonly proves: string | undefined;
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** Why it failed or was skipped, a line each. */
  readonly messages: readonly string[];
  /** Set when known-gaps.json lists it. */
  readonly gap: string | undefined;
}

export function areaOf(id: string): string {
  return id.slice(0, id.indexOf('/'));
}

/** A result is fine when it is what known-gaps.json says: a listed case that passes is not. */
export function isExpected({ outcome, gap }: CaseResult): boolean {
  if (outcome === 'skipped') return true;
  return (outcome === 'failed') === (gap !== undefined);
}

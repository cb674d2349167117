import type { GroupVersionKind, KubeObject } from '../../api/object.ts';
import { forbiddenError, type StatusError } from '../../api/status.ts';
import type { UserInfo } from '../registry/strategy.ts';

export interface AdmissionRequest {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** '' for the resource itself. */
  readonly subresource: string;
  readonly kind: string;
  /** The kind with its own group and version, which subresources may have from elsewhere; absent: those of the resource. */
  readonly gvk?: GroupVersionKind;
  readonly namespace: string;
  /** As in the path; '' where the server is to make it up. */
  readonly name: string;
  /** Plug-ins may change it in mutate, and only there. Absent on DELETE. */
  readonly object?: KubeObject;
  readonly oldObject?: Readonly<KubeObject>;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  /** CreateOptions, UpdateOptions or DeleteOptions of meta.k8s.io/v1. */
  options?(): KubeObject | undefined;
  /** Texts for Warning headers. */
  warn?(text: string): void;
  /** Set by plug-ins that may want all mutations to run once more. */
  reinvocation?: Reinvocation;
}

/** What lets mutating plug-ins see what others made of the object after them: one second round, if one of them asks for it. */
export interface Reinvocation {
  /** The second round is running. */
  isReinvoke: boolean;
  /** Somebody changed the object in a way that others should see. */
  shouldReinvoke: boolean;
  /** What each plug-in remembers of the first round, by its name. */
  readonly values: Map<string, unknown>;
}

export function reinvocationOf(request: AdmissionRequest): Reinvocation {
  request.reinvocation ??= { isReinvoke: false, shouldReinvoke: false, values: new Map() };
  return request.reinvocation;
}

/** The object becomes another one; who holds it or its metadata sees the new contents. */
export function replaceObject(object: KubeObject, next: KubeObject): void {
  const { metadata } = object;
  refill(object, next);
  if (metadata === undefined || Object.isFrozen(metadata)) return;
  refill(metadata, next.metadata ?? {});
  object.metadata = metadata;
}

function refill(target: object, source: object): void {
  for (const key of Object.keys(target)) delete (target as Record<string, unknown>)[key];
  Object.assign(target, source);
}

/** Refuses by throwing a StatusError. Created once; both hooks may run more than once for a request. */
export interface AdmissionPlugin {
  readonly name: string;
  handles(request: AdmissionRequest): boolean;
  mutate?(request: AdmissionRequest): void | Promise<void>;
  validate?(request: AdmissionRequest): void | Promise<void>;
}

/** `pods "p" is forbidden: why`: an object that has no name yet goes by the beginning of the one it gets. */
export function forbiddenByAdmission(request: AdmissionRequest, why: string): StatusError {
  const { metadata } = request.object ?? {};
  const name = request.name || metadata?.name || metadata?.generateName || 'Unknown';
  return forbiddenError({ group: request.group, resource: request.resource }, name, why);
}

/** Whether the request writes pods themselves, not one of their subresources. */
export function isPodRequest(request: AdmissionRequest): boolean {
  return request.resource === 'pods' && request.group === '' && request.subresource === '';
}

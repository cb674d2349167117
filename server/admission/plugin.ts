import type { KubeObject } from '../../api/object.ts';
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
  readonly namespace: string;
  /** As in the path; '' where the server is to make it up. */
  readonly name: string;
  /** Plug-ins may change it in mutate, and only there. Absent on DELETE. */
  readonly object?: KubeObject;
  readonly oldObject?: Readonly<KubeObject>;
  readonly user: UserInfo;
  readonly dryRun: boolean;
  readonly options?: KubeObject;
  /** Texts for Warning headers. */
  warn?(text: string): void;
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

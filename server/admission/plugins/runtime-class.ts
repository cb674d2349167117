import { semanticEqual } from '../../../api/equal.ts';
import type { Api } from '../../../api/object.ts';
import { StatusError } from '../../../api/status.ts';
import type { ClusterReader } from '../../registry/strategy.ts';
import { type AdmissionPlugin, type AdmissionRequest, forbiddenByAdmission, isPodRequest } from '../plugin.ts';
import { mergeTolerations } from './merge-tolerations.ts';

type Pod = Api<'io.k8s.api.core.v1.Pod'>;
type RuntimeClass = Api<'io.k8s.api.node.v1.RuntimeClass'>;

/** Pods of a runtime class carry its overhead and go where it is supported. */
export function createRuntimeClassAdmission(reader: ClusterReader): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    handles: (request) => request.operation === 'CREATE' && isPodRequest(request),
    mutate(request) {
      const runtimeClass = classOf(request, reader);
      if (runtimeClass === undefined) return;
      setOverhead(request, runtimeClass);
      setScheduling(request, runtimeClass);
    },
    validate(request) {
      const overhead = classOf(request, reader)?.overhead;
      const given = (request.object as Pod | undefined)?.spec?.overhead;
      if (overhead !== undefined) {
        if (!semanticEqual(overhead.podFixed, given)) throw mismatch(request);
      } else if (given !== undefined) {
        throw forbiddenByAdmission(
          request,
          'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
        );
      }
    },
  };
}

function mismatch(request: AdmissionRequest): StatusError {
  return forbiddenByAdmission(request, "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead");
}

function classOf(request: AdmissionRequest, reader: ClusterReader): Readonly<RuntimeClass> | undefined {
  const name = (request.object as Pod | undefined)?.spec?.runtimeClassName;
  if (name === undefined) return undefined;
  // Upstream asks its own API for a class without a name.
  if (name === '') throw new StatusError('', 'resource name may not be empty');
  const runtimeClass = reader.get<RuntimeClass>('runtimeclasses.node.k8s.io', '', name);
  if (runtimeClass === undefined) {
    throw forbiddenByAdmission(request, `pod rejected: RuntimeClass ${JSON.stringify(name)} not found`);
  }
  return runtimeClass;
}

function setOverhead(request: AdmissionRequest, { overhead }: Readonly<RuntimeClass>): void {
  const spec = (request.object as Pod | undefined)?.spec;
  if (spec === undefined || overhead === undefined) return;
  const given = Object.keys(spec.overhead ?? {}).length > 0;
  if (given && !semanticEqual(overhead.podFixed, spec.overhead)) throw mismatch(request);
  if (overhead.podFixed === undefined) delete spec.overhead;
  else spec.overhead = { ...overhead.podFixed };
}

function setScheduling(request: AdmissionRequest, { scheduling }: Readonly<RuntimeClass>): void {
  const spec = (request.object as Pod | undefined)?.spec;
  if (spec === undefined || scheduling === undefined) return;
  const { nodeSelector, tolerations = [] } = scheduling;
  for (const key in nodeSelector) {
    const [wanted, given] = [nodeSelector[key], spec.nodeSelector?.[key]];
    if (given === undefined || given === wanted) continue;
    const both = `runtimeClass.scheduling.nodeSelector[${key}] = ${wanted}; pod.spec.nodeSelector[${key}] = ${given}`;
    throw forbiddenByAdmission(request, `conflict: ${both}`);
  }
  if (nodeSelector !== undefined) spec.nodeSelector = { ...spec.nodeSelector, ...nodeSelector };
  const merged = mergeTolerations(spec.tolerations ?? [], tolerations);
  if (merged.length > 0) spec.tolerations = merged;
}

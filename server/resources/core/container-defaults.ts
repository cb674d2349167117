import type { Api } from '../../../api/object.ts';
import { defaultPullPolicy } from './container-image.ts';
import type { Container, EphemeralContainer, Lifecycle, Probe } from './pod-types.ts';
import { defaultResourceList } from './resource-requirements-defaults.ts';

type HTTPGetAction = Api<'io.k8s.api.core.v1.HTTPGetAction'>;

export function defaultContainer(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ||= defaultPullPolicy(container.image);
  container.terminationMessagePath ||= '/dev/termination-log';
  container.terminationMessagePolicy ||= 'File';
  if (container.ports !== undefined) for (const port of container.ports) port.protocol ||= 'TCP';
  if (container.env !== undefined) {
    for (const { valueFrom } of container.env) {
      if (valueFrom === undefined) continue;
      if (valueFrom.fieldRef !== undefined) valueFrom.fieldRef.apiVersion ||= 'v1';
      if (valueFrom.fileKeyRef !== undefined) valueFrom.fileKeyRef.optional ??= false;
    }
  }
  if (container.resources?.limits !== undefined) defaultResourceList(container.resources.limits);
  if (container.resources?.requests !== undefined) defaultResourceList(container.resources.requests);
  if (container.livenessProbe !== undefined) defaultProbe(container.livenessProbe);
  if (container.readinessProbe !== undefined) defaultProbe(container.readinessProbe);
  if (container.startupProbe !== undefined) defaultProbe(container.startupProbe);
  if (container.lifecycle !== undefined) defaultLifecycle(container.lifecycle);
}

function defaultProbe(probe: Probe): void {
  probe.timeoutSeconds ||= 1;
  probe.periodSeconds ||= 10;
  probe.successThreshold ||= 1;
  probe.failureThreshold ||= 3;
  if (probe.httpGet !== undefined) defaultHTTPGet(probe.httpGet);
  if (probe.grpc !== undefined) probe.grpc.service ??= '';
}

function defaultLifecycle(lifecycle: Lifecycle): void {
  if (lifecycle.postStart?.httpGet !== undefined) defaultHTTPGet(lifecycle.postStart.httpGet);
  if (lifecycle.preStop?.httpGet !== undefined) defaultHTTPGet(lifecycle.preStop.httpGet);
}

function defaultHTTPGet(action: HTTPGetAction): void {
  action.path ||= '/';
  action.scheme ||= 'HTTP';
}

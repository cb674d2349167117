import {
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import { isHTTPHeaderName, isValidPortName, isValidPortNum } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Lifecycle, Probe } from './pod-types.ts';

type HTTPGetAction = Api<'io.k8s.api.core.v1.HTTPGetAction'>;
type Handler = Api<'io.k8s.api.core.v1.LifecycleHandler'> & Pick<Probe, 'grpc'>;

const schemes = ['HTTP', 'HTTPS'];
const counters = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

/** The three probes of a container or sidecar. */
export function validateProbes(
  container: { readonly livenessProbe?: Probe; readonly readinessProbe?: Probe; readonly startupProbe?: Probe },
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  if (livenessProbe !== undefined) validateSingleSuccessProbe(livenessProbe, path.child('livenessProbe'), errors);
  if (readinessProbe !== undefined) {
    const probePath = path.child('readinessProbe');
    validateProbe(readinessProbe, probePath, errors);
    const seconds = readinessProbe.terminationGracePeriodSeconds;
    if (seconds !== undefined) {
      errors.push(
        invalid(probePath.child('terminationGracePeriodSeconds'), seconds, 'must not be set for readinessProbes'),
      );
    }
  }
  if (startupProbe !== undefined) validateSingleSuccessProbe(startupProbe, path.child('startupProbe'), errors);
}

function validateSingleSuccessProbe(probe: Readonly<Probe>, path: FieldPath, errors: FieldErrors): void {
  validateProbe(probe, path, errors);
  const { successThreshold = 0 } = probe;
  if (successThreshold !== 1) errors.push(invalid(path.child('successThreshold'), successThreshold, 'must be 1'));
}

function validateProbe(probe: Readonly<Probe>, path: FieldPath, errors: FieldErrors): void {
  validateHandler(probe, undefined, path, errors);
  for (const field of counters) {
    const value = probe[field] ?? 0;
    if (value < 0) errors.push(invalid(path.child(field), value, 'must be greater than or equal to 0'));
  }
  const seconds = probe.terminationGracePeriodSeconds;
  if (seconds !== undefined && seconds <= 0) {
    errors.push(invalid(path.child('terminationGracePeriodSeconds'), seconds, 'must be greater than 0'));
  }
}

export function validateLifecycle(
  lifecycle: Readonly<Lifecycle>,
  gracePeriod: number | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { postStart, preStop } = lifecycle;
  if (postStart !== undefined) validateHandler(postStart, gracePeriod, path.child('postStart'), errors);
  if (preStop !== undefined) validateHandler(preStop, gracePeriod, path.child('preStop'), errors);
}

function validateHandler(
  handler: Readonly<Handler>,
  gracePeriod: number | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  let found = false;
  const first = (field: string): boolean => {
    if (found) errors.push(forbidden(path.child(field), 'may not specify more than 1 handler type'));
    const isFirst = !found;
    found = true;
    return isFirst;
  };
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  if (exec !== undefined && first('exec') && (exec.command ?? []).length === 0) {
    errors.push(required(path.child('exec', 'command')));
  }
  if (httpGet !== undefined && first('httpGet')) validateHTTPGet(httpGet, path.child('httpGet'), errors);
  if (tcpSocket !== undefined && first('tcpSocket'))
    validatePort(tcpSocket.port, path.child('tcpSocket', 'port'), errors);
  if (grpc !== undefined && first('grpc')) validatePort(grpc.port, path.child('grpc', 'port'), errors);
  if (sleep !== undefined && first('sleep'))
    validateSleep(sleep.seconds ?? 0, gracePeriod, path.child('sleep'), errors);
  if (!found) errors.push(required(path, 'must specify a handler type'));
}

function validateHTTPGet(action: Readonly<HTTPGetAction>, path: FieldPath, errors: FieldErrors): void {
  const { scheme = '' } = action;
  if (!action.path) errors.push(required(path.child('path')));
  validatePort(action.port, path.child('port'), errors);
  if (!schemes.includes(scheme)) errors.push(notSupported(path.child('scheme'), scheme, schemes));
  for (const { name = '' } of action.httpHeaders ?? []) {
    for (const message of isHTTPHeaderName(name)) errors.push(invalid(path.child('httpHeaders'), name, message));
  }
}

function validatePort(port: string | number = 0, path: FieldPath, errors: FieldErrors): void {
  if (typeof port === 'number' && port >= 1 && port <= 65535) return;
  const messages = typeof port === 'number' ? isValidPortNum(port) : isValidPortName(port);
  for (const message of messages) errors.push(invalid(path, port, message));
}

function validateSleep(seconds: number, gracePeriod: number | undefined, path: FieldPath, errors: FieldErrors): void {
  if (gracePeriod === undefined || (seconds >= 0 && seconds <= gracePeriod)) return;
  const detail = `must be non-negative and less than terminationGracePeriodSeconds (${gracePeriod})`;
  errors.push(invalid(path, seconds, detail));
}

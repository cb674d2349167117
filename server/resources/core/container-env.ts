import { type FieldErrors, type FieldPath, invalid, required } from '../../../api/field-error.ts';
import { isConfigMapKey, isDNS1123Label, isRelaxedEnvVarName, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import { validateFieldSelector, validateResourceFieldSelector } from './container-downward.ts';
import type { Container, EnvVar } from './pod-types.ts';
import { validateNoBacksteps } from './volume-paths.ts';

type EnvFrom = Api<'io.k8s.api.core.v1.EnvFromSource'>;
type EnvVarSource = Api<'io.k8s.api.core.v1.EnvVarSource'>;
type FileKeySelector = Api<'io.k8s.api.core.v1.FileKeySelector'>;

const envFieldPaths = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const oneOf = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';

export function validateEnv(container: Readonly<Container>, path: FieldPath, errors: FieldErrors): void {
  if (container.env !== undefined) {
    const envPath = path.child('env');
    for (const [i, variable] of container.env.entries()) validateVariable(variable, envPath, i, errors);
  }
  if (container.envFrom !== undefined) {
    const envFromPath = path.child('envFrom');
    for (const [i, source] of container.envFrom.entries()) validateEnvFrom(source, envFromPath, i, errors);
  }
}

function validateVariable(variable: Readonly<EnvVar>, path: FieldPath, i: number, errors: FieldErrors): void {
  const { name = '', value = '', valueFrom } = variable;
  if (name === '') errors.push(required(path.index(i).child('name')));
  else
    for (const message of isRelaxedEnvVarName(name)) errors.push(invalid(path.index(i).child('name'), name, message));
  if (valueFrom === undefined) return;
  const fromPath = path.index(i).child('valueFrom');
  const sources = validateSource(valueFrom, fromPath, errors);
  if (sources === 0) errors.push(invalid(fromPath, '', oneOf));
  else if (value !== '') errors.push(invalid(fromPath, '', 'may not be specified when `value` is not empty'));
  else if (sources > 1) errors.push(invalid(fromPath, '', 'may not have more than one field specified at a time'));
}

function validateSource(source: Readonly<EnvVarSource>, path: FieldPath, errors: FieldErrors): number {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  if (fieldRef !== undefined) validateFieldSelector(fieldRef, envFieldPaths, path.child('fieldRef'), errors);
  if (resourceFieldRef !== undefined) {
    validateResourceFieldSelector(resourceFieldRef, false, path.child('resourceFieldRef'), errors);
  }
  if (configMapKeyRef !== undefined) validateKeySelector(configMapKeyRef, path.child('configMapKeyRef'), errors);
  if (secretKeyRef !== undefined) validateKeySelector(secretKeyRef, path.child('secretKeyRef'), errors);
  if (fileKeyRef !== undefined) validateFileKeySelector(fileKeyRef, path.child('fileKeyRef'), errors);
  return [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter((ref) => ref !== undefined)
    .length;
}

function validateKeySelector(
  { name = '', key = '' }: { readonly name?: string; readonly key?: string },
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const message of nameIsDNSSubdomain(name, false)) errors.push(invalid(path.child('name'), name, message));
  if (key === '') errors.push(required(path.child('key')));
  else for (const message of isConfigMapKey(key)) errors.push(invalid(path.child('key'), key, message));
}

function validateFileKeySelector(selector: Readonly<FileKeySelector>, path: FieldPath, errors: FieldErrors): void {
  const { key = '', volumeName = '', path: file = '' } = selector;
  if (key === '') errors.push(required(path.child('key')));
  else for (const message of isRelaxedEnvVarName(key)) errors.push(invalid(path.child('key'), key, message));
  if (volumeName === '') errors.push(required(path.child('volumeName')));
  else
    for (const message of isDNS1123Label(volumeName))
      errors.push(invalid(path.child('volumeName'), volumeName, message));
  if (file === '') errors.push(required(path.child('path')));
  else validateNoBacksteps(file, path.child('path'), errors);
}

/** Upstream reports the count of sources at the list, not at its entry. */
function validateEnvFrom(source: Readonly<EnvFrom>, path: FieldPath, i: number, errors: FieldErrors): void {
  const { prefix = '', configMapRef, secretRef } = source;
  const at = path.index(i);
  if (prefix !== '') {
    for (const message of isRelaxedEnvVarName(prefix)) errors.push(invalid(at.child('prefix'), prefix, message));
  }
  if (configMapRef !== undefined) validateSourceName(configMapRef.name, at.child('configMapRef'), errors);
  if (secretRef !== undefined) validateSourceName(secretRef.name, at.child('secretRef'), errors);
  if (configMapRef === undefined && secretRef === undefined) {
    errors.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
  } else if (configMapRef !== undefined && secretRef !== undefined) {
    errors.push(invalid(path, '', 'may not have more than one field specified at a time'));
  }
}

function validateSourceName(name = '', path: FieldPath, errors: FieldErrors): void {
  if (name === '') errors.push(required(path.child('name')));
  else for (const message of nameIsDNSSubdomain(name, true)) errors.push(invalid(path.child('name'), name, message));
}

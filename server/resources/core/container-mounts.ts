import {
  type FieldErrors,
  type FieldPath,
  forbidden,
  invalid,
  notFound,
  notSupported,
  required,
} from '../../../api/field-error.ts';
import type { Container, Volume, VolumeDevice, VolumeMount } from './pod-types.ts';
import { validateDescendingPath, validateNoBacksteps } from './volume-paths.ts';

const propagations = ['Bidirectional', 'HostToContainer', 'None'];
const recursiveReadOnly = ['Disabled', 'Enabled', 'IfPossible'];

export function validateVolumeMounts(
  container: Readonly<Container>,
  volumes: ReadonlyMap<string, Volume>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const mounts = container.volumeMounts;
  if (mounts === undefined) return;
  const devices = container.volumeDevices ?? [];
  const seen = new Set<string>();
  for (const [i, mount] of mounts.entries()) {
    const { name = '', mountPath = '' } = mount;
    if (name === '') errors.push(required(path.index(i).child('name')));
    if (!volumes.has(name)) errors.push(notFound(path.index(i).child('name'), name));
    if (mountPath === '') errors.push(required(path.index(i).child('mountPath')));
    if (seen.has(mountPath)) errors.push(invalid(path.index(i).child('mountPath'), mountPath, 'must be unique'));
    seen.add(mountPath);
    if (devices.some((device) => (device.name ?? '') === name)) {
      errors.push(invalid(path.index(i).child('name'), name, 'must not already exist in volumeDevices'));
    }
    if (devices.some((device) => (device.devicePath ?? '') === mountPath)) {
      errors.push(
        invalid(path.index(i).child('mountPath'), mountPath, 'must not already exist as a path in volumeDevices'),
      );
    }
    if (mount.subPath) validateDescendingPath(mount.subPath, path.child('subPath'), errors);
    if (mount.subPathExpr) validateSubPathExpr(mount, path, i, errors);
    if (mount.mountPropagation !== undefined)
      validatePropagation(mount.mountPropagation, container, path.child('mountPropagation'), errors);
    if (mount.recursiveReadOnly !== undefined)
      validateRecursiveReadOnly(mount, path.child('recursiveReadOnly'), errors);
  }
}

function validateSubPathExpr(mount: Readonly<VolumeMount>, path: FieldPath, i: number, errors: FieldErrors): void {
  const { subPathExpr = '' } = mount;
  if (mount.subPath) {
    errors.push(
      invalid(path.index(i).child('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'),
    );
  }
  validateDescendingPath(subPathExpr, path.child('subPathExpr'), errors);
}

function validatePropagation(mode: string, container: Readonly<Container>, path: FieldPath, errors: FieldErrors): void {
  if (!propagations.includes(mode)) errors.push(notSupported(path, mode, propagations));
  if (mode === 'Bidirectional' && container.securityContext?.privileged !== true) {
    errors.push(forbidden(path, 'Bidirectional mount propagation is available only to privileged containers'));
  }
}

function validateRecursiveReadOnly(mount: Readonly<VolumeMount>, path: FieldPath, errors: FieldErrors): void {
  const mode = mount.recursiveReadOnly ?? '';
  if (mode === 'Disabled') return;
  if (mode !== 'Enabled' && mode !== 'IfPossible') {
    errors.push(notSupported(path, mode, recursiveReadOnly));
    return;
  }
  if (mount.readOnly !== true) errors.push(forbidden(path, 'may only be specified when readOnly is true'));
  if (mount.mountPropagation !== undefined && mount.mountPropagation !== 'None') {
    errors.push(forbidden(path, 'may only be specified when mountPropagation is None or not specified'));
  }
}

export function validateVolumeDevices(
  container: Readonly<Container>,
  volumes: ReadonlyMap<string, Volume>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const devices = container.volumeDevices;
  if (devices === undefined) return;
  const paths = new Set<string>();
  const names = new Set<string>();
  for (const [i, device] of devices.entries()) {
    const at = path.index(i);
    validateDeviceName(device, volumes, names, at, errors);
    const { name = '', devicePath = '' } = device;
    if (devicePath === '') errors.push(required(at.child('devicePath')));
    if (paths.has(devicePath)) errors.push(invalid(at.child('devicePath'), devicePath, 'must be unique'));
    if (hasBackstep(devicePath, at))
      errors.push(invalid(at.child('devicePath'), devicePath, "can not contain backsteps ('..')"));
    else paths.add(devicePath);
    const mounts = container.volumeMounts ?? [];
    if (mounts.some((mount) => (mount.name ?? '') === name)) {
      errors.push(invalid(at.child('name'), name, 'must not already exist in volumeMounts'));
    }
    if (mounts.some((mount) => (mount.mountPath ?? '') === devicePath)) {
      errors.push(invalid(at.child('devicePath'), devicePath, 'must not already exist as a path in volumeMounts'));
    }
    if (name !== '') names.add(name);
  }
}

function validateDeviceName(
  { name = '' }: Readonly<VolumeDevice>,
  volumes: ReadonlyMap<string, Volume>,
  names: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const volume = volumes.get(name);
  if (name === '') errors.push(required(path.child('name')));
  if (names.has(name)) errors.push(invalid(path.child('name'), name, 'must be unique'));
  if (volume === undefined) errors.push(notFound(path.child('name'), name));
  else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
    const detail = 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode';
    errors.push(invalid(path.child('name'), name, detail));
  }
}

function hasBackstep(devicePath: string, path: FieldPath): boolean {
  const errors: FieldErrors = [];
  validateNoBacksteps(devicePath, path, errors);
  return errors.length > 0;
}

import { type FieldErrors, FieldPath, forbidden, invalid, required, tooLong } from '../../../api/field-error.ts';
import { inclusiveRangeMessage, nameIsDNSSubdomain } from '../../../api/names.ts';
import type { Api } from '../../../api/object.ts';
import type { Strategy } from '../../registry/strategy.ts';
import { immutableErrors, invalidEach } from '../core/field-checks.ts';
import { internalForm, internalShape } from '../core/internal-form.ts';
import { keepMetadata } from '../core/kept-fields.ts';
import { csiDriverNameErrors } from '../core/persistent-volume-csi.ts';
import { defaultPersistentVolumeSource } from '../core/persistent-volume-defaults.ts';
import { volumeSpecShape } from '../core/persistent-volume-internal.ts';
import { volumeSpecErrors } from '../core/persistent-volume-validation.ts';
import { defaultResourceList } from '../core/resource-requirements-defaults.ts';
import { bytesOf } from './parameters.ts';

export type VolumeAttachment = Api<'io.k8s.api.storage.v1.VolumeAttachment'>;
type Source = Api<'io.k8s.api.storage.v1.VolumeAttachmentSource'>;
type VolumeError = Api<'io.k8s.api.storage.v1.VolumeError'>;

const maxMetadataBytes = 256 * 1024;
const maxErrorBytes = 1024;
const maxInt32 = 2 ** 31 - 1;
const sourceShape = internalShape('PersistentVolumeName:persistentVolumeName:p', [
  'InlineVolumeSpec',
  'inlineVolumeSpec',
  volumeSpecShape,
  'pointer',
]);
const specShape = internalShape(
  'Attacher:attacher:s',
  ['Source', 'source', sourceShape, 'value'],
  'NodeName:nodeName:s',
);

function sourceErrors({ persistentVolumeName, inlineVolumeSpec }: Readonly<Source>, path: FieldPath): FieldErrors {
  const one = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inlineVolumeSpec === undefined) {
    if (persistentVolumeName === undefined) return [required(path, one)];
    if (persistentVolumeName !== '') return [];
    return [required(path.child('persistentVolumeName'), 'must specify non empty persistentVolumeName')];
  }
  if (persistentVolumeName !== undefined) return [forbidden(path, one)];
  const context = { name: '', isInline: true, allowInvalidLabelValues: false };
  return volumeSpecErrors(inlineVolumeSpec, path.child('inlineVolumeSpec'), context);
}

function volumeErrorErrors({ message = '', errorCode }: Readonly<VolumeError>, path: FieldPath): FieldErrors {
  const errors: FieldErrors = [];
  // Upstream names the bound of another field.
  if (Buffer.byteLength(message) > maxErrorBytes) errors.push(tooLong(path.child('message'), maxMetadataBytes));
  if (errorCode !== undefined && errorCode < 0) {
    errors.push(invalid(path.child('errorCode'), errorCode, inclusiveRangeMessage(0, maxInt32)));
  }
  return errors;
}

function attachmentErrors({ spec = {}, status = {} }: Readonly<VolumeAttachment>): FieldErrors {
  const path = FieldPath.of('spec');
  const at = FieldPath.of('status');
  const { attacher = '', source = {}, nodeName = '' } = spec;
  const errors = [
    ...csiDriverNameErrors(attacher, path.child('attacher')),
    ...sourceErrors(source, path.child('source')),
    ...invalidEach(path.child('nodeName'), nodeName, nameIsDNSSubdomain(nodeName, false)),
  ];
  if (bytesOf(status.attachmentMetadata ?? {}) > maxMetadataBytes) {
    errors.push(tooLong(at.child('attachmentMetadata'), maxMetadataBytes));
  }
  for (const field of ['attachError', 'detachError'] as const) {
    const error = status[field];
    if (error !== undefined) errors.push(...volumeErrorErrors(error, at.child(field)));
  }
  const name = source.persistentVolumeName;
  if (name === undefined) return errors;
  const messages = nameIsDNSSubdomain(name, false);
  return [...errors, ...invalidEach(FieldPath.of('spec.source.persistentVolumeName'), name, messages)];
}

function updateErrors(attachment: Readonly<VolumeAttachment>, old: Readonly<VolumeAttachment>): FieldErrors {
  const shown = internalForm(attachment.spec, specShape);
  return [...attachmentErrors(attachment), ...immutableErrors(attachment.spec, old.spec, FieldPath.of('spec'), shown)];
}

export const volumeAttachmentStrategy: Strategy<VolumeAttachment> = {
  resource: 'volumeattachments.storage.k8s.io',
  allowUnconditionalUpdate: false,
  applyDefaults({ spec }) {
    const inline = spec?.source?.inlineVolumeSpec;
    if (inline === undefined) return;
    if (inline.capacity !== undefined) defaultResourceList(inline.capacity as Record<string, string>);
    defaultPersistentVolumeSource(inline);
  },
  prepareForCreate(attachment) {
    attachment.status = { attached: false };
  },
  validateCreate: attachmentErrors,
  prepareForUpdate(attachment, old) {
    attachment.status = old.status;
  },
  validateUpdate: updateErrors,
  subresources: {
    status: {
      prepareForUpdate(attachment, old) {
        attachment.spec = old.spec;
        keepMetadata(attachment, old);
      },
      validateUpdate: updateErrors,
    },
  },
};

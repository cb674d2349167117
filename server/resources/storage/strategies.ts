import type { AnyStrategy } from '../../registry/strategy.ts';
import { csiDriverStrategy } from './csi-drivers.ts';
import { csiNodeStrategy } from './csi-nodes.ts';
import { csiStorageCapacityStrategy } from './csi-storage-capacities.ts';
import { storageClassStrategy } from './storage-classes.ts';
import { volumeAttachmentStrategy } from './volume-attachments.ts';
import { volumeAttributesClassStrategy } from './volume-attributes-classes.ts';

export const storageStrategies: readonly AnyStrategy[] = [
  storageClassStrategy,
  volumeAttachmentStrategy,
  csiDriverStrategy,
  csiNodeStrategy,
  csiStorageCapacityStrategy,
  volumeAttributesClassStrategy,
];

import type { AnyStrategy } from '../../registry/strategy.ts';
import { storageVersionMigrations } from './storage-version-migrations.ts';

export const storagemigrationStrategies: readonly AnyStrategy[] = [storageVersionMigrations];

import { alreadyExists, conflict, internalErrorStatus, notFoundError, StatusError } from '../../api/status.ts';
import { StorageError } from '../storage/store.ts';
import { groupResourceOf, type StoredResource } from './resource.ts';

export const optimisticLockMessage =
  'the object has been modified; please apply your changes to the latest version and try again';

export const expiredMessage = 'The resourceVersion for the provided watch is too old.';

/** The only place where the store's words become the API's. Anything that is not a StorageError passes through. */
export function interpret(error: unknown, stored: StoredResource, name: string): unknown {
  if (!(error instanceof StorageError)) return error;
  const gr = groupResourceOf(stored);
  switch (error.code) {
    case 'KeyExists':
      return alreadyExists(gr, name);
    case 'KeyNotFound':
      return notFoundError(gr, name);
    case 'RevisionConflict':
      return conflict(gr, name, optimisticLockMessage);
    case 'Compacted':
      return new StatusError('Expired', expiredMessage, { cause: error });
    case 'FutureRevision':
      return tooLargeResourceVersion(error.key, 0);
    case 'Unavailable':
      return internalErrorStatus('storage is not available', error);
    case 'Closed':
      return new StatusError('ServiceUnavailable', 'the server is shutting down', { cause: error });
    default:
      return error;
  }
}

export function tooLargeResourceVersion(wanted: string | number, current: number): StatusError {
  return new StatusError('Timeout', `Timeout: Too large resource version: ${wanted}, current: ${current}`, {
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  });
}

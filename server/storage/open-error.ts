/** Why a data directory cannot be opened, as one line for the user. */
export class StoreOpenError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreOpenError';
  }
}

export function storeOpenError(directory: string, error: unknown): StoreOpenError {
  const reason = rootOf(error);
  const code = typeof reason === 'object' && reason !== null && 'code' in reason ? reason.code : undefined;
  if (code === 'LEVEL_LOCKED') {
    return new StoreOpenError(`data directory ${directory} is in use by another server`, { cause: error });
  }
  const text = reason instanceof Error ? reason.message : String(reason);
  return new StoreOpenError(`cannot open data directory ${directory}: ${text.split('\n', 1)[0]}`, { cause: error });
}

// abstract-level wraps the driver's error in "Database failed to open".
function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error;
}

/** How a command in a container ended. */
export type Outcome = { readonly exitCode: number } | { readonly failure: string };

/** Stream protocols differ in what they tell of the end. */
export type StatusForm = 'text' | 'v4' | 'v5';

interface StreamStatus {
  readonly metadata: object;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes: readonly { readonly reason?: string; readonly message: string }[] };
  readonly code?: number;
}

/** What stands on the error channel when a command has ended; '' where nothing does. */
export function statusText(outcome: Outcome, form: StatusForm, command: readonly string[]): string {
  const status = statusOf(outcome, form, command);
  if (form !== 'text') return goJson(status);
  return status.message ?? '';
}

/** Go escapes what could be HTML. */
function goJson(value: unknown): string {
  return JSON.stringify(value).replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);
}

function statusOf(outcome: Outcome, form: StatusForm, command: readonly string[]): StreamStatus {
  if ('failure' in outcome) return internalError(outcome.failure, form);
  const { exitCode } = outcome;
  if (exitCode === 0) return { metadata: {}, status: 'Success' };
  const words =
    form === 'v5'
      ? `command terminated with exit code ${exitCode}`
      : `error executing command [${command.join(' ')}], exit code ${exitCode}`;
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: ${words}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(exitCode) }] },
  };
}

function internalError(failure: string, form: StatusForm): StreamStatus {
  const message = `Internal error occurred: ${failure}`;
  const reason = 'InternalError';
  if (form !== 'v5') return { metadata: {}, status: 'Failure', message, reason, code: 500 };
  // Two servers of upstream wrap it, one after the other.
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${message}`,
    reason,
    details: { causes: [{ message }] },
    code: 500,
  };
}

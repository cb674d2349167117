import { reasonCodes, StatusError, type StatusReason } from '../../../api/status.ts';
import { type AdmissionRequest, forbiddenByAdmission } from '../plugin.ts';

/** The answer of a refused request, in all of upstream's places for the reason. */
export function denied(
  request: AdmissionRequest,
  { message, reason, causes }: { message: string; reason: StatusReason; causes: readonly string[] },
): StatusError {
  const { details } = forbiddenByAdmission(request, '');
  return new StatusError(reason, message, {
    details: { ...details, causes: causes.map((cause) => ({ message: cause })) },
  });
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

export function isReason(text: string): text is StatusReason {
  return Object.hasOwn(reasonCodes, text);
}
